"""The last pipeline: stores articles in the archive, in batches, outside of the event loop."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from archive.article import Article
from archive.errors import ArchiveError, Refused
from archive.writing import Outcome
from crawler.archive_port import Sent
from crawler.failures import Failures
from crawler.items import ArchiveEvent, Gone, Item
from crawler.session import Component
from crawler.tally import Fate


class _Batch:
    """Articles that are written together."""

    def __init__(self) -> None:
        self.articles: list[Article] = []
        self.full = asyncio.Event()
        self.written: asyncio.Task[Sequence[Outcome | Sent | Refused]] | None = None


class StorePipeline(Component):
    """Groups articles by count and by time, because every commit waits for the disk.

    An item leaves this pipeline when it is on disk. All writes to the archive are made here, one
    at a time, also where several crawls share the archive. Stats: those of `crawler.tally`,
    ``article/stand_in``, ``picture/kept``.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._failures = Failures(crawler)
        self._articles = crawler.settings.getint("FINEWS_BATCH_ARTICLES")
        self._seconds = crawler.settings.getfloat("FINEWS_BATCH_SECONDS")
        self._batch: _Batch | None = None

    async def process_item(self, item: Item) -> Article:
        """Return the article once it is on disk; note all other items and drop them."""
        try:
            if not isinstance(item, Article):
                await self._note(item)
                raise DropItem(f"noted: {item}", log_level="DEBUG")
            await self._store(item)
        except ArchiveError as error:
            self.session.settle(item.info_code, Fate.FAILED, "storage")
            self.session.storage_failed(error)
            raise DropItem(f"{item.info_code} was not stored", log_level="ERROR") from None
        except Refused as error:
            assert isinstance(item, Article), "nothing else is written as a post"
            self._failures.of_article(item.info_code, "refused", str(error), edition=item.edition)
            raise DropItem(f"{item.info_code} was refused", log_level="DEBUG") from None
        return replace(item, captures=self.session.archive.placed(item.captures))

    async def store_picture(self, address: str, data: bytes) -> None:
        """Write a picture of archived articles to disk."""
        archive = self.session.archive
        try:
            async with archive.writing:
                await asyncio.to_thread(archive.store_picture, address, data)
        except ArchiveError as error:
            self.session.storage_failed(error)
        else:
            self.stats.inc_value("picture/kept")

    async def _note(self, event: ArchiveEvent) -> None:
        async with self.session.archive.writing:
            await asyncio.to_thread(self.session.archive.note, event)
        if isinstance(event, Gone):
            self.session.settle(event.info_code, Fate.GONE)

    async def _store(self, article: Article) -> None:
        outcome = await self._stored(article)
        if isinstance(outcome, Refused):
            raise outcome
        self.session.archive.crawl_state.archived(article.info_code, article.edition)
        self.session.settle(article.info_code, Fate(outcome))
        if article.body_provisional and article.body_source.stands_in:
            self.stats.inc_value("article/stand_in")

    async def _stored(self, article: Article) -> Outcome | Sent | Refused:
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

    async def _write(self, batch: _Batch) -> Sequence[Outcome | Sent | Refused]:
        try:
            await asyncio.wait_for(batch.full.wait(), self._seconds)
        except TimeoutError:
            self._batch = None
        async with self.session.archive.writing:
            add_many = self.session.archive.add_many
            return await asyncio.to_thread(add_each, add_many, batch.articles)


def add_each(
    add_many: Callable[[Sequence[Article]], Sequence[Outcome | Sent]], articles: Sequence[Article]
) -> Sequence[Outcome | Sent | Refused]:
    """Add articles and return their outcomes in order; a refused one leaves the others."""
    try:
        return add_many(articles)
    except Refused as error:
        if len(articles) == 1:
            return [error]
    return [outcome for article in articles for outcome in add_each(add_many, [article])]
