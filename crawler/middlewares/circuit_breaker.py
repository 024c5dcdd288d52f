"""Drops requests to blocked hosts, before their robots.txt is requested."""

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.extensions.circuit_breaker import CircuitBreaker
from crawler.session import Component


class _BreakerMiddleware(Component):
    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._breaker = CircuitBreaker.of(crawler)


class CircuitBreakerMiddleware(_BreakerMiddleware):
    """Checks each request before all other middlewares."""

    def process_request(self, request: Request) -> None:
        """Let the request pass, or raise `HostBlocked`."""
        self._breaker.check(request)


class RefusalMiddleware(_BreakerMiddleware):
    """Checks each answer once it is decompressed, before it may be retried."""

    def process_response(self, request: Request, response: Response) -> Response:
        """Return the response, or raise `HostBlocked` where it is a refusal."""
        self._breaker.check_body(request, response)
        return response
