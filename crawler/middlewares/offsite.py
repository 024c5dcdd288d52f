"""Drops requests to hosts that the spider is not allowed."""

from scrapy import Request, Spider
from scrapy.downloadermiddlewares.offsite import OffsiteMiddleware as ScrapysOffsiteMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.utils.httpobj import urlparse_cached


class OffsiteMiddleware(ScrapysOffsiteMiddleware):
    """Scrapy's middleware, without exceptions, and with an error for each dropped request.

    Scrapy lets a request with ``dont_filter`` pass. Every retry has that, and so has the request
    that a retry is redirected to: a server that answers 500 and then a redirect could lead the
    crawl to any host. Scrapy also drops redirects to other hosts without an error.
    """

    def request_scheduled(self, request: Request, spider: Spider) -> None:
        """Do nothing: the errback of a request that is dropped here would not be called."""

    def process_request(self, request: Request) -> None:  # type: ignore[override] # no spider
        """Let the request pass, or raise `IgnoreRequest`, which its errback gets."""
        assert self.crawler.spider is not None
        if not self.should_follow(request, self.crawler.spider):
            host = urlparse_cached(request).hostname
            raise IgnoreRequest(f"{host} is not one of the hosts of this crawl")
