"""The state of a running crawl that its components share, and the base of those components."""

import asyncio
import logging
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings
from scrapy.statscollectors import StatsCollector
from scrapy.utils.misc import load_object

from archive.article_id import ArticleId
from archive.clock import Clock
from archive.crawl_state import FailedAttempt, Validators
from archive.errors import ArchiveError
from crawler.archive_port import ArchivePort, archive_class
from crawler.declarations import Declaration
from crawler.exit_status import STORAGE_FAILED
from crawler.listed_facts import ListedEntry, ListedFacts
from crawler.sources import Sources
from crawler.tally import Fate, Tally

logger = logging.getLogger(__name__)


def stats_of(crawler: Crawler) -> StatsCollector:
    """Return the stats of a crawl."""
    assert crawler.stats is not None
    return crawler.stats


@dataclass(frozen=True, slots=True)
class RequestedArticle:
    """What is known of an article that was requested.

    :param post_url: of its post page, if it has one.
    :param listed: what a list names of it.
    """

    post_url: str | None = None
    listed: ListedFacts | ListedEntry | None = None


class CrawlSession:
    """The open archive of a crawl, and the outcome of each article that the crawl finds.

    The extension `ArchiveSession` is the session of its crawl; `session_of` finds it.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.archive: ArchivePort = archive_class(crawler.settings).from_crawler(crawler)
        self.now: Clock = load_object(crawler.settings["FINEWS_CLOCK"])
        self.tally = Tally(stats_of(crawler))
        self.lists_read: dict[str, Validators] = {}
        self._crawler = crawler
        self._requested: dict[ArticleId, RequestedArticle] = {}
        self._closing: asyncio.Task[None] | None = None

    def request(self, info_code: ArticleId, requested: RequestedArticle) -> None:
        """Note that an article is requested: it must be settled before the crawl ends."""
        self.tally.note(info_code, Fate.OPEN)
        if self.tally.is_open(info_code):
            self._requested.setdefault(info_code, requested)

    def settle(
        self, info_code: ArticleId, fate: Fate, reason: str | None = None
    ) -> RequestedArticle:
        """Note the outcome of an article, and return what is known of it.

        :param reason: a word for the statistics.
        """
        self.tally.note(info_code, fate, reason)
        return self._requested.pop(info_code, RequestedArticle())

    def note_failure(
        self, attempt: FailedAttempt, listed: ListedFacts | ListedEntry | None
    ) -> None:
        """Remember an article that could not be archived, for later crawls.

        :param listed: what a list names of it.
        """
        if listed is not None:
            attempt = replace(attempt, listed=listed.as_json(self.archive.placed))
        self.archive.crawl_state.failed(attempt, self.now())

    def list_read(self, url: str, validators: Validators) -> None:
        """Note that a list was read. Its validators are stored when the crawl ends without failure.

        They are not stored when another list failed: only unchanged lists may lead to that one.
        """
        self.lists_read[url] = validators

    def storage_failed(self, error: ArchiveError) -> None:
        """End the crawl, because nothing that it fetches from now on would be stored."""
        stats = stats_of(self._crawler)
        stats.inc_value("archive/failed")
        if self._closing is None:
            stats.set_value("cause/archive/failed", str(error))
            assert self._crawler.engine is not None
            logger.error("The crawl ends: %s", error)
            closing = self._crawler.engine.close_spider_async(reason=STORAGE_FAILED)
            self._closing = asyncio.ensure_future(closing)


def session_of(crawler: Crawler) -> CrawlSession:
    """Return the session of a running crawl."""
    session = crawler.get_extension(CrawlSession)
    assert session is not None, "EXTENSIONS has no ArchiveSession"
    return session


def declaration_of(crawler: Crawler) -> Declaration | None:
    """Return the declaration of the source that is crawled; None for the project's own spiders."""
    declaration: Declaration | None = getattr(crawler.spidercls, "declaration", None)
    return declaration


def picture_hosts_of(crawler: Crawler) -> tuple[str, ...]:
    """Return the hosts of the pictures that a crawl may request: those of its source."""
    declaration = declaration_of(crawler)
    if declaration is not None:
        return declaration.pictures.hosts
    return Sources.load(Path(crawler.settings["FINEWS_SOURCES"])).pictures.hosts


def revisits_of(settings: BaseSettings) -> dict[str, Any]:
    """Return which archived articles are due, as arguments of `ArchivePort.due`."""
    return {
        "share": settings.getfloat("FINEWS_INTERVAL_SHARE"),
        "days": settings.getfloat("FINEWS_REVISIT_DAYS"),
        "limit": settings.getint("FINEWS_REVISITS"),
        "learnt": settings.getbool("FINEWS_REVISITS_LEARNT"),
    }


class Component:
    """Base of the components that Scrapy builds from a crawler."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the component; Scrapy calls this."""
        return cls(crawler)

    @property
    def stats(self) -> StatsCollector:
        """The stats of the crawl."""
        return stats_of(self.crawler)

    @cached_property
    def session(self) -> CrawlSession:
        """The session of the crawl, which is there once all extensions are built."""
        return session_of(self.crawler)
