"""``scrapy crawl``: Scrapy's command, with checked arguments, a summary and an exit status."""

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path

from scrapy import Spider
from scrapy.commands.crawl import Command as CrawlCommand
from scrapy.crawler import Crawler

from archive.errors import ArchiveError, FinewsError
from archive.sentences import translated
from archive.signals import end_by_hangup
from archive.translation import language_of_environment, set_language
from crawler.archive_port import archive_class
from crawler.exit_status import Counts, Verdict
from crawler.running.call import (
    WrongCall,
    check_arguments,
    check_project,
    spider_class_of,
    status_of,
)
from crawler.running.garbage import collect_garbage_less_often
from crawler.running.notices import notify_of_crawls
from crawler.running.report import INTERRUPTED, NOT_STARTED, print_verdict, verdict_of
from crawler.running.several import GIVES_NONE
from crawler.settings_check import check_settings, prefer_environment, rename_settings
from crawler.sources import Sources

logger = logging.getLogger(__name__)


class Command(CrawlCommand):
    """The project's ``crawl``."""

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Refuse wrong settings before `run`, for which Scrapy sets up its log."""
        super().process_options(args, opts)
        set_language(language_of_environment(os.environ))
        assert self.settings is not None
        self._renamed = list(rename_settings(self.settings))
        prefer_environment(self.settings)
        try:
            check_project(self.settings)
            check_settings(self.settings)
        except FinewsError as error:
            sys.exit(self._refuse(error).status)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Refuse wrong arguments before the first request, crawl, and report the result."""
        assert self.settings is not None
        assert self.crawler_process is not None
        try:
            sources = Sources.load(Path(self.settings["FINEWS_SOURCES"]))
            check_arguments(self._spider_class(args), opts.spargs, sources)
            archive_class(self.settings).check(self.settings)
        except FinewsError as error:
            verdict = self._refuse(error)
        else:
            crawler = self.crawler_process.create_crawler(args[0])
            for sentence in (*self._renamed, *rename_settings(crawler.settings)):
                logger.warning("%s", sentence)
            crawl = self.crawler_process.crawl(crawler, **opts.spargs)
            collect_garbage_less_often()
            end_by_hangup()
            self.crawler_process.start()
            task = crawl if isinstance(crawl, asyncio.Task) else None
            failure = task.exception() if task and task.done() else None
            if task and not task.done():  # a second signal ends Scrapy at once
                verdict = INTERRUPTED
                print_verdict(verdict)
            elif isinstance(failure, ArchiveError):
                # Since the check, another crawl took the lock, the disk is full, or the like.
                verdict = self._refuse(failure)
            else:
                if failure is not None:
                    logger.error("The crawl could not be started.", exc_info=failure)
                verdict = self._report(crawler)
        self.exitcode = verdict.status
        notify_of_crawls(self.settings, {args[0]: verdict} if len(args) == 1 else {})

    def _spider_class(self, args: list[str]) -> type[Spider]:
        assert self.crawler_process is not None
        loader = self.crawler_process.spider_loader
        if len(args) != 1:
            names = ", ".join(sorted(loader.list()))
            raise WrongCall(f"Name one spider to crawl with, of {names}.")
        return spider_class_of(loader, args[0])

    def _refuse(self, error: FinewsError) -> Verdict:
        assert self.settings is not None
        print(f"finews: {translated(str(error))}", file=sys.stderr)
        return Verdict(status_of(error, self.settings), str(error))

    def _report(self, crawler: Crawler) -> Verdict:
        assert self.crawler_process is not None
        failed = self.crawler_process.bootstrap_failed or crawler.stats is None
        verdict = NOT_STARTED if failed else verdict_of(crawler)
        if crawler.stats is not None:
            print(f"finews: {Counts.of(crawler.stats.get_stats())}.")
        whereabouts = archive_class(crawler.settings).whereabouts(crawler.settings)
        print(f"finews: {whereabouts}", flush=True)  # the verdict is the last line in a pipe, too
        declaration = getattr(crawler.spidercls, "declaration", None)
        if verdict.status in GIVES_NONE and declaration and declaration.fallback:
            others = ", ".join(declaration.fallback)
            name = declaration.name
            sentence = (
                f"The same news is given by: {others}; `finews crawl {name}` crawls the first of"
                f" them that answers when {name} gives none."
            )
            print(f"finews: {translated(sentence)}", flush=True)
        print_verdict(verdict)
        return verdict
