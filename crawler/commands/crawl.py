"""``scrapy crawl``: Scrapy's command, with checked arguments, a summary and an exit status."""

import argparse
import asyncio
import gc
import logging
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ValidationError
from scrapy import Spider
from scrapy.commands.crawl import Command as CrawlCommand
from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings

from archive.errors import ArchiveError, ArchiveLocked, FinewsError, StrayFolder
from archive.signals import end_by_hangup
from crawler.archive_port import archive_class
from crawler.arguments import LISTS, in_one_sentence
from crawler.exit_status import Counts, ExitStatus, Verdict, judge
from crawler.extensions.open_archive import OpenArchive
from crawler.settings_check import check_settings, rename_settings
from crawler.sources import Sources

logger = logging.getLogger(__name__)

#: New objects between two runs of Python's garbage collector. By default it runs several times for
#: each page, which took 0.15 of a crawl's CPU time.
_OBJECTS_BETWEEN_COLLECTIONS = 20_000


class WrongCall(FinewsError):
    """The command line or the environment is wrong; no request was sent."""


_INTERRUPTED = FinewsError(
    "The crawl was interrupted; the next one requests again what was not stored."
    f" (exit status {ExitStatus.INTERRUPTED})"
)


class Command(CrawlCommand):
    """The project's ``crawl``."""

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Refuse wrong settings before `run`, for which Scrapy sets up its log."""
        super().process_options(args, opts)
        assert self.settings is not None
        self._renamed = list(rename_settings(self.settings))
        try:
            _check_project(self.settings)
            check_settings(self.settings)
        except FinewsError as error:
            self._refuse(ExitStatus.WRONG_ARGUMENTS, error)
            sys.exit(self.exitcode)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Refuse wrong arguments before the first request, crawl, and report the result."""
        assert self.settings is not None
        assert self.crawler_process is not None
        try:
            sources = Sources.load(Path(self.settings["FINEWS_SOURCES"]))
            _check_arguments(self._spider_class(args), opts.spargs, sources)
            archive_class(self.settings).check(self.settings)
        except ArchiveError as error:
            self._refuse(self._status_of(error), error)
        except FinewsError as error:
            self._refuse(ExitStatus.WRONG_ARGUMENTS, error)
        else:
            crawler = self.crawler_process.create_crawler(args[0])
            for sentence in (*self._renamed, *rename_settings(crawler.settings)):
                logger.warning("%s", sentence)
            crawl = self.crawler_process.crawl(crawler, **opts.spargs)
            gc.freeze()
            gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
            end_by_hangup()
            self.crawler_process.start()
            task = crawl if isinstance(crawl, asyncio.Task) else None
            failure = task.exception() if task and task.done() else None
            if task and not task.done():  # a second signal ends Scrapy at once
                self._refuse(ExitStatus.INTERRUPTED, _INTERRUPTED)
            elif isinstance(failure, ArchiveError):
                # Since the check, another crawl took the lock, the disk is full, or the like.
                self._refuse(self._status_of(failure), failure)
            else:
                if failure is not None:
                    logger.error("The crawl could not be started.", exc_info=failure)
                self._report(crawler)

    def _spider_class(self, args: list[str]) -> type[Spider]:
        assert self.crawler_process is not None
        loader = self.crawler_process.spider_loader
        names = ", ".join(sorted(loader.list()))
        if len(args) != 1:
            raise WrongCall(f"Name one spider to crawl with, of {names}.")
        try:
            return loader.load(args[0])
        except KeyError:
            raise WrongCall(f"There is no spider {args[0]!r}; there is {names}.") from None

    def _refuse(self, status: ExitStatus, error: FinewsError) -> None:
        print(f"finews: {error}", file=sys.stderr)
        self.exitcode = status

    def _status_of(self, error: ArchiveError) -> ExitStatus:
        if isinstance(error, StrayFolder):
            return ExitStatus.WRONG_ARGUMENTS
        if not isinstance(error, ArchiveLocked):
            return ExitStatus.STORAGE_FAILED
        assert self.settings is not None
        longest = timedelta(hours=self.settings.getfloat("FINEWS_LOCKED_HOURS"))
        lasts = error.since is not None and datetime.now(UTC) - error.since > longest
        return ExitStatus.LOCKED_FOR_LONG if lasts else ExitStatus.LOCKED

    def _report(self, crawler: Crawler) -> None:
        verdict = self._verdict(crawler)
        self.exitcode = verdict.status
        if crawler.stats is not None:
            print(f"finews: {Counts.of(crawler.stats.get_stats())}.")
        whereabouts = archive_class(crawler.settings).whereabouts(crawler.settings)
        print(f"finews: {whereabouts}", flush=True)  # the verdict is the last line in a pipe, too
        if verdict.status is ExitStatus.DONE:
            print(f"finews: {verdict.sentence}")
        else:
            print(f"finews: {verdict.sentence} (exit status {verdict.status})", file=sys.stderr)

    def _verdict(self, crawler: Crawler) -> Verdict:
        assert self.crawler_process is not None
        if self.crawler_process.bootstrap_failed or crawler.stats is None:
            return Verdict(ExitStatus.ERROR, "The crawl could not be started; see the log.")
        opened = crawler.get_extension(OpenArchive)
        share = crawler.settings.getfloat("FINEWS_MAX_FAILED_SHARE")
        return (opened and opened.verdict) or judge(crawler.stats.get_stats(), share)


def _check_project(settings: BaseSettings) -> None:
    """Refuse to run without a settings module, where Scrapy goes on with bare defaults."""
    if settings.getlist("SPIDER_MODULES"):
        return
    project = os.environ.get("SCRAPY_PROJECT")
    if project is None:
        raise WrongCall("This folder is in no Scrapy project; go to the one with scrapy.cfg.")
    raise WrongCall(f"SCRAPY_PROJECT is {project!r}, which scrapy.cfg does not name; unset it.")


def _check_arguments(spider_class: type[Spider], given: dict[str, str], sources: Sources) -> None:
    arguments: type[BaseModel] | None = getattr(spider_class, "arguments", None)
    if arguments is None:
        return
    try:
        arguments.model_validate(given, context={LISTS: sources.eastmoney.numbers})
    except ValidationError as error:
        known = ", ".join(arguments.model_fields)
        raise WrongCall(
            f"{in_one_sentence(error)} {spider_class.name} takes the arguments {known}."
        ) from None
