"""Last of the pipelines: hands articles to the archive, in batches, off the event loop."""

import asyncio
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from archive.archive import Outcome
from archive.article import Article
from archive.errors import ArchiveError
from crawler.extensions.open_archive import archive_of, open_archive_of


class _Batch:
    """Articles that are written together."""

    def __init__(self) -> None:
        self.articles: list[Article] = []
        self.full = asyncio.Event()
        self.written: asyncio.Task[list[Outcome]] | None = None


class StorePipeline:
    """Groups articles by count and by time, because every commit waits for the disk.

    An item leaves this pipeline when it is on disk. Stats: ``archive/added``,
    ``archive/unchanged``, ``archive/revised``, ``archive/failed``.
    """

    def __init__(self, crawler: Crawler, articles: int, seconds: float) -> None:
        self._crawler = crawler
        self._articles = articles
        self._seconds = seconds
        self._batch: _Batch | None = None
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
        except ArchiveError as error:
            open_archive_of(self._crawler).storage_failed(error)
            raise DropItem(f"{article.info_code} was not stored", log_level="ERROR") from None
        archive_of(self._crawler).crawl_state.archived(article.info_code)
        stats.inc_value(f"archive/{outcome}")
        return article

    async def _stored(self, article: Article) -> Outcome:
        if self._batch is None:
            self._batch = _Batch()
            self._batch.written = asyncio.ensure_future(self._write(self._batch))
        batch = self._batch
        assert batch.written is not None
        position = len(batch.articles)
        batch.articles.append(article)
        if len(batch.articles) >= self._articles:
            self._batch = None
            batch.full.set()
        return (await asyncio.shield(batch.written))[position]

    async def _write(self, batch: _Batch) -> list[Outcome]:
        try:
            await asyncio.wait_for(batch.full.wait(), self._seconds)
        except TimeoutError:
            self._batch = None
        async with self._one_at_a_time:
            return await asyncio.to_thread(archive_of(self._crawler).add_many, batch.articles)
