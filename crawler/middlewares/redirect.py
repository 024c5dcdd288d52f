"""Follows redirects, each to its end, and those of pictures to other hosts of pictures only."""

from pathlib import Path

from scrapy import Request
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware as ScrapysRedirectMiddleware
from scrapy.http import Response
from scrapy.settings import BaseSettings

from archive.storage import host_of
from crawler.request_meta import PICTURE
from crawler.sources import Sources

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_OF_A_PICTURE = 3


class RedirectMiddleware(ScrapysRedirectMiddleware):
    """Scrapy's own, for requests that may not vanish.

    The dupefilter drops a redirect to what was asked for before, as one that leads to itself,
    without a word to anybody. ``REDIRECT_MAX_TIMES`` ends it with an exception, which is told.

    A redirect of a picture that is not followed stays the answer for it.
    """

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        self._picture_hosts = Sources.load(Path(settings["FINEWS_SOURCES"])).pictures.hosts

    def process_response(  # type: ignore[override] # no spider
        self, request: Request, response: Response
    ) -> Request | Response:
        """The response, or the request that it leads to."""
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
