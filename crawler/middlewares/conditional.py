"""Asks for lists conditionally: one that has not changed costs a 304 (RFC 9110, section 13.1)."""

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from archive.crawl_state import Validators
from crawler.extensions.open_archive import archive_of
from crawler.fingerprint import LIST, PAYLOAD


class ConditionalMiddleware:
    """Sends the validators of lists that the archive's crawl state remembers.

    Stats: ``list/unchanged``.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Ask for the list only if it is another than the one that was read."""
        if not request.meta.get(LIST):
            return
        known = archive_of(self._crawler).crawl_state.validators_of(request.url)
        request.meta[PAYLOAD] = known.payload if known else None
        if known is not None and known.etag:
            request.headers["If-None-Match"] = known.etag
        if known is not None and known.last_modified:
            request.headers["If-Modified-Since"] = known.last_modified

    def process_response(self, request: Request, response: Response) -> Response:
        """Count those that are not."""
        if request.meta.get(LIST) and response.status == 304:
            assert self._crawler.stats is not None
            self._crawler.stats.inc_value("list/unchanged")
        return response


def validators_of(response: Response) -> Validators | None:
    """What the server says of this version of a list; None when it says nothing."""

    def header(name: str) -> str | None:
        value = response.headers.get(name)
        return value.decode("latin-1") if value else None

    etag, last_modified = header("ETag"), header("Last-Modified")
    if etag is None and last_modified is None:
        return None
    return Validators(etag, last_modified, response.meta.get(PAYLOAD))
