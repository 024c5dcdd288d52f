"""``scrapy crawl``: Scrapy's command, with checked arguments, a summary and an exit status."""

import argparse
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
from crawler.running.notices import notify_of_crawls
from crawler.running.one import crawl_one
from crawler.running.report import INTERRUPTED, print_verdict
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
            end_by_hangup()
            try:
                verdict = crawl_one(self.crawler_process, crawler, opts.spargs)
            except ArchiveError as error:
                verdict = self._refuse(error)
            else:
                self._report(crawler, verdict)
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

    def _report(self, crawler: Crawler, verdict: Verdict) -> None:
        if verdict is not INTERRUPTED:
            if crawler.stats is not None:
                print(f"finews: {Counts.of(crawler.stats.get_stats())}.")
            whereabouts = archive_class(crawler.settings).whereabouts(crawler.settings)
            print(f"finews: {whereabouts}", flush=True)  # the verdict is the last line in a pipe
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
