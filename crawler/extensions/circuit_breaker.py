"""Leaves a host alone that says so: by a 403, a 429, a block page, or a Retry-After."""

import logging
from collections import Counter
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import load_object

from archive.archive import Clock
from archive.crawl_state import Block
from crawler.extensions.open_archive import archive_of
from crawler.fingerprint import ANSWERS_JSON

logger = logging.getLogger(__name__)

_BLOCKING = {403, 429}
_BUSY = {429, 503}


class HostBlocked(IgnoreRequest):
    """Raised for a request to a host that is left alone."""


class CircuitBreaker:
    """Remembers over runs, in the archive's crawl state, which hosts want to be left alone.

    ``FINEWS_BREAKER_SECONDS`` is how long at first; each further time within a day is twice as
    long, up to ``FINEWS_BREAKER_MAX_SECONDS``. A Retry-After (RFC 9110, section 10.2.3) of up to
    ``FINEWS_RETRY_AFTER_MAX_SECONDS`` is waited for; a longer one is a block of that length, up
    to the longest.
    Stats: ``breaker/blocked/<host>``, ``breaker/left_alone``.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._crawler = crawler
        self._now: Clock = load_object(settings["FINEWS_CLOCK"])
        self._first = timedelta(seconds=settings.getfloat("FINEWS_BREAKER_SECONDS"))
        self._longest = timedelta(seconds=settings.getfloat("FINEWS_BREAKER_MAX_SECONDS"))
        self._silences: Counter[str] = Counter()
        self._most_silences = settings.getint("FINEWS_PATIENCE")
        self._patience = timedelta(seconds=settings.getfloat("FINEWS_RETRY_AFTER_MAX_SECONDS"))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy."""
        return cls(crawler)

    def check(self, request: Request) -> None:
        """Let a request pass.

        :raises HostBlocked: when its host is to be left alone.
        """
        host = urlparse_cached(request).hostname or ""
        block = archive_of(self._crawler).crawl_state.block_of(host, self._now())
        if block is not None:
            self._count("breaker/left_alone")
            raise HostBlocked(f"{host} is left alone {_until(block)}: {block.reason}")
        if request.meta.get(ANSWERS_JSON) and self._silences[host] >= self._most_silences:
            told = f"it gave no answer {self._most_silences} times in a row"
            raise HostBlocked(f"{host} is left alone until the next crawl: {told}")

    def heard(self, host: str) -> None:
        """A host of bodies has answered."""
        del self._silences[host]

    def not_heard(self, host: str) -> None:
        """It has not, however often it was asked for the same.

        After ``FINEWS_PATIENCE`` times in a row it is left alone for the rest of the crawl: three
        dead hosts would cost every article nine requests.
        """
        self._silences[host] += 1

    def take(self, request: Request, response: Response, *, last: bool) -> timedelta:
        """Take an answer for what it says of us: block its host where it wants that.

        :param last: the same is not asked again, whatever it says.
        :returns: how long to wait before the same is asked again; nothing, mostly.
        """
        if _is_robots(request):
            return timedelta()
        wait = _retry_after(response, self._now()) if response.status in _BUSY else None
        if wait and wait <= self._patience and not last:
            return wait
        if wait:
            reason = f"it answered {response.status} and asks to wait {wait}"
            self._block(request, reason, at_least=min(wait, self._longest))
        elif response.status in _BLOCKING:
            self._block(request, f"it answered {response.status}")
        return timedelta()

    def read(self, request: Request, response: Response) -> None:
        """Block a host that answers with a page where data was due.

        Asked twice: as the answer comes, when the next request has not gone out yet, and for those
        that came compressed once more when they are not.
        """
        page = response.status == 200 and response.body.lstrip().startswith(b"<")
        if page and request.meta.get(ANSWERS_JSON) and not self._is_blocked(request):
            self._block(request, "it answered with a page where data was due")

    def _is_blocked(self, request: Request) -> bool:
        host = urlparse_cached(request).hostname or ""
        return archive_of(self._crawler).crawl_state.block_of(host, self._now()) is not None

    def _block(self, request: Request, reason: str, at_least: timedelta | None = None) -> None:
        first = max(self._first, at_least or self._first)
        host = urlparse_cached(request).hostname or ""
        state = archive_of(self._crawler).crawl_state
        block = state.block(host, reason, self._now(), first, max(self._longest, first))
        self._count(f"breaker/blocked/{host}")
        logger.warning("%s is left alone %s: %s.", host, _until(block), reason)

    def _count(self, key: str) -> None:
        assert self._crawler.stats is not None
        self._crawler.stats.inc_value(key)


@lru_cache(maxsize=1)
def circuit_breaker_of(crawler: Crawler) -> CircuitBreaker:
    """The breaker of a running crawl."""
    breaker = crawler.get_extension(CircuitBreaker)
    assert breaker is not None, "EXTENSIONS has no CircuitBreaker"
    return breaker


def _until(block: Block) -> str:
    return f"until {block.until:%Y-%m-%d %H:%M} UTC"


def _is_robots(request: Request) -> bool:
    return urlparse_cached(request).path == "/robots.txt"


def _retry_after(response: Response, now: datetime) -> timedelta | None:
    """How long a Retry-After says, as seconds or as a date; None when it says nothing sensible."""
    value = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if value.isascii() and value.isdigit() and len(value) < 9:
        return timedelta(seconds=int(value))
    try:
        return max(parsedate_to_datetime(value) - now, timedelta())
    except (ValueError, TypeError):
        return None
