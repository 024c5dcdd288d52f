"""Follows redirects, each to its end."""

from scrapy import Request
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware as ScrapysRedirectMiddleware
from scrapy.http import Response


class RedirectMiddleware(ScrapysRedirectMiddleware):
    """Scrapy's own, for requests that may not vanish.

    The dupefilter drops a redirect to what was asked for before, as one that leads to itself,
    without a word to anybody. ``REDIRECT_MAX_TIMES`` ends it with an exception, which is told.
    """

    def process_response(  # type: ignore[override] # no spider
        self, request: Request, response: Response
    ) -> Request | Response:
        """The response, or the request that it leads to."""
        result = super().process_response(request, response)
        return result.replace(dont_filter=True) if isinstance(result, Request) else result
