"""Obeys Crawl-delay and Request-rate in robots.txt, which Scrapy reads and does not apply.

Scrapy 2.19 has no interface for this: see scrapy/scrapy#892, and ``Downloader._get_slot`` and
``AutoThrottle._adjust_delay`` in its source.
"""

import logging

from scrapy import Request, signals
from scrapy.core.downloader import Downloader
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached

from crawler.session import Component

logger = logging.getLogger(__name__)


class CrawlDelay(Component):
    """Makes the delay of each download slot at least that in the robots.txt of its hosts.

    ``FINEWS_CRAWL_DELAY_MAX_SECONDS`` is the longest that is obeyed; a longer one is logged, and
    counted as ``robotstxt/delay_too_long``. AutoThrottle may make a delay longer, not shorter.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings = crawler.settings
        self._user_agent = settings.get("ROBOTSTXT_USER_AGENT") or settings["USER_AGENT"]
        self._longest = settings.getfloat("FINEWS_CRAWL_DELAY_MAX_SECONDS")
        self._delays: dict[str, float] = {}
        crawler.signals.connect(self.apply_rules, signals.robots_parsed)
        crawler.signals.connect(self.restore, signals.response_downloaded)

    def apply_rules(self, robotparser: RobotParser, request: Request) -> None:
        """On `robots_parsed`: apply the delay that a host requires."""
        required = robotparser.crawl_delay(self._user_agent)
        if not required or required <= 0:
            return
        if required > self._longest:
            self.stats.inc_value("robotstxt/delay_too_long")
            logger.warning(
                "The robots.txt of %s requires %g seconds between two requests; the crawl waits %g "
                "(FINEWS_CRAWL_DELAY_MAX_SECONDS).",
                *(urlparse_cached(request).hostname, required, self._longest),
            )
        slot = self._downloader.get_slot_key(request)
        delay = max(min(required, self._longest), self._delays.get(slot, 0.0))
        self._delays[slot] = delay
        # Scrapy makes a new slot after a minute without requests.
        self._downloader.per_slot_settings[slot] = {"delay": delay, "jitter": 0}
        self._apply(slot)

    def restore(self, request: Request, response: Response) -> None:
        """On `response_downloaded`, after AutoThrottle, which shortens delays: apply it again."""
        self._apply(request.meta.get(Downloader.DOWNLOAD_SLOT, ""))

    def _apply(self, key: str) -> None:
        slot, delay = self._downloader.slots.get(key), self._delays.get(key, 0.0)
        if slot is not None and slot.delay < delay:
            slot.delay, slot.jitter = delay, 0.0

    @property
    def _downloader(self) -> Downloader:
        assert self.crawler.engine is not None
        return self.crawler.engine.downloader
