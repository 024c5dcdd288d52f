"""The port between a crawl and its archive.

The setting ``FINEWS_ARCHIVE_CLASS`` names the class behind it: a folder on this machine, written by
the crawl itself or by a subprocess; or, in a cluster, an archive that another machine writes.
"""

import asyncio
import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Protocol, Self

from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings
from scrapy.utils.misc import load_object

from archive.archive import Archive
from archive.article import Article, Edition
from archive.article_id import EASTMONEY, ArticleId
from archive.background.proxy import SubprocessArchive
from archive.capture import Capture
from archive.catalog import History, PostRow, StoredBody
from archive.categories import Category
from archive.clock import Clock
from archive.content.lexicon import Lexicon
from archive.crawl_state import CrawlState
from archive.translation import gettext as _
from archive.warc import Exchange
from archive.writing import Outcome
from crawler.items import ArchiveEvent, Checked, Gone, Listed


class Sent(StrEnum):
    """The outcome of an article that another machine archives, as far as it is known here."""

    SENT = "sent"


class ArchivePort(Protocol):
    """What a crawl reads from an archive and writes to it; see `Archive` for each method.

    `crawl_state` has the state of hosts, lists and failures that later crawls need. Whoever writes
    articles from another thread holds `writing`.

    :raises ArchiveError: from every method, when nothing more can be read or stored.
    """

    crawl_state: CrawlState
    writing: asyncio.Lock

    @classmethod
    def check(cls, settings: BaseSettings) -> None:
        """Check, before a crawl begins, that it can store what it fetches.

        :raises ArchiveError: when it cannot.
        """

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Open the archive for one crawl.

        :raises ArchiveLocked: when another crawl has it open.
        """

    @staticmethod
    def whereabouts(settings: BaseSettings) -> str:
        """Return one line for the user: where the articles are, and how to read them."""

    # What is known.
    def has(self, info_code: ArticleId, edition: Edition | None = None) -> bool: ...
    def was_known(self, info_code: ArticleId, at: datetime) -> bool: ...
    def slug_of(self, info_code: ArticleId, edition: Edition | None = None) -> str | None: ...
    def category_of(self, media: str) -> Category: ...
    def stored_body(
        self, info_code: ArticleId, edition: Edition | None = None
    ) -> StoredBody | None: ...
    def row_of(self, info_code: ArticleId) -> PostRow | None: ...
    def editions_of(self, info_code: ArticleId) -> Sequence[Article]: ...
    def article_at(self, address: str) -> ArticleId | None: ...
    def due(
        self,
        *,
        share: float,
        days: float,
        limit: int,
        source: str = EASTMONEY,
        learnt: bool = False,
    ) -> list[PostRow]: ...
    def completed(self, spider: str, arguments: Mapping[str, str]) -> datetime | None: ...
    def history(self) -> History: ...
    def lexicon(self) -> Lexicon: ...
    def missing_pictures(self, hosts: Sequence[str]) -> Iterable[tuple[str, str]]: ...

    # What is stored.
    def capture(self, exchange: Exchange) -> Capture: ...
    def placed(self, captures: Iterable[Capture]) -> tuple[Capture, ...]: ...
    def add_many(self, articles: Sequence[Article]) -> Sequence[Outcome | Sent]: ...
    def store_picture(self, address: str, data: bytes) -> None: ...
    def note(self, event: ArchiveEvent) -> None: ...

    # The crawl itself.
    def begin_crawl(self, spider: str, arguments: Mapping[str, str]) -> int: ...
    def end_crawl(
        self, crawl: int, status: int, verdict: str, counts: Mapping[str, int | str]
    ) -> None: ...
    def close(self) -> None: ...


class _Folder:
    """The archive folder that ``FINEWS_ARCHIVE`` names, which all crawls of a process share.

    It is closed when the last of its users has closed it. `writing` is the lock with which
    pipelines take turns.
    """

    _opened: ClassVar[dict[Path, Self]] = {}

    def __init__(self, folder: Path, *, clock: Clock) -> None:
        super().__init__(folder, clock=clock)  # type: ignore[call-arg] # of the archive's class
        self.writing = asyncio.Lock()
        self._users = 1

    @classmethod
    def of(cls, settings: BaseSettings) -> Self:
        """Return the archive folder that the settings name, which may be open in this process.

        :raises ArchiveError: when it cannot be opened.
        """
        folder = Path(settings["FINEWS_ARCHIVE"]).absolute()
        if folder in cls._opened:
            cls._opened[folder]._users += 1
        else:
            clock = load_object(settings["FINEWS_CLOCK"])
            cls._opened[folder] = cls(Path(settings["FINEWS_ARCHIVE"]), clock=clock)
        return cls._opened[folder]

    def close(self) -> None:
        """Close the archive, unless another crawl of this process uses it."""
        self._users -= 1
        if self._users:
            return
        for folder in [path for path, archive in self._opened.items() if archive is self]:
            del self._opened[folder]
        super().close()  # type: ignore[misc] # of the archive's class

    @classmethod
    def check(cls, settings: BaseSettings) -> None:
        """Open the folder in this process, and close it again."""
        Archive(Path(settings["FINEWS_ARCHIVE"])).close()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Open the folder for one crawl."""
        return cls.of(crawler.settings)

    def note(self, event: ArchiveEvent) -> None:
        """Note what a source shows of an archived article."""
        assert isinstance(self, LocalArchive)
        note(self, event)

    @staticmethod
    def whereabouts(settings: BaseSettings) -> str:
        """Return the folder, and the command that shows it."""
        folder = settings["FINEWS_ARCHIVE"]
        return _(
            "The archive is in %(folder)s; to read it: finews browse %(quoted)s",
            folder=folder,
            quoted=shlex.quote(folder),
        )


class ArchiveInProcess(_Folder, Archive):
    """An archive folder that the crawl's own process writes."""


class ArchiveInSubprocess(_Folder, SubprocessArchive):
    """An archive folder that a subprocess of the crawl writes."""


LocalArchive = ArchiveInProcess | ArchiveInSubprocess


def archive_class(settings: BaseSettings) -> type[ArchivePort]:
    """Return the class that ``FINEWS_ARCHIVE_CLASS`` names."""
    named: type[ArchivePort] = load_object(settings["FINEWS_ARCHIVE_CLASS"])
    return named


def note(archive: Archive | SubprocessArchive, event: ArchiveEvent) -> None:
    """Note in an archive folder what a source shows of an archived article."""
    match event:
        case Listed(info_code, stock_list):
            archive.mark_listed(info_code, stock_list)
        case Gone(info_code):
            archive.mark_gone(info_code)
        case Checked(info_code, settled):
            archive.mark_checked(info_code, settled=settled)
