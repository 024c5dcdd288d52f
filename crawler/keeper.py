"""What a crawl needs of an archive, wherever that is.

The setting ``FINEWS_KEEPER`` names the class: an archive folder on this machine, which the crawl
writes itself or, for fast ones, a process beside it; or, in a cluster, one that another machine
writes.
"""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, Self

from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings
from scrapy.utils.misc import load_object

from archive import beside
from archive.archive import Archive
from archive.article import Article, BodySource, Edition, InfoCode
from archive.capture import Capture
from archive.categories import Category
from archive.crawl_state import CrawlState
from archive.crawls import History
from archive.entries import PostRow
from archive.steps import Outcome
from archive.warc import Exchange


class Sent(StrEnum):
    """What became of an article that is archived elsewhere, as far as can be told here."""

    SENT = "sent"


class Keeper(Protocol):
    """Reads for and writes what a crawl brings; see `Archive` for each method.

    :raises ArchiveError: from every method, when nothing more can be read or kept.
    """

    crawl_state: CrawlState

    @classmethod
    def check(cls, settings: BaseSettings) -> None:
        """Find out, before any crawl begins, whether one could keep anything.

        :raises ArchiveError: when not.
        """

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Open it for one crawl, whose spider is made already.

        :raises ArchiveLocked: when another crawl stands in the way.
        """

    @staticmethod
    def whereabouts(settings: BaseSettings) -> str:
        """One line for the user: where what was brought is, and how to look at it."""

    def now(self) -> datetime: ...
    def has(self, info_code: InfoCode, edition: Edition | None = None) -> bool: ...
    def knew(self, info_code: InfoCode, at: datetime) -> bool: ...
    def completed(self, spider: str, arguments: Mapping[str, str]) -> datetime | None: ...
    def slug_of(self, info_code: InfoCode, edition: Edition | None = None) -> str | None: ...
    def category_of(self, media: str) -> Category: ...
    def is_waiting(self, info_code: InfoCode, *, share: float, attempts: int) -> bool: ...
    def due(self, *, share: float, days: float, limit: int) -> list[PostRow]: ...
    def to_better(
        self,
        info_code: InfoCode,
        by: BodySource,
        *,
        own: BodySource,
        share: float,
        edition: Edition | None = None,
    ) -> BodySource | None: ...
    def summary_of(self, info_code: InfoCode) -> tuple[str, str | None] | None: ...
    def row_of(self, info_code: InfoCode) -> PostRow | None: ...
    def editions_of(self, info_code: InfoCode) -> Sequence[Article]: ...
    def history(self) -> History: ...
    def capture(self, exchange: Exchange) -> Capture: ...
    def placed(self, captures: Iterable[Capture]) -> tuple[Capture, ...]: ...
    def add_many(self, articles: Sequence[Article]) -> Sequence[Outcome | Sent]: ...
    def mark_gone(self, info_code: InfoCode) -> None: ...
    def mark_checked(self, info_code: InfoCode, *, settled: bool = True) -> None: ...
    def mark_listed(self, info_code: InfoCode, stock_list: Sequence[str]) -> bool: ...
    def mark_failed(
        self,
        info_code: InfoCode,
        url: str | None,
        reason: str,
        *,
        answered: bool = True,
        told: str | None = None,
    ) -> None: ...
    def begin_crawl(self, spider: str, arguments: Mapping[str, str]) -> int: ...
    def end_crawl(
        self, crawl: int, status: int, verdict: str, counts: Mapping[str, int | str]
    ) -> None: ...
    def close(self) -> None: ...


class ArchiveHere(Archive):
    """The archive folder that ``FINEWS_ARCHIVE`` names."""

    @classmethod
    def check(cls, settings: BaseSettings) -> None:
        """Open it and let go of it again."""
        cls(Path(settings["FINEWS_ARCHIVE"])).close()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Open it for one crawl."""
        settings = crawler.settings
        return cls(Path(settings["FINEWS_ARCHIVE"]), clock=load_object(settings["FINEWS_CLOCK"]))

    @staticmethod
    def whereabouts(settings: BaseSettings) -> str:
        """The folder, and the command that shows it."""
        folder = settings["FINEWS_ARCHIVE"]
        look = f"finews browse {shlex.quote(folder)}"
        return f"The archive is in {folder}; to look at it: {look}"


class ArchiveBeside(beside.SubprocessArchive):
    """The same folder, written by a process beside the crawl."""

    @classmethod
    def check(cls, settings: BaseSettings) -> None:
        """Open it, without that process, and let go of it again."""
        ArchiveHere.check(settings)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Open it for one crawl."""
        settings = crawler.settings
        return cls(Path(settings["FINEWS_ARCHIVE"]), clock=load_object(settings["FINEWS_CLOCK"]))

    @staticmethod
    def whereabouts(settings: BaseSettings) -> str:
        """The folder, and the command that shows it."""
        return ArchiveHere.whereabouts(settings)


OnThisMachine = ArchiveHere | ArchiveBeside
"""What can keep pictures as well."""


def keeper_class(settings: BaseSettings) -> type[Keeper]:
    """The class that ``FINEWS_KEEPER`` names."""
    named: type[Keeper] = load_object(settings["FINEWS_KEEPER"])
    return named
