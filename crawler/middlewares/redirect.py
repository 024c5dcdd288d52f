"""Follows redirects; those of pictures only to other hosts of pictures."""

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware as ScrapysRedirectMiddleware
from scrapy.http import Response

from archive.storage import host_of
from crawler.request_meta import PICTURE
from crawler.session import picture_hosts_of

#: Statuses of redirects.
REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Redirects that are followed for one picture.
_MOST_OF_A_PICTURE = 3


class RedirectMiddleware(ScrapysRedirectMiddleware):
    """Scrapy's middleware, without the dupefilter.

    The dupefilter drops a redirect to an address that was requested before, such as the redirect's
    own, without an error. Here ``REDIRECT_MAX_TIMES`` ends such a redirect, and its errback runs.

    A redirect of a picture that is not followed is the answer for the picture.
    """

    _picture_hosts: tuple[str, ...]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the middleware; Scrapy calls this."""
        middleware = super().from_crawler(crawler)
        middleware._picture_hosts = picture_hosts_of(crawler)
        return middleware

    def process_response(  # type: ignore[override] # no spider
        self, request: Request, response: Response
    ) -> Request | Response:
        """Return the response, or the request that it redirects to."""
        if PICTURE in request.meta:
            return self._of_picture(request, response)
        result = super().process_response(request, response)
        return result.replace(dont_filter=True) if isinstance(result, Request) else result

    def _of_picture(self, request: Request, response: Response) -> Request | Response:
        if len(request.meta.get("redirect_urls", ())) == _MOST_OF_A_PICTURE:
            return response
        try:
            result = super().process_response(request, response)
        except ValueError:  # it leads to no address
            return response
        if isinstance(result, Request) and host_of(result.url) not in self._picture_hosts:
            return response
        return result
