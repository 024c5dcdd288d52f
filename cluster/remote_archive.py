"""The archive of a cluster, as a crawl on a worker reads and writes it.

Facts of the archive are fetched once, when the crawl begins; articles are sent to the writer.

A message to the writer, a batch, is complete: it has the articles and every exchange that they were
read from, so that batches may arrive twice or in another order.
"""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, ClassVar, Self
from uuid import uuid4

from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings

from archive.article import Article, Edition
from archive.article_id import EASTMONEY, ArticleId
from archive.capture import Capture
from archive.catalog import History, PostRow, StoredBody
from archive.categories import Category
from archive.content import format_post
from archive.content.lexicon import Lexicon
from archive.crawl_state import Block, CrawlState, StateRows
from archive.warc import Exchange
from cluster.app import Plain, ask, broker_errors, broker_url, make_app, send
from cluster.archived_ids import ArchivedIds
from cluster.host_locks import CrawlRefused, HostLocks
from cluster.messages import ARCHIVED, Batch, Brief, CrawlBegin, CrawlEnd, Message
from crawler.archive_port import Sent
from crawler.items import ArchiveEvent
from crawler.session import declaration_of, picture_hosts_of, revisits_of

#: Number of events of archived articles in one message.
_MAX_EVENTS = 100

#: Bytes of exchanges in one message, unless one of them alone is larger.
_MAX_BYTES = 4 * 1024 * 1024


class RemoteArchive:
    """The archive for a crawl on a worker; the writer is another process, usually elsewhere.

    `run` is the run of a job that the crawls of this process are; None when they are of no job.

    The hosts of the crawl's spider are locked until the archive is closed.

    :raises CrawlRefused: when another crawl has locked one of the hosts.
    :raises ArchiveError: here and from every method, when broker or writer do not answer.
    """

    run: ClassVar[str | None] = None

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        hosts: list[str] = [*getattr(crawler.spider, "allowed_domains", ())]
        if settings.getbool("FINEWS_MEDIA"):
            hosts += picture_hosts_of(crawler)
        self.writing = asyncio.Lock()
        self._crawl = uuid4().hex
        self._patience = settings.getfloat("FINEWS_WRITER_TIMEOUT_SECONDS")
        self._sending = threading.Lock()
        self._batches = 0
        self._sent: set[tuple[ArticleId, Edition]] = set()
        self._events: list[ArchiveEvent] = []
        with ExitStack() as undo:
            self._app = undo.enter_context(make_app(broker_url()))
            self._spool = _Spool(undo.enter_context(TemporaryFile()))
            self._known = undo.enter_context(ArchivedIds(Path(settings["FINEWS_KNOWN"])))
            with broker_errors():
                undo.callback(HostLocks(self._app, hosts).close)
            self._brief = self._fetch_facts(
                hosts=hosts,
                run=self.run,
                spider=crawler.spidercls.name,
                arguments=getattr(crawler.spider, "given_arguments", {}),
                due={
                    **revisits_of(settings),
                    "source": crawler.spidercls.name if declaration_of(crawler) else EASTMONEY,
                },
            )
            self._closing = undo.pop_all()
        brief = self._brief
        self.crawl_state = _ForwardedState(brief.memory, lambda memory: self._send(memory=memory))
        self._categories = {media: Category(slug, tag) for media, slug, tag in brief.categories}
        self._stand_ins = {(code, edition): body for code, edition, body in brief.stand_ins}
        self._editions = {row.info_code: editions for row, editions in brief.due}
        # The crawl that had locked the hosts before may just have sent a request to them.
        time.sleep(settings.getfloat("DOWNLOAD_DELAY"))

    @classmethod
    def check(cls, settings: BaseSettings) -> None:
        """Check that the broker can be reached.

        :raises ArchiveError: when it cannot.
        """
        with broker_errors(), make_app(broker_url()) as app, app.connection() as connection:
            connection.connect()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Lock the spider's hosts, and fetch the archive's facts about them."""
        return cls(crawler)

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
        """Return whether the article was archived, or recorded as failed, at a time."""
        failed = self.crawl_state.failure_of(info_code)
        return self._known.was_known(info_code, at) or (failed is not None and failed.first <= at)

    def completed(self, spider: str, arguments: Mapping[str, str]) -> datetime | None:
        """Return when the last complete crawl of this spider with these arguments ended."""
        return self._brief.completed

    def slug_of(self, info_code: ArticleId, edition: Edition | None = None) -> str | None:
        """Return the slug of the category that the article is archived in."""
        return self._known.slug_of(info_code, edition)

    def category_of(self, media: str) -> Category:
        """Return the category of a media."""
        return self._categories.get(media) or Category.of_media(media)

    def lexicon(self) -> Lexicon:
        """Return the names that the archive has learnt, as of the beginning of the crawl."""
        return Lexicon(self._brief.names)

    def article_at(self, address: str) -> None:
        """Return None: a worker knows articles by their ids alone."""

    def due(self, *, source: str = EASTMONEY, **_: float) -> list[PostRow]:
        """Return the articles whose revisit is due, as of the beginning of the crawl."""
        return [row for row, _ in self._brief.due if ArticleId(row.info_code).source == source]

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
        if facts := self._ask("finews.article", info_code=info_code):
            row, self._editions[info_code] = ARCHIVED.validate_python(facts)
            return row
        return None

    def editions_of(self, info_code: ArticleId) -> Sequence[Article]:
        """Return the editions of an article that `due` or `row_of` has returned."""
        return self._editions[info_code]

    def history(self) -> History:
        """Return the usual share of failures; the writer sends no other history."""
        return History(usual_failures=self._brief.usual_failures)

    def capture(self, exchange: Exchange) -> Capture:
        """Store an exchange until it is sent; the capture's offset is that in the spool."""
        offset = self._spool.append(exchange)
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
        self._send_all(
            (article, [each.offset for each in article.captures if each.file == self._crawl])
            for article in articles
        )
        self._sent.update((article.info_code, article.edition) for article in articles)
        return [Sent.SENT] * len(articles)

    def _send_all(self, items: Iterable[tuple[Article | None, Sequence[int]]]) -> None:
        """Send articles and exchanges, in batches of a limited size.

        :param items: an article, and the offsets of its exchanges.
        """
        exchanges: dict[int, Exchange] = {}
        articles: list[Article] = []
        for article, offsets in items:
            exchanges |= {at: self._spool.read(at) for at in offsets if at not in exchanges}
            articles += [article] if article else []
            if sum(len(exchange.body) for exchange in exchanges.values()) >= _MAX_BYTES:
                self._send(exchanges=list(exchanges.items()), articles=articles)
                exchanges, articles = {}, []
        if exchanges or articles:
            self._send(exchanges=list(exchanges.items()), articles=articles)

    def missing_pictures(self, hosts: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Request the pictures at some hosts that the archive lacks from the writer."""
        yield from self._ask("finews.missing_pictures", hosts=list(hosts))

    def store_picture(self, address: str, data: bytes) -> None:
        """Send a picture to the writer."""
        self._send(pictures=[(address, data)])

    def note(self, event: ArchiveEvent) -> None:
        """Send an event of an archived article, with the next batch of events."""
        self._events.append(event)
        if len(self._events) >= _MAX_EVENTS:
            self._send_events()

    def _send_events(self) -> None:
        events, self._events = self._events, []
        if events:
            self._send(events=events)

    def begin_crawl(self, spider: str, arguments: Mapping[str, str]) -> int:
        """Report the crawl to the writer; return 0, as only the writer knows the crawl's number."""
        self._send(begin=CrawlBegin(spider=spider, arguments=dict(arguments)))
        return 0

    def end_crawl(
        self, crawl: int, status: int, verdict: str, counts: Mapping[str, int | str]
    ) -> None:
        """Send the remaining exchanges, the new facts about hosts, and the verdict."""
        self._send_events()
        self._send_all((None, [offset]) for offset in self._spool.unread())
        end = CrawlEnd(
            status=int(status), verdict=verdict, counts=dict(counts), batches=self._batches
        )
        self._send(end=end, memory=self.crawl_state.new_facts())

    def close(self) -> None:
        """Release the locks of the hosts."""
        self.crawl_state.close()
        self._closing.close()

    def _fetch_facts(self, **about: Any) -> Brief:
        facts = self._ask("finews.brief", **about)
        if facts is None:
            raise CrawlRefused("This run of the job has ended elsewhere, or was cancelled.")
        brief = Brief.model_validate(facts)
        first_seen, code, path = self._known.up_to(brief.archive), "", ""
        while seen := self._ask(
            "finews.seen_after", first_seen=first_seen, info_code=code, path=path
        ):
            self._known.learn(seen)
            first_seen, code, path, _ = seen[-1]
        return brief

    def _ask(self, task: str, **question: Any) -> Any:
        return ask(self._app, task, self._patience, **question)

    def _send(self, **content: Any) -> None:
        with self._sending:
            batch = Batch(crawl=self._crawl, number=self._batches, **content)
            send(self._app, "finews.write", batch.model_dump_json(), patience=self._patience)
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

    def block(self, *about: Any, **options: Any) -> Block:
        """Block a host for this and all other crawls; see `CrawlState.block`."""
        block = super().block(*about, **options)
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


class _Spooled(Message):
    exchange: Exchange


class _Spool:
    """The exchanges of a crawl by their offsets in a temporary file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._unread: set[int] = set()

    def append(self, exchange: Exchange) -> int:
        """Store an exchange; return its offset."""
        line = _Spooled(exchange=exchange).model_dump_json() + "\n"
        with self._lock:
            offset = self._file.seek(0, os.SEEK_END)
            self._file.write(line.encode())
            self._unread.add(offset)
        return offset

    def read(self, offset: int) -> Exchange:
        """Return an exchange."""
        with self._lock:
            self._unread.discard(offset)
            self._file.seek(offset)
            line = self._file.readline()
        return _Spooled.model_validate_json(line).exchange

    def unread(self) -> list[int]:
        """Return the offsets of the exchanges that were never read."""
        return sorted(self._unread)
