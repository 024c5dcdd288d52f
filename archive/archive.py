"""The archive: a folder of posts with their superseded versions, captures and catalog."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime
from itertools import chain
from pathlib import Path

from archive.article import Article, Edition
from archive.article_id import ArticleId
from archive.capture import Capture
from archive.catalog import (
    Catalog,
    CatalogEntry,
    Cause,
    PostRow,
    Presence,
    as_json,
    named_by,
)
from archive.clock import Clock, utc_iso, utc_now
from archive.content import read_body
from archive.crawl_state import CrawlState
from archive.errors import ArchiveError, CatalogMissing, CatalogOutdated
from archive.reader import ArchiveReader
from archive.storage import (
    ArchiveLock,
    make_folder,
    picture_of,
    post_files,
    refuse_links,
    refuse_stray,
    revision_files,
)
from archive.warc import CaptureWriter, Exchange, warc_files
from archive.writing import Outcome, PlanWriter, Versioning, WritePlan, last_finished_crawl


def _require_catalog(folder: Path) -> None:
    """Check that an archive with posts has a catalog.

    :raises CatalogMissing: when the catalog is missing: a crawl would store every post again.
    """
    catalog = folder / "catalog.db"
    if catalog.exists() and catalog.stat().st_size:
        return
    versions = chain(post_files(folder), revision_files(folder))
    if next(versions, None) is not None or warc_files(folder / "warc"):
        raise CatalogMissing(folder)


class Archive(ArchiveReader):
    """An archive folder, open for writing by one process at a time.

    One thread may read while another calls `add_many`.

    :param folder: is created when it does not exist.
    :param clock: returns the aware time that the archive records.
    :raises ArchiveLocked: when another process has the archive open.
    :raises CatalogOutdated: when the catalog is older than the captures.
    :raises StrayFolder: when the folder has other files in it and is no archive.
    :raises ArchiveError: here and from every method, when the disk or the catalog fails.
    """

    _catalog: Catalog

    def __init__(self, folder: Path, *, clock: Clock = utc_now) -> None:
        self.folder = folder
        self._clock = clock
        self._writing = threading.Lock()
        incoming = folder / ".incoming"
        with self._disk(), ExitStack() as undo:
            refuse_stray(folder)
            refuse_links(folder)
            make_folder(incoming)
            self._lock = undo.enter_context(ArchiveLock(folder))
            for leftover in incoming.iterdir():
                leftover.unlink()
            _require_catalog(folder)
            self._catalog = undo.enter_context(Catalog(folder / "catalog.db"))
            crawl = last_finished_crawl(folder / "warc")
            if crawl >= self._catalog.next_crawl():
                raise CatalogOutdated(folder, crawl)
            self.crawl_state = undo.enter_context(closing(CrawlState(folder / "crawl-state.db")))
            self.crawl_state.forget_validators(self._catalog.last_good_crawl())
            self._captures = CaptureWriter(
                folder / "warc", clock(), find_payload=self._catalog.first_capture
            )
            undo.pop_all()
        self._writer = PlanWriter(folder, incoming, self._catalog, self._captures)
        self._versioning = Versioning(folder, self._catalog)

    def close(self) -> None:
        """Write what is unfinished, close all files, and release the lock."""
        with self._disk(), ExitStack() as finish:
            finish.callback(self._lock.close)
            finish.callback(self._catalog.close)
            finish.callback(self.crawl_state.close)
            finish.callback(self._captures.close)
            self._writer.write_payloads()

    def mark_gone(self, info_code: ArticleId) -> None:
        """Record that the source no longer has an article. The post stays.

        :raises ArchiveError: when the article is not archived.
        """
        now = self._clock()
        at = max(utc_iso(now), self._catalog.last_learnt(info_code))  # the clock may have gone back
        entries = [
            CatalogEntry(replace(stored, checked=utc_iso(now)))
            if stored.gone
            else CatalogEntry(replace(stored, checked=at, gone=at), presence=Presence.GONE)
            for stored in self.editions(info_code)
        ]
        self._record(entries, now)

    def mark_checked(self, info_code: ArticleId, *, settled: bool = True) -> None:
        """Record that the source was checked and nothing has changed.

        :param settled: no host has a better body; False when a host that may have one did not
            answer.
        :raises ArchiveError: when the article is not archived.
        """
        now = self._clock()
        entries = [
            CatalogEntry(
                replace(
                    stored,
                    checked=utc_iso(now),
                    body_provisional=stored.body_provisional and not settled,
                )
            )
            for stored in self.editions(info_code)
        ]
        self._record(entries, now)

    def mark_listed(self, info_code: ArticleId, stock_list: Sequence[str]) -> bool:
        """Record the securities that a list names for an archived article.

        :param stock_list: their codes, such as ``1.600160``.
        :returns: whether the codes differ from the stored ones.
        :raises ArchiveError: when the article is not archived.
        """
        *_, stored = self.editions(info_code)  # the rolling edition, if there is one
        row = replace(stored, stock_list=as_json(tuple(stock_list)))
        if row == stored:
            return False
        named = named_by(row, read_body(self._post_of(row).body).securities)
        self._record([CatalogEntry(row, named, same_version=True)], self._clock())
        return True

    def _record(self, entries: Sequence[CatalogEntry], now: datetime) -> None:
        with self._writing, self._disk():
            self._writer.write([WritePlan(Outcome.UNCHANGED, entry) for entry in entries], now)

    def add(self, article: Article) -> Outcome:
        """Archive one article, see `add_many`."""
        return self.add_many([article])[0]

    def add_many(
        self, articles: Sequence[Article], seen: Sequence[datetime] | None = None
    ) -> list[Outcome]:
        """Archive articles; they are on the disk before this method returns.

        Articles that are stored already change nothing. A changed article supersedes its post,
        which moves to ``revisions/``. A worse body never replaces a better one. Each edition of an
        article has versions of its own.

        :param seen: for each article of an import, when its source had it; aware. None for what a
            crawl has fetched now.
        :returns: the outcome of each article, in order.
        :raises InvalidArticle: when an article cannot be written as a post; none is stored.
        """
        now = self._clock()
        steps: dict[tuple[ArticleId, Edition], list[WritePlan]] = {}
        outcomes = []
        with self._writing, self._disk():
            times = [now] * len(articles) if seen is None else seen
            for article, when in zip(articles, times, strict=True):
                post = article.info_code, article.edition
                if post in steps:  # twice in one batch: write the first before planning the second
                    self._writer.write(list(chain.from_iterable(steps.values())), now)
                    steps.clear()
                own = self._versioning.plans(article, utc_iso(when), imported=seen is not None)
                steps[post] = own
                outcomes.append(own[-1].outcome)
            self._writer.write(list(chain.from_iterable(steps.values())), now)
        return outcomes

    def revise(self, article: Article) -> Outcome:
        """Archive an article that was read again from its captures, without a request.

        The source was not checked. Therefore the time of the last check, and whether the source
        had the article, stay as they are, and no change is recorded.

        :raises ArchiveError: when the article is not archived.
        :raises InvalidArticle: when the article cannot be written as a post; nothing is stored.
        """
        now = self._clock()
        with self._writing, self._disk():
            stored = self._edition(article)
            *before, step = self._versioning.plans(article, utc_iso(now))
            row = replace(step.entry.post, checked=stored.checked, gone=stored.gone)
            if step.outcome is Outcome.REVISED:
                row = replace(row, cause=Cause.READ_ANEW, edits="[]")
            if before or step.files or row != stored:
                entry = replace(step.entry, post=row, presence=None)
                self._writer.write([*before, replace(step, entry=entry)], now)
        return step.outcome

    def _edition(self, article: Article) -> PostRow:
        for stored in self.editions(article.info_code):
            if stored.edition is article.edition:
                return stored
        raise ArchiveError(
            f"{article.info_code} is not in the archive {self.folder} as {article.edition} news."
        )

    def write(self, batches: Iterable[Sequence[WritePlan]]) -> None:
        """Write planned steps in order; they are on the disk before this method returns."""
        with self._disk():
            self._writer.write_batches(batches, self._clock)

    def capture(self, exchange: Exchange) -> Capture:
        """Store a request and its response; they are on the disk when the next article is."""
        try:
            with self._disk():
                return self._captures.capture(exchange)
        except ValueError as error:
            raise ArchiveError(
                f"The response of {exchange.url} cannot be captured: {error}."
            ) from error

    def placed(self, captures: Iterable[Capture]) -> tuple[Capture, ...]:
        """Return captures with their files and offsets, which captures of this class have."""
        return tuple(captures)

    def store_picture(self, address: str, data: bytes) -> None:
        """Store a picture of archived articles; it is on the disk before this method returns.

        :param address: one of `missing_pictures`.
        :param data: bytes of the picture.
        :raises InvalidPicture: when the bytes are no picture of a stored media type.
        """
        now = self._clock()
        picture = picture_of(address, data, utc_iso(now))
        with self._writing, self._disk():
            self._writer.store_picture(picture, data, now)
        self.crawl_state.picture_stored(address)

    def begin_crawl(self, spider: str, arguments: Mapping[str, str]) -> int:
        """Record the start of a crawl, and return the crawl's number."""
        now = self._clock()
        crawl = self._catalog.next_crawl()
        about = {"spider": spider, "arguments": as_json(arguments), "started": utc_iso(now)}
        self._note_crawl({"id": crawl, **about}, now)
        return crawl

    def end_crawl(
        self, crawl: int, status: int, verdict: str, counts: Mapping[str, int | str]
    ) -> None:
        """Record how a crawl ended.

        :param status: exit status.
        :param verdict: one sentence.
        :param counts: numbers of articles: ``found``, ``added``, ``revised``, ``unchanged``,
            ``gone``, ``failed``; ``complete``, 1 where all articles of the lists were processed;
            as JSON objects, the ``reasons`` of failures and the traffic by ``hosts``.
        """
        now = self._clock()
        about = {"ended": utc_iso(now), "status": status, "verdict": verdict}
        self._note_crawl({"id": crawl, **about, **counts}, now)

    def _note_crawl(self, row: Mapping[str, object], now: datetime) -> None:
        with self._writing, self._disk():
            self._writer.record_crawl(row, now)
