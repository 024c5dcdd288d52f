"""Keeps requests, and the robots.txt that would come before them, from hosts that are blocked."""

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.extensions.circuit_breaker import circuit_breaker_of


class CircuitBreakerMiddleware:
    """Asks the breaker before anything else is done for a request."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Let it pass, or raise `HostBlocked`."""
        circuit_breaker_of(self._crawler).check(request)


class RefusalMiddleware:
    """Shows the breaker answers as they are once decompressed, before they are retried."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        """The response, or raise `HostBlocked` where it is a refusal."""
        circuit_breaker_of(self._crawler).read(request, response)
        return response
