"""Sends requests, after they have passed all queues."""

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
    """Scrapy's handler, which stops when a host refuses.

    When a host refuses, more requests to it are queued already. They have passed all middlewares,
    so only here they can be stopped, or made to wait. A host that has not answered yet gets one
    request at a time, so that a dead host costs few requests.

    Without a delay, Scrapy 2.19 starts all that are queued for a host at once, whatever
    ``CONCURRENT_REQUESTS_PER_DOMAIN`` is (``Downloader._process_queue`` counts a transfer only
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
        """Send a request, and send it again when the host requires to wait.

        :raises HostBlocked: when the host is blocked by now.
        """
        host = urlparse_cached(request).hostname or ""
        async with self._turns[host]:
            if self._breaker.has_answered(request):
                return await self._send(request)
            async with self._first_answer[host]:
                return await self._send(request)

    async def _send(self, request: Request) -> Response:
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
