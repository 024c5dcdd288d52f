"""Counts requests and received bytes, host by host."""

from collections.abc import Mapping

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from crawler.session import Component
from crawler.traffic import PREFIX


class TrafficMiddleware(Component):
    """Counts requests, bytes and statuses in the stats of `crawler.traffic`."""

    def process_response(self, request: Request, response: Response) -> Response:
        """Count an answer."""
        counts = {"requests": 1, "bytes": len(response.body), f"status/{response.status}": 1}
        self._add(request, counts)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Count a request without an answer, if it was sent."""
        if not isinstance(exception, IgnoreRequest):
            self._add(request, {"requests": 1, "no_answer": 1})

    def _add(self, request: Request, counts: Mapping[str, int]) -> None:
        host = urlparse_cached(request).hostname
        for what, count in counts.items():
            self.stats.inc_value(f"{PREFIX}{host}/{what}", count)
