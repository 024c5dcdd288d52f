"""Requests lists conditionally: one that has not changed costs a 304 (RFC 9110, section 13.1).

Some servers answer 304 wrongly: with a ``Last-Modified`` in the future, with an ``ETag`` that never
changes, from a cache. So a list is read without conditions once in ``FINEWS_UNCONDITIONAL_HOURS``.
"""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from archive.clock import utc_iso
from archive.crawl_state import Validators
from crawler.request_meta import LIST, PAYLOAD, SAME_VALIDATORS
from crawler.session import Component

_CONDITIONS = ("If-None-Match", "If-Modified-Since")


class ConditionalMiddleware(Component):
    """Sends the validators of lists that the archive's crawl state has.

    Stats: ``list/unchanged``.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._longest = timedelta(hours=crawler.settings.getfloat("FINEWS_UNCONDITIONAL_HOURS"))

    def process_request(self, request: Request) -> None:
        """Add the validators of a list that was read before, if they are recent."""
        if not request.meta.get(LIST):
            return
        known = self.session.archive.crawl_state.validators_of(request.url)
        request.meta[PAYLOAD] = known.payload if known else None
        now = self.session.now()
        if known is None or not self._is_recent(known.read, now):
            return
        if known.etag:
            request.headers["If-None-Match"] = known.etag.encode("latin-1", "replace")
        if known.last_modified and not _is_ahead(known.last_modified, now):
            request.headers["If-Modified-Since"] = known.last_modified.encode("latin-1", "replace")

    def process_response(self, request: Request, response: Response) -> Response:
        """Count the lists that have not changed.

        :raises IgnoreRequest: for a 304 to a request without conditions.
        """
        if response.status == 304 and not any(name in request.headers for name in _CONDITIONS):
            raise IgnoreRequest("it answered 304 to a request without conditions")
        if not request.meta.get(LIST):
            return response
        if response.status == 304:
            self.stats.inc_value("list/unchanged")
        else:
            known = self.session.archive.crawl_state.validators_of(request.url)
            request.meta[SAME_VALIDATORS] = known is not None and _same(known, response)
        return response

    def _is_recent(self, read: str | None, now: datetime) -> bool:
        return (
            read is not None and timedelta() <= now - datetime.fromisoformat(read) < self._longest
        )


def validators_of(response: Response, now: datetime) -> Validators | None:
    """Return the validators of this version of a list; None when it has none.

    :param now: the time at which the list was read.
    """
    etag, last_modified = _headers(response)
    if etag is None and last_modified is None:
        return None
    return Validators(etag, last_modified, response.meta.get(PAYLOAD), utc_iso(now))


def _headers(response: Response) -> tuple[str | None, str | None]:
    values = (response.headers.get(name) for name in ("ETag", "Last-Modified"))
    etag, last_modified = (value.decode("latin-1") if value else None for value in values)
    return etag, last_modified


def _same(known: Validators, response: Response) -> bool:
    """Return whether a list has the validators of the version that was read before."""
    etag, last_modified = _headers(response)
    return etag == known.etag if etag else last_modified == known.last_modified is not None


def _is_ahead(last_modified: str, now: datetime) -> bool:
    """Return whether a time is invalid, or in the future, where no change would be newer."""
    try:
        return parsedate_to_datetime(last_modified) > now
    except (ValueError, TypeError):  # TypeError: it names no zone
        return True
