"""Fetches the pictures of archived articles, after all other requests."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from itertools import islice
from typing import Any

from scrapy import signals
from scrapy.core.engine import ExecutionEngine
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider, NotConfigured

from archive.article import Article
from archive.article_id import ArticleId
from archive.storage import host_of
from crawler.items import MissingPicture
from crawler.network_errors import HostBlocked
from crawler.pipelines.pictures import PicturePipeline
from crawler.scrapy_internals import is_closing, kept_open
from crawler.session import Component, picture_hosts_of

logger = logging.getLogger(__name__)


class PictureFetches(Component):
    """Passes to `PicturePipeline` the pictures that the catalog lacks, also those that an earlier
    crawl left out because it was killed or busy. ``FINEWS_MEDIA=1`` switches it on.

    Articles do not pass through that pipeline: it would delay each until its pictures are stored,
    and would fetch only the pictures of articles of this crawl.

    Each host gets one request at a time: the next one when the picture before is stored or has
    failed.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        if not settings.getbool("FINEWS_MEDIA"):
            raise NotConfigured
        super().__init__(crawler)
        self._hosts = picture_hosts_of(crawler)
        self._most = settings.getint("FINEWS_PICTURES")
        at_once = settings.getint("CONCURRENT_REQUESTS") or len(self._hosts)
        self._turns = asyncio.Semaphore(at_once)  # the scheduler's limit does not apply here
        self._stored: set[ArticleId] = set()
        self._fetching: dict[str, asyncio.Task[None]] = {}
        self._begun = False
        crawler.signals.connect(self.allow_hosts, signals.spider_opened)
        crawler.signals.connect(self.note_stored, signals.item_scraped)
        crawler.signals.connect(self.begin, signals.spider_idle)
        crawler.signals.connect(self.report, signals.spider_closed)

    def allow_hosts(self, spider: Any) -> None:
        """On `spider_opened`: allow picture hosts, which would otherwise count as offsite.

        A spider without allowed hosts, such as that of `scrapy fetch`, may request all.
        """
        if allowed := getattr(spider, "allowed_domains", None):
            spider.allowed_domains = [*allowed, *self._hosts]

    def note_stored(self, item: object) -> None:
        """On `item_scraped`: note an article that is on disk."""
        if isinstance(item, Article):
            self._stored.add(item.info_code)

    def begin(self) -> None:
        """On `spider_idle`, when every article is stored or has failed: fetch the pictures."""
        if not self._begun:
            self._begun = True
            pipeline = self.crawler.get_item_pipeline(PicturePipeline)
            if pipeline is None:
                logger.error("No picture is fetched: ITEM_PIPELINES has no PicturePipeline.")
                return
            addresses: defaultdict[str, list[str]] = defaultdict(list)
            for address in self._missing():
                addresses[host_of(address) or ""].append(address)
            for host, of_host in addresses.items():
                self._fetching[host] = asyncio.ensure_future(self._fetch(host, of_host, pipeline))
        if self._fetching:
            raise DontCloseSpider

    def report(self) -> None:
        """On `spider_closed`: log how many pictures are stored."""
        stored, failed = (self.stats.get_value(f"picture/{what}", 0) for what in ("kept", "failed"))
        if stored or failed:
            logger.info("%d pictures are stored, %d failed.", stored, failed)

    def _missing(self) -> list[str]:
        """Return addresses, newest articles first; after a partial crawl, only of its articles."""
        settings, archive = self.crawler.settings, self.session.archive
        waiting = archive.crawl_state.waiting_pictures(
            self.session.now(),
            share=settings.getfloat("FINEWS_INTERVAL_SHARE"),
            attempts=settings.getint("FINEWS_ATTEMPTS"),
        )
        whole = getattr(self.crawler.spider, "is_whole", False)
        missing = (
            address
            for info_code, address in archive.missing_pictures(self._hosts)
            if address not in waiting and (whole or info_code in self._stored)
        )
        return list(dict.fromkeys(islice(missing, self._most)))

    @property
    def _engine(self) -> ExecutionEngine:
        assert self.crawler.engine is not None
        return self.crawler.engine

    async def _fetch(self, host: str, addresses: Sequence[str], pipeline: PicturePipeline) -> None:
        """Fetch the pictures of one host."""
        with kept_open(self._engine):
            try:
                await self._fetch_in_order(addresses, pipeline)
            finally:
                del self._fetching[host]

    async def _fetch_in_order(self, addresses: Sequence[str], pipeline: PicturePipeline) -> None:
        for address in addresses:
            picture = MissingPicture(address)
            async with self._turns:
                if is_closing(self._engine):
                    return
                await pipeline.process_item(picture)
            if isinstance(picture.error, HostBlocked):
                logger.info("No more pictures: %s.", picture.error)
                return
