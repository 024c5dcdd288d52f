"""The archive of a cluster as a crawl on a worker reads and writes it.

What the archive knows is fetched once; what the crawl brings is sent to the writer.

A message to the writer, a batch, is whole in itself: it has the articles and every exchange that
they were made of, so that batches may come twice or in another order.
"""

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

from archive.article import Article, Edition, InfoCode
from archive.capture import Capture
from archive.catalog import History, PostRow, StoredBody
from archive.categories import Category
from archive.clock import Clock
from archive.content import format_post
from archive.crawl_state import Block, CrawlState, StateRows
from archive.warc import Exchange
from cluster.app import ARCHIVE, broker_url, opened_app
from cluster.archived_ids import KnownArticles
from cluster.host_locks import Held, end_with, holds_in
from cluster.rpc import BROKEN, ask, no_broker
from cluster.serialisation import Plain, article_of, packed_exchange, plain_article, plain_event
from crawler.archive_port import Sent
from crawler.items import ArchiveEvent

#: Environment variable: file descriptor of a pipe that the worker holds open while it lives.
WORKER_PIPE = "FINEWS_WORKER_PIPE"

#: Notes on archived articles in one message.
_MAX_EVENTS = 100

#: Bytes of exchanges in one message, unless one of them alone is larger.
_MAX_BYTES = 4 * 1024 * 1024


class RemoteArchive:
    """The archive that one machine of the cluster writes, for a crawl on another.

    The crawl has the hosts of its spider to itself until it is closed.

    :raises ArchiveLocked: when another crawl has one of them.
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
        self._crawl = uuid4().hex
        self._clock = clock
        self._patience = patience
        self._sending = threading.Lock()
        self._batches = 0
        self._own: set[tuple[InfoCode, Edition]] = set()
        self._events: list[tuple[InfoCode, object]] = []
        with ExitStack() as undo:
            self._app = undo.enter_context(opened_app(broker))
            self._spool = undo.enter_context(_Spool())
            self._known = undo.enter_context(KnownArticles(known))
            self._held = _hold(broker, hosts)
            undo.callback(self._held.close)
            brief = self._learn(hosts, about)
            self._closing = undo.pop_all()
        self.crawl_state = _ForwardedState(brief["memory"], self._send_blocks)
        self._categories = {media: Category(slug, tag) for media, slug, tag in brief["categories"]}
        self._articles: dict[InfoCode, list[Article]] = {}
        self._due = [self._row(*found) for found in brief["due"]]
        self._stand_ins = {
            (code, Edition(edition)): StoredBody(**look)
            for code, edition, look in brief["stand_ins"]
        }
        self._completed: str | None = brief["completed"]
        self._usual_failures: float = brief["usual_failures"]

    @classmethod
    def check(cls, settings: BaseSettings) -> None:
        """See whether there is a broker."""
        patience = settings.getint("FINEWS_WRITER_TIMEOUT_SECONDS")
        try:
            with opened_app(broker_url()) as app, app.connection() as connection:
                connection.ensure_connection(max_retries=1, timeout=patience)
        except BROKEN as error:
            raise no_broker(error) from error

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Take hold of the spider's hosts, and learn what the archive knows of them."""
        if pipe := os.environ.get(WORKER_PIPE):
            end_with(int(pipe))
        settings = crawler.settings
        hosts: Sequence[str] = getattr(crawler.spider, "allowed_domains", ())
        elsewhere = cls(
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
                },
            },
        )
        # Whoever had the hosts until now may have asked them just now.
        time.sleep(settings.getfloat("DOWNLOAD_DELAY"))
        return elsewhere

    @staticmethod
    def whereabouts(settings: BaseSettings) -> str:
        """The archive is not here."""
        return "All was sent to the archive's writer; finews cluster status tells how far that is."

    def has(self, info_code: InfoCode, edition: Edition | None = None) -> bool:
        """Return whether the article is archived, or on its way, as one of its posts or as any."""
        return self._is_own(info_code, edition) or self._known.has(info_code, edition)

    def _is_own(self, info_code: InfoCode, edition: Edition | None) -> bool:
        editions = (edition,) if edition else tuple(Edition)
        return any((info_code, each) in self._own for each in editions)

    def was_known(self, info_code: InfoCode, at: datetime) -> bool:
        """Whether the article was archived by then."""
        return self._known.was_known(info_code, at)

    def completed(self, spider: str, arguments: Mapping[str, str]) -> datetime | None:
        """When the last complete crawl of this kind ended."""
        return datetime.fromisoformat(self._completed) if self._completed else None

    def slug_of(self, info_code: InfoCode, edition: Edition | None = None) -> str | None:
        """The category that it is archived in."""
        return self._known.slug_of(info_code, edition)

    def category_of(self, media: str) -> Category:
        """The category of a media."""
        return self._categories.get(media) or Category.of_media(media)

    def due(self, *, share: float, days: float, limit: int) -> list[PostRow]:
        """What is to be looked at again, as the writer said when the crawl began."""
        return self._due

    def stored_body(self, info_code: InfoCode, edition: Edition | None = None) -> StoredBody | None:
        """Return what is known of an archived body; only of bodies that stand in for better ones.

        The writer names those of the last days. What this crawl has sent is not among them.
        """
        if self._is_own(info_code, edition):
            return None
        editions = (edition,) if edition else tuple(Edition)
        found = (self._stand_ins.get((info_code, each)) for each in editions)
        return next(filter(None, found), None)

    def row_of(self, info_code: InfoCode) -> PostRow | None:
        """Asks the writer: this is for the few whose body is to be bettered."""
        found = self._ask("finews.article", info_code=info_code)
        return self._row(*found) if found else None

    def _row(self, row: Plain, editions: list[Plain]) -> PostRow:
        self._articles[row["info_code"]] = list(map(article_of, editions))
        return PostRow(**row)

    def editions_of(self, info_code: InfoCode) -> Sequence[Article]:
        """Return the article of one of those rows, as each of its posts has it."""
        return self._articles[info_code]

    def history(self) -> History:
        """What failures are usual; what a single source brings in an hour is nobody's history."""
        return History(usual_failures=self._usual_failures)

    def capture(self, exchange: Exchange) -> Capture:
        """Keep an exchange here until it is sent; the capture's place is one in the spool."""
        offset = self._spool.append(packed_exchange(exchange))
        fetched = exchange.received.isoformat()
        return Capture(url=exchange.url, file=self._crawl, offset=offset, fetched=fetched)

    def placed(self, captures: Iterable[Capture]) -> tuple[Capture, ...]:
        """Captures as they are: only the writer knows the places of this crawl's."""
        return tuple(captures)

    def add_many(self, articles: Sequence[Article]) -> Sequence[Sent]:
        """Send articles to the writer; the broker has them on disk when this returns.

        :raises Refused: when one cannot be written as a post; none is sent.
        """
        for article in articles:
            format_post(article)
        for batch in self._cut(articles):
            self._send(batch)
        self._own.update((article.info_code, article.edition) for article in articles)
        return [Sent.SENT] * len(articles)

    def _cut(self, articles: Sequence[Article]) -> Iterator[Plain]:
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
        """Send what a source shows of an archived article, with the next batch of notes."""
        self._events.append((event.info_code, plain_event(event)))
        if len(self._events) >= _MAX_EVENTS:
            self._send_events()

    def _send_events(self) -> None:
        events, self._events = self._events, []
        if events:
            self._send({"looks": events})

    def begin_crawl(self, spider: str, arguments: Mapping[str, str]) -> int:
        """Tell the writer; its number for the crawl is its own."""
        self._send({"begin": {"spider": spider, "arguments": dict(arguments)}})
        return 0

    def end_crawl(
        self, crawl: int, status: int, verdict: str, counts: Mapping[str, int | str]
    ) -> None:
        """Send the exchanges that no article was made of, what was learnt of hosts, the verdict."""
        self._send_events()
        for exchanges in self._spool.unread(_MAX_BYTES):
            self._send({"exchanges": exchanges})
        memory = self.crawl_state.news()
        end = {"status": int(status), "verdict": verdict, "counts": dict(counts)}
        self._send({"end": end | {"batches": self._batches}, "memory": memory})

    def close(self) -> None:
        """Let go of the hosts."""
        self.crawl_state.close()
        self._closing.close()

    def _send_blocks(self, memory: StateRows) -> None:
        self._send({"memory": memory})

    def _learn(self, hosts: Sequence[str], about: Plain) -> Plain:
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
    """What this crawl knows and learns of its hosts, in memory; the writer hears of blocks."""

    def __init__(self, memory: StateRows, tell: Callable[[StateRows], None]) -> None:
        super().__init__(Path(":memory:"))
        self.merge(memory)
        self._tell = tell
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
        """Ask a host no more, and let no other crawl ask it."""
        block = super().block(host, reason, now, first, longest, refused=refused)
        self._tell({"blocks": self.news()["blocks"]})
        return block

    def news(self) -> StateRows:
        """What is known now and was not at the beginning."""
        return {
            table: [row for row in rows if _facts(row) not in self._before]
            for table, rows in self.all().items()
        }


def _facts(row: Plain) -> tuple[object, ...]:
    return tuple(row.values())


class _Spool:
    """Exchanges in a file without a name, by their offset."""

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
        """Keep it; returns its offset."""
        with self._lock:
            offset = self._file.seek(0, os.SEEK_END)
            self._file.write(packed)
            self._sizes[offset] = len(packed)
        return offset

    def read(self, offset: int) -> bytes:
        """One of them."""
        with self._lock:
            self._file.seek(offset)
            self._read.add(offset)
            return self._file.read(self._sizes[offset])

    def unread(self, most_bytes: int) -> Iterator[list[tuple[int, bytes]]]:
        """Those that were never read, together as far as they are no more than so many bytes."""
        together: list[tuple[int, bytes]] = []
        for offset in sorted(self._sizes.keys() - self._read):
            together.append((offset, self.read(offset)))
            if sum(len(packed) for _, packed in together) >= most_bytes:
                yield together
                together = []
        if together:
            yield together


def _hold(broker: str, hosts: Sequence[str]) -> Held:
    try:
        return Held(holds_in(broker), hosts)
    except BROKEN as error:
        raise no_broker(error) from error
