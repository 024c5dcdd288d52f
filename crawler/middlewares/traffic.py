"""Counts what goes over the wire, host by host."""

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from crawler.traffic import PREFIX


class TrafficMiddleware:
    """Keeps the stats of `crawler.traffic`."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        """An answer came."""
        self._count(request, "requests")
        self._count(request, "bytes", len(response.body))
        self._count(request, f"status/{response.status}")
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """None came, unless nothing was asked."""
        if not isinstance(exception, IgnoreRequest):
            self._count(request, "requests")
            self._count(request, "no_answer")

    def _count(self, request: Request, what: str, count: int = 1) -> None:
        assert self._crawler.stats is not None
        host = urlparse_cached(request).hostname
        self._crawler.stats.inc_value(f"{PREFIX}{host}/{what}", count)
