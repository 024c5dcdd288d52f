"""Obeys robots.txt, also for requests that wait while it is being fetched."""

import asyncio
import logging
from collections import defaultdict

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's own, which lets one request of a host after the other ask for its parser.

    In Scrapy 2.19 (``RobotsTxtMiddleware.robot_parser``), all requests that come while a host's
    robots.txt is being fetched await the same Deferred. A Deferred hands its result to the first
    callback and None to the next, and None means that everything is allowed.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        logging.getLogger(RobotsTxtMiddleware.__module__).addFilter(_without_traceback)
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """The parser of the host's robots.txt; None when it could not be fetched."""
        async with self._turns[urlparse_cached(request).netloc]:
            return await super().robot_parser(request)


def _without_traceback(record: logging.LogRecord) -> bool:
    """A host that cannot be reached is no error of ours, and its sentence says so."""
    record.exc_info = None
    return True
