"""One download slot for all hosts, so that they are asked one at a time and with one delay."""

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

_SLOT = "finews"


class OneSlotMiddleware:
    """For a source with several hosts that count a visitor's calls together.

    Requests for robots.txt are among them. ``FINEWS_ONE_SLOT`` switches it on; a spider does.
    """

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy."""
        if not crawler.settings.getbool("FINEWS_ONE_SLOT"):
            raise NotConfigured
        return cls()

    def process_request(self, request: Request) -> None:
        """Put it into the slot."""
        request.meta["download_slot"] = _SLOT
