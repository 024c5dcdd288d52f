"""Asks for the pictures of archived articles, once all else has been asked for."""

import logging
from collections import defaultdict, deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Self
from urllib.parse import urljoin

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider, DownloadCancelledError, NotConfigured
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from archive.article import Article, InfoCode
from archive.body import picture_address
from archive.media import host_of, media_type
from crawler.extensions.circuit_breaker import HostBlocked
from crawler.extensions.open_archive import archive_here
from crawler.failures import Failures, reason_of
from crawler.fingerprint import PICTURE
from crawler.items import FetchedPicture
from crawler.keeper import OnThisMachine, keeper_class
from crawler.sources import Sources

logger = logging.getLogger(__name__)

_REDIRECTS = [301, 302, 303, 307, 308]
_MOST_REDIRECTS = 3
_PATIENCE = 3
"""A host that gives so many times in a row no picture is asked for no more by this crawl."""


class Pictures:
    """Fetches what the catalog says is missing, so that a crawl also brings what one before it,
    killed or busy, left out. ``FINEWS_MEDIA=1`` switches it on.

    It is not Scrapy's FilesPipeline, because that holds an article's item until its pictures are
    there, sends its requests past the scheduler, so that pictures which wait for their host keep
    articles from being asked for, and knows only the pictures of this crawl's items.

    One after the other and host by host: the next picture is asked for when the one before has
    come. Stats: ``picture/failed/<reason>``; ``picture/kept`` is the store pipeline's.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._crawler = crawler
        self._failures = Failures(crawler)
        self._hosts = Sources.load(Path(settings["FINEWS_SOURCES"])).pictures.hosts
        self._most = settings.getint("FINEWS_PICTURES")
        self._most_bytes = settings.getint("FINEWS_PICTURE_MAXSIZE")
        self._stored: set[InfoCode] = set()
        self._in_vain: defaultdict[str, int] = defaultdict(int)
        self._asked = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy."""
        if not crawler.settings.getbool("FINEWS_MEDIA"):
            raise NotConfigured
        if not issubclass(keeper_class(crawler.settings), OnThisMachine):
            raise NotConfigured("pictures are asked for where the archive is")
        extension = cls(crawler)
        crawler.signals.connect(extension.allow_hosts, signals.spider_opened)
        crawler.signals.connect(extension.note_stored, signals.item_scraped)
        crawler.signals.connect(extension.begin, signals.spider_idle)
        crawler.signals.connect(extension.report, signals.spider_closed)
        return extension

    def allow_hosts(self, spider: Any) -> None:
        """On `spider_opened`: else their robots.txt would count as offsite, and not be read."""
        spider.allowed_domains = [*spider.allowed_domains, *self._hosts]

    def note_stored(self, item: object) -> None:
        """On `item_scraped`: an article is on disk."""
        if isinstance(item, Article):
            self._stored.add(item.info_code)

    def begin(self) -> None:
        """On `spider_idle`: every article is stored or has failed."""
        if self._asked:
            return
        self._asked = True
        queues: defaultdict[str, deque[str]] = defaultdict(deque)
        for address in self._wanted():
            queues[host_of(address) or ""].append(address)
        assert self._crawler.engine is not None
        for queue in queues.values():
            for request in self._next(queue):
                self._crawler.engine.crawl(request)
        if queues:
            raise DontCloseSpider

    def fetched(self, response: Response, queue: deque[str], redirects: int) -> Iterator[Any]:
        """Picture → the archive, and the next one."""
        address = response.meta[PICTURE]
        if response.status in _REDIRECTS:
            yield from self._redirected(response, queue, redirects + 1)
        elif media_type(response.body) is None:
            sentence = f"{response.url} is no JPEG, PNG, GIF or WebP picture."
            yield from self._without(address, queue, "no_picture", sentence)
        else:
            self._in_vain[_host(address)] = 0
            yield FetchedPicture(address, response.body)
            yield from self._next(queue)

    def failed(self, failure: Failure) -> Iterator[Request]:
        """No picture → the next one, unless its host wants to be left alone."""
        request: Request = failure.request  # type: ignore[attr-defined] # set by Scrapy
        error = failure.value
        if isinstance(error, HostBlocked):
            logger.info("No more pictures: %s.", error)
            return
        reason, sentence = reason_of(failure)
        if isinstance(error, DownloadCancelledError):
            reason = "too_large"
            sentence = f"{request.url} has more than {self._most_bytes} bytes."
        yield from self._without(
            request.meta[PICTURE],
            request.cb_kwargs["queue"],
            reason,
            sentence,
            answered=isinstance(error, HttpError | DownloadCancelledError),
        )

    def report(self) -> None:
        """On `spider_closed`."""
        assert self._crawler.stats is not None
        kept, failed = (
            self._crawler.stats.get_value(f"picture/{what}", 0) for what in ("kept", "failed")
        )
        if kept or failed:
            logger.info("%d pictures are kept, %d could not be had.", kept, failed)

    def _wanted(self) -> list[str]:
        """Addresses, the newest articles' first; in a crawl of a part, just of its articles."""
        settings, archive = self._crawler.settings, archive_here(self._crawler)
        waiting = archive.waiting_pictures(
            share=settings.getfloat("FINEWS_REVISIT_SHARE"),
            attempts=settings.getint("FINEWS_ATTEMPTS"),
        )
        whole = getattr(self._crawler.spider, "is_whole", False)
        wanted = (
            address
            for info_code, address in archive.missing_pictures(self._hosts)
            if address not in waiting and (whole or info_code in self._stored)
        )
        return list(dict.fromkeys(islice(wanted, self._most)))

    def _next(self, queue: deque[str]) -> Iterator[Request]:
        if queue and self._in_vain[_host(queue[0])] < _PATIENCE:
            address = queue.popleft()
            yield self._request(address, address, queue)

    def _request(self, url: str, address: str, queue: deque[str], redirects: int = 0) -> Request:
        return Request(
            url,
            self.fetched,
            errback=self.failed,
            headers={"Accept": "image/*"},
            dont_filter=True,  # each is asked for once, and its host has been looked at
            meta={
                PICTURE: address,
                "handle_httpstatus_list": _REDIRECTS,
                "dont_retry": True,
                "download_maxsize": self._most_bytes,
                "referrer_policy": "no-referrer",
            },
            cb_kwargs={"queue": queue, "redirects": redirects},
        )

    def _redirected(
        self, response: Response, queue: deque[str], redirects: int
    ) -> Iterator[Request]:
        address = response.meta[PICTURE]
        location = (response.headers.get("Location") or b"").decode("latin-1")
        target = self._target(response.url, location)
        if target is None or redirects > _MOST_REDIRECTS:
            sentence = f"{response.url} leads to {location!r}, which is not asked for a picture."
            yield from self._without(address, queue, "redirect", sentence)
        else:
            yield self._request(target, address, queue, redirects)

    def _target(self, url: str, location: str) -> str | None:
        try:
            target = picture_address(urljoin(url, location))
        except ValueError:
            return None
        return target if target and host_of(target) in self._hosts else None

    def _without(
        self, address: str, queue: deque[str], reason: str, sentence: str, *, answered: bool = True
    ) -> Iterator[Request]:
        self._failures.of_picture(address, reason, sentence, answered=answered)
        self._in_vain[_host(address)] += 1
        yield from self._next(queue)


def _host(address: str) -> str:
    return host_of(address) or ""
