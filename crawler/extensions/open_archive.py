"""Opens the archive for one crawl, notes the crawl in it, and closes it after the pipelines."""

import asyncio
import logging
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler

from archive.archive import Archive
from archive.errors import ArchiveError
from crawler.verdict import STORAGE_FAILED, Counts, judge

logger = logging.getLogger(__name__)


class OpenArchive:
    """The archive that ``FINEWS_ARCHIVE`` names."""

    def __init__(self, crawler: Crawler) -> None:
        self.archive = Archive(Path(crawler.settings["FINEWS_ARCHIVE"]))
        self._crawler = crawler
        self._crawl_id: int | None = None
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy before the spider starts.

        :raises ArchiveError: when the archive cannot be opened.
        """
        extension = cls(crawler)
        crawler.signals.connect(extension.begin, signals.spider_opened)
        crawler.signals.connect(extension.end, signals.spider_closed)
        return extension

    def begin(self, spider: Spider) -> None:
        """On `spider_opened`: a crawl that is killed leaves a row without an end."""
        arguments: dict[str, str] = getattr(spider, "given_arguments", {})
        try:
            self._crawl_id = self.archive.begin_crawl(spider.name, arguments)
        except ArchiveError as error:
            self.storage_failed(error)

    def storage_failed(self, error: ArchiveError) -> None:
        """End the crawl: nothing that it fetched from now on would be kept."""
        assert self._crawler.stats is not None
        assert self._crawler.engine is not None
        self._crawler.stats.inc_value("archive/failed")
        if self._closing is None:
            logger.error("The crawl ends: %s", error)
            closing = self._crawler.engine.close_spider_async(reason=STORAGE_FAILED)
            self._closing = asyncio.ensure_future(closing)

    def end(self, reason: str) -> None:
        """On `spider_closed`, which Scrapy sends when all pipelines are closed."""
        try:
            with closing(self.archive):
                self._note_end(reason)
        except ArchiveError as error:
            logger.error("How the crawl ended is not noted: %s", error)

    def _note_end(self, reason: str) -> None:
        if self._crawl_id is None:
            return
        assert self._crawler.stats is not None
        stats = self._crawler.stats.get_stats() | {"finish_reason": reason}
        verdict = judge(stats, self._crawler.settings.getfloat("FINEWS_MAX_FAILED_SHARE"))
        counts = asdict(Counts.of(stats))
        self.archive.end_crawl(self._crawl_id, verdict.status, verdict.sentence, counts)


def archive_of(crawler: Crawler) -> Archive:
    """The archive of a running crawl."""
    return open_archive_of(crawler).archive


def open_archive_of(crawler: Crawler) -> OpenArchive:
    """The extension itself."""
    extension = crawler.get_extension(OpenArchive)
    assert extension is not None, "EXTENSIONS has no OpenArchive"
    return extension
