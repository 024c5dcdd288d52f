"""Downloads, after requests have waited for their turn in all queues."""

import asyncio
from collections import defaultdict

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from crawler.extensions.circuit_breaker import CircuitBreaker
from crawler.request_meta import WIRE_HEAD
from crawler.scrapy_internals import bound_headers, wire_head_of


class GuestDownloadHandler(HTTP11DownloadHandler):
    """Scrapy's own, which stops when a host refuses.

    When a host refuses, more requests are queued for it already: they have passed all
    middlewares, and only here are they met one by one. Waiting here makes them all wait. A host
    that has not answered yet is asked one request at a time, so that a dead one costs few.

    Without a delay, Scrapy 2.19 starts all that are queued for a host at once, whatever
    ``CONCURRENT_REQUESTS_PER_DOMAIN`` says (``Downloader._process_queue`` counts a transfer only
    when its task begins to run), so they take turns here.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        bound_headers(self)
        self._breaker = CircuitBreaker.of(crawler)
        self._tries = 1 + crawler.settings.getint("RETRY_TIMES")
        at_once = crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
        self._turns: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(at_once)
        )
        self._first_answer: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def download_request(self, request: Request) -> Response:
        """Send a request, again when the host asks to wait and try later.

        :raises HostBlocked: when it is not to be asked by now.
        """
        host = urlparse_cached(request).hostname or ""
        async with self._turns[host]:
            if self._breaker.has_answered(request):
                return await self._ask(request)
            async with self._first_answer[host]:
                return await self._ask(request)

    async def _ask(self, request: Request) -> Response:
        for left in reversed(range(self._tries)):
            self._breaker.check(request)
            with self._breaker.watching(request):
                response = await super().download_request(request)
            request.meta[WIRE_HEAD] = wire_head_of(response.headers)
            wait = self._breaker.count_answer(request, response, last=left == 0)
            if not wait:
                break
            await asyncio.sleep(wait.total_seconds())
        return response
