"""One download slot for all hosts: one request at a time, and one delay between requests."""

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from crawler.session import Component

#: Name of the slot.
_SLOT = "finews"


class OneSlotMiddleware(Component):
    """Puts all requests into one slot, for hosts that count a visitor's requests together.

    Requests for robots.txt are among them. ``FINEWS_ONE_SLOT`` switches it on; a spider does.
    """

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("FINEWS_ONE_SLOT"):
            raise NotConfigured
        super().__init__(crawler)

    def process_request(self, request: Request) -> None:
        """Put the request into the slot."""
        request.meta["download_slot"] = _SLOT
