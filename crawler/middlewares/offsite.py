"""Keeps requests on the hosts that the spider is allowed, whatever led to others."""

from scrapy import Request, Spider
from scrapy.downloadermiddlewares.offsite import OffsiteMiddleware as ScrapysOffsiteMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.utils.httpobj import urlparse_cached


class OffsiteMiddleware(ScrapysOffsiteMiddleware):
    """Scrapy's own, without exceptions.

    Scrapy's lets a request with ``dont_filter`` pass; every retry has it and hands it on to where
    it is redirected, so that a server that answers 500 and then a redirect could send us anywhere.
    And it drops redirects to other hosts without a word to anybody.
    """

    def request_scheduled(self, request: Request, spider: Spider) -> None:
        """Do nothing: the errback of a request that is dropped here would not be called."""

    def process_request(self, request: Request) -> None:  # type: ignore[override] # no spider
        """Let the request pass, or raise `IgnoreRequest`, which its errback gets."""
        assert self.crawler.spider is not None
        if not self.should_follow(request, self.crawler.spider):
            host = urlparse_cached(request).hostname
            raise IgnoreRequest(f"{host} is none of the hosts of this crawl")
