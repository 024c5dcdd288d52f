"""Last of the pipelines: hands articles to the archive, in batches, off the event loop."""

import asyncio
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from archive.archive import Outcome
from archive.article import Article
from archive.errors import ArchiveError, Refused
from crawler.extensions.open_archive import archive_of
from crawler.verdict import STORAGE_FAILED


class StorePipeline:
    """Groups articles by count and by time, because every commit waits for the disk.

    An item leaves this pipeline when it is on disk. Stats: ``archive/added``,
    ``archive/unchanged``, ``archive/revised``, ``archive/failed``.
    """

    def __init__(self, crawler: Crawler, articles: int, seconds: float) -> None:
        self._crawler = crawler
        self._articles = articles
        self._seconds = seconds
        self._batch: list[tuple[Article, asyncio.Future[Outcome]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._writes: set[asyncio.Task[None]] = set()
        self._closing: asyncio.Task[None] | None = None
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy."""
        settings = crawler.settings
        return cls(
            crawler,
            settings.getint("FINEWS_BATCH_ARTICLES"),
            settings.getfloat("FINEWS_BATCH_SECONDS"),
        )

    async def process_item(self, article: Article) -> Article:
        """The article, once it is on disk."""
        stats = self._crawler.stats
        assert stats is not None
        try:
            outcome = await self._stored(article)
        except (ArchiveError, Refused) as error:
            stats.inc_value("archive/failed")
            if isinstance(error, ArchiveError):
                self._stop_the_crawl()
            raise DropItem(
                f"{article.info_code} was not stored: {error}", log_level="ERROR"
            ) from None
        stats.inc_value(f"archive/{outcome}")
        return article

    def _stop_the_crawl(self) -> None:
        engine = self._crawler.engine
        if engine is not None and self._closing is None:
            closing = engine.close_spider_async(reason=STORAGE_FAILED)
            self._closing = asyncio.ensure_future(closing)

    async def _stored(self, article: Article) -> Outcome:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Outcome] = loop.create_future()
        self._batch.append((article, done))
        if len(self._batch) >= self._articles:
            self._start_write()
        elif self._timer is None:
            self._timer = loop.call_later(self._seconds, self._start_write)
        return await done

    def _start_write(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch, self._batch = self._batch, []
        write = asyncio.ensure_future(self._write(batch))
        self._writes.add(write)
        write.add_done_callback(self._writes.discard)

    async def _write(self, batch: list[tuple[Article, asyncio.Future[Outcome]]]) -> None:
        articles = [article for article, _ in batch]
        async with self._one_at_a_time:
            try:
                add_many = archive_of(self._crawler).add_many
                outcomes = await asyncio.to_thread(add_many, articles)
            except (ArchiveError, Refused) as error:
                for _, done in batch:
                    done.set_exception(error)
                return
        for (_, done), outcome in zip(batch, outcomes, strict=True):
            done.set_result(outcome)
