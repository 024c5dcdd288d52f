"""Counts what goes over the wire, host by host."""

from collections.abc import Mapping
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
        counts = {"requests": 1, "bytes": len(response.body), f"status/{response.status}": 1}
        self._add(request, counts)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """None came, unless nothing was asked."""
        if not isinstance(exception, IgnoreRequest):
            self._add(request, {"requests": 1, "no_answer": 1})

    def _add(self, request: Request, counts: Mapping[str, int]) -> None:
        stats = self._crawler.stats
        assert stats is not None
        host = urlparse_cached(request).hostname
        for what, count in counts.items():
            stats.inc_value(f"{PREFIX}{host}/{what}", count)
