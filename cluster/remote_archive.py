"""The archive of a cluster, as a crawl on a worker reads and writes it.

Facts of the archive are fetched once, when the crawl begins; articles are sent to the writer.

A message to the writer, a batch, is complete: it has the articles and every exchange that they were
read from, so that batches may arrive twice or in another order.
"""

import asyncio
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings
from scrapy.utils.misc import load_object

from archive.article import Article, Edition
from archive.article_id import EASTMONEY, ArticleId
from archive.capture import Capture
from archive.catalog import History, PostRow, StoredBody
from archive.categories import Category
from archive.clock import Clock
from archive.content import format_post
from archive.content.lexicon import Lexicon
from archive.crawl_state import Block, CrawlState, StateRows
from archive.warc import Exchange
from cluster.app import ARCHIVE, broker_url, opened_app
from cluster.archived_ids import ArchivedIds
from cluster.host_locks import HostLocks, end_with_pipe, lock_backend
from cluster.rpc import BROKEN, ask, no_broker
from cluster.serialisation import Plain, article_of, packed_exchange, plain_article, plain_event
from crawler.archive_port import Sent
from crawler.items import ArchiveEvent

#: Environment variable: file descriptor of a pipe whose other end the worker has open.
WORKER_PIPE = "FINEWS_WORKER_PIPE"

#: Number of events of archived articles in one message.
_MAX_EVENTS = 100

#: Bytes of exchanges in one message, unless one of them alone is larger.
_MAX_BYTES = 4 * 1024 * 1024


class RemoteArchive:
    """The archive for a crawl on a worker; the writer is another process, usually elsewhere.

    The hosts of the crawl's spider are locked until the archive is closed.

    :param broker: address of the broker.
    :param hosts: hosts to lock.
    :param known: path of the file with the ids of archived articles.
    :param patience: seconds to wait for the writer.
    :param about: spider, arguments and revisits of the crawl, sent to the writer.

    :raises ArchiveLocked: when another crawl has locked one of the hosts.
    :raises ArchiveError: here and from every method, when broker or writer do not answer.
    """

    def __init__(
        self,
        broker: str,
        hosts: Sequence[str],
        *,
        known: Path,
        clock: Clock,
        patience: float,
        about: Plain,
    ) -> None:
        self.writing = asyncio.Lock()
        self._crawl = uuid4().hex
        self._clock = clock
        self._patience = patience
        self._sending = threading.Lock()
        self._batches = 0
        self._sent: set[tuple[ArticleId, Edition]] = set()
        self._events: list[tuple[ArticleId, object]] = []
        with ExitStack() as undo:
            self._app = undo.enter_context(opened_app(broker))
            self._spool = undo.enter_context(_Spool())
            self._known = undo.enter_context(ArchivedIds(known))
            undo.callback(_lock(broker, hosts).close)
            brief = self._fetch_facts(hosts, about)
            self._closing = undo.pop_all()
        self.crawl_state = _ForwardedState(brief["memory"], self._send_blocks)
        self._categories = {media: Category(slug, tag) for media, slug, tag in brief["categories"]}
        self._articles: dict[ArticleId, list[Article]] = {}
        self._due = [self._row(*found) for found in brief["due"]]
        self._stand_ins = {
            (code, Edition(edition)): StoredBody(**body)
            for code, edition, body in brief["stand_ins"]
        }
        self._completed: str | None = brief["completed"]
        self._usual_failures: float = brief["usual_failures"]

    @classmethod
    def check(cls, settings: BaseSettings) -> None:
        """Check that the broker can be reached.

        :raises ArchiveError: when it cannot.
        """
        patience = settings.getint("FINEWS_WRITER_TIMEOUT_SECONDS")
        try:
            with opened_app(broker_url()) as app, app.connection() as connection:
                connection.ensure_connection(max_retries=1, timeout=patience)
        except BROKEN as error:
            raise no_broker(error) from error

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Lock the spider's hosts, and fetch the archive's facts about them."""
        if pipe := os.environ.get(WORKER_PIPE):
            end_with_pipe(int(pipe))
        settings = crawler.settings
        hosts: Sequence[str] = getattr(crawler.spider, "allowed_domains", ())
        archive = cls(
            broker_url(),
            hosts,
            known=Path(settings["FINEWS_KNOWN"]),
            clock=load_object(settings["FINEWS_CLOCK"]),
            patience=settings.getfloat("FINEWS_WRITER_TIMEOUT_SECONDS"),
            about={
                "spider": crawler.spidercls.name,
                "arguments": getattr(crawler.spider, "given_arguments", {}),
                "due": {
                    "share": settings.getfloat("FINEWS_INTERVAL_SHARE"),
                    "days": settings.getfloat("FINEWS_REVISIT_DAYS"),
                    "limit": settings.getint("FINEWS_REVISITS"),
                    "learnt": settings.getbool("FINEWS_REVISITS_LEARNT"),
                },
            },
        )
        # The crawl that had locked the hosts before may just have sent a request to them.
        time.sleep(settings.getfloat("DOWNLOAD_DELAY"))
        return archive

    @staticmethod
    def whereabouts(settings: BaseSettings) -> str:
        """Return a sentence about where the articles are."""
        return "All articles were sent to the writer; finews cluster status shows its progress."

    def has(self, info_code: ArticleId, edition: Edition | None = None) -> bool:
        """Return whether the article is archived, or was sent by this crawl.

        :param edition: edition to look for; None for any.
        """
        return self._was_sent(info_code, edition) or self._known.has(info_code, edition)

    def _was_sent(self, info_code: ArticleId, edition: Edition | None) -> bool:
        editions = (edition,) if edition else tuple(Edition)
        return any((info_code, each) in self._sent for each in editions)

    def was_known(self, info_code: ArticleId, at: datetime) -> bool:
        """Return whether the article was archived at a time."""
        return self._known.was_known(info_code, at)

    def completed(self, spider: str, arguments: Mapping[str, str]) -> datetime | None:
        """Return when the last complete crawl of this spider with these arguments ended."""
        return datetime.fromisoformat(self._completed) if self._completed else None

    def slug_of(self, info_code: ArticleId, edition: Edition | None = None) -> str | None:
        """Return the slug of the category that the article is archived in."""
        return self._known.slug_of(info_code, edition)

    def category_of(self, media: str) -> Category:
        """Return the category of a media."""
        return self._categories.get(media) or Category.of_media(media)

    def lexicon(self) -> Lexicon:
        """Return no name: a worker knows none that the archive has learnt."""
        return Lexicon()

    def article_at(self, address: str) -> None:
        """Return None: a worker knows articles by their ids alone."""

    def due(
        self,
        *,
        share: float,
        days: float,
        limit: int,
        source: str = EASTMONEY,
        learnt: bool = False,
    ) -> list[PostRow]:
        """Return the articles whose revisit is due, as of the beginning of the crawl."""
        return [row for row in self._due if ArticleId(row.info_code).source == source]

    def stored_body(
        self, info_code: ArticleId, edition: Edition | None = None
    ) -> StoredBody | None:
        """Return facts about an archived body; only about bodies that stand in for better ones.

        They are those of the last days, without the articles that this crawl has sent.
        """
        if self._was_sent(info_code, edition):
            return None
        editions = (edition,) if edition else tuple(Edition)
        found = (self._stand_ins.get((info_code, each)) for each in editions)
        return next(filter(None, found), None)

    def row_of(self, info_code: ArticleId) -> PostRow | None:
        """Request the row of an article from the writer, for the few articles with a stand-in."""
        found = self._ask("finews.article", info_code=info_code)
        return self._row(*found) if found else None

    def _row(self, row: Plain, editions: list[Plain]) -> PostRow:
        self._articles[row["info_code"]] = list(map(article_of, editions))
        return PostRow(**row)

    def editions_of(self, info_code: ArticleId) -> Sequence[Article]:
        """Return the editions of an article that `due` or `row_of` has returned."""
        return self._articles[info_code]

    def history(self) -> History:
        """Return the usual share of failures; the writer sends no other history."""
        return History(usual_failures=self._usual_failures)

    def capture(self, exchange: Exchange) -> Capture:
        """Store an exchange until it is sent; the capture's offset is that in the spool."""
        offset = self._spool.append(packed_exchange(exchange))
        fetched = exchange.received.isoformat()
        return Capture(url=exchange.url, file=self._crawl, offset=offset, fetched=fetched)

    def placed(self, captures: Iterable[Capture]) -> tuple[Capture, ...]:
        """Return captures unchanged: only the writer knows the final places of this crawl's."""
        return tuple(captures)

    def add_many(self, articles: Sequence[Article]) -> Sequence[Sent]:
        """Send articles to the writer; the broker has stored them on disk when this returns.

        :raises Refused: when one cannot be written as a post; none is sent.
        """
        for article in articles:
            format_post(article)
        for batch in self._batches_of(articles):
            self._send(batch)
        self._sent.update((article.info_code, article.edition) for article in articles)
        return [Sent.SENT] * len(articles)

    def _batches_of(self, articles: Sequence[Article]) -> Iterator[Plain]:
        exchanges: dict[int, bytes] = {}
        together: list[Plain] = []
        for article in articles:
            exchanges |= {offset: self._spool.read(offset) for offset in self._spooled(article)}
            together.append(plain_article(article))
            if sum(map(len, exchanges.values())) >= _MAX_BYTES:
                yield {"exchanges": list(exchanges.items()), "articles": together}
                exchanges, together = {}, []
        if together:
            yield {"exchanges": list(exchanges.items()), "articles": together}

    def _spooled(self, article: Article) -> Iterable[int]:
        return (capture.offset for capture in article.captures if capture.file == self._crawl)

    def note(self, event: ArchiveEvent) -> None:
        """Send an event of an archived article, with the next batch of events."""
        self._events.append((event.info_code, plain_event(event)))
        if len(self._events) >= _MAX_EVENTS:
            self._send_events()

    def _send_events(self) -> None:
        events, self._events = self._events, []
        if events:
            self._send({"looks": events})

    def begin_crawl(self, spider: str, arguments: Mapping[str, str]) -> int:
        """Report the crawl to the writer; return 0, as only the writer knows the crawl's number."""
        self._send({"begin": {"spider": spider, "arguments": dict(arguments)}})
        return 0

    def end_crawl(
        self, crawl: int, status: int, verdict: str, counts: Mapping[str, int | str]
    ) -> None:
        """Send the remaining exchanges, the new facts about hosts, and the verdict."""
        self._send_events()
        for exchanges in self._spool.unread(_MAX_BYTES):
            self._send({"exchanges": exchanges})
        memory = self.crawl_state.new_facts()
        end = {"status": int(status), "verdict": verdict, "counts": dict(counts)}
        self._send({"end": end | {"batches": self._batches}, "memory": memory})

    def close(self) -> None:
        """Release the locks of the hosts."""
        self.crawl_state.close()
        self._closing.close()

    def _send_blocks(self, memory: StateRows) -> None:
        self._send({"memory": memory})

    def _fetch_facts(self, hosts: Sequence[str], about: Plain) -> Plain:
        brief: Plain = self._ask("finews.brief", hosts=list(hosts), **about)
        first_seen, code, path = self._known.up_to(brief["archive"]), "", ""
        while seen := self._ask(
            "finews.seen_after", first_seen=first_seen, info_code=code, path=path
        ):
            self._known.learn(seen)
            first_seen, code, path, _ = seen[-1]
        return brief

    def _ask(self, task: str, **question: Any) -> Any:
        return ask(self._app, task, self._patience, **question)

    def _send(self, batch: Plain) -> None:
        with self._sending:
            message = batch | {"crawl": self._crawl, "number": self._batches}
            try:
                self._app.send_task("finews.write", args=[message], queue=ARCHIVE, retry=True)
            except BROKEN as error:
                raise no_broker(error) from error
            self._batches += 1


class _ForwardedState(CrawlState):
    """The crawl's facts about its hosts, in memory; blocks are sent to the writer at once.

    :param memory: facts that the writer has sent.
    :param send: sends facts to the writer.
    """

    def __init__(self, memory: StateRows, send: Callable[[StateRows], None]) -> None:
        super().__init__(Path(":memory:"))
        self.merge(memory)
        self._send = send
        self._before = {_facts(row) for rows in memory.values() for row in rows}

    def block(
        self,
        host: str,
        reason: str,
        now: datetime,
        first: timedelta,
        longest: timedelta,
        *,
        refused: bool = True,
    ) -> Block:
        """Block a host for this and all other crawls."""
        block = super().block(host, reason, now, first, longest, refused=refused)
        self._send({"blocks": self.new_facts()["blocks"]})
        return block

    def new_facts(self) -> StateRows:
        """Return the facts that were unknown at the beginning."""
        return {
            table: [row for row in rows if _facts(row) not in self._before]
            for table, rows in self.all().items()
        }


def _facts(row: Plain) -> tuple[object, ...]:
    return tuple(row.values())


class _Spool:
    """Exchanges in an unnamed temporary file, by their offset in bytes."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._lock = threading.Lock()
        self._sizes: dict[int, int] = {}
        self._read: set[int] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def append(self, packed: bytes) -> int:
        """Append an exchange; return its offset."""
        with self._lock:
            offset = self._file.seek(0, os.SEEK_END)
            self._file.write(packed)
            self._sizes[offset] = len(packed)
        return offset

    def read(self, offset: int) -> bytes:
        """Return the exchange at an offset."""
        with self._lock:
            self._file.seek(offset)
            self._read.add(offset)
            return self._file.read(self._sizes[offset])

    def unread(self, max_bytes: int) -> Iterator[list[tuple[int, bytes]]]:
        """Yield the exchanges that were never read, in groups of about `max_bytes`."""
        together: list[tuple[int, bytes]] = []
        for offset in sorted(self._sizes.keys() - self._read):
            together.append((offset, self.read(offset)))
            if sum(len(packed) for _, packed in together) >= max_bytes:
                yield together
                together = []
        if together:
            yield together


def _lock(broker: str, hosts: Sequence[str]) -> HostLocks:
    try:
        return HostLocks(lock_backend(broker), hosts)
    except BROKEN as error:
        raise no_broker(error) from error
