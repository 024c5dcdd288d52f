"""Obeys robots.txt, also for requests that wait while it is being fetched."""

import asyncio
import logging
from collections import defaultdict
from http import HTTPStatus

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached

from crawler.middlewares.capture import NotKept
from crawler.network_errors import HostBlocked, why

logger = logging.getLogger(__name__)


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's own, which lets one request of a host after the other ask for its parser.

    In Scrapy 2.19 (``RobotsTxtMiddleware.robot_parser``), all requests that come while a host's
    robots.txt is being fetched await the same Deferred. A Deferred hands its result to the first
    callback and None to the next, and None means that everything is allowed.

    A robots.txt that cannot be had forbids nothing, and is told in one sentence. What is sent with
    another status than 200 is a page that tells of an error, and no rule is read from it. While the
    archive cannot keep a robots.txt, no request of its host is sent.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        logging.getLogger(RobotsTxtMiddleware.__module__).addFilter(_is_no_error)
        self._not_kept: set[str] = set()
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """The parser of the host's robots.txt; None when it could not be fetched."""
        async with self._turns[urlparse_cached(request).netloc]:
            return await super().robot_parser(request)

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Let a request pass, if robots.txt allows it and is known."""
        if urlparse_cached(request).netloc in self._not_kept:
            raise IgnoreRequest("the archive could not keep its host's robots.txt")
        super().process_request_2(rp, request)

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status != HTTPStatus.OK:
            if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                _tell(netloc, f"it answered with status {response.status}")
            response = response.replace(body=b"")
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        if isinstance(exc, NotKept):
            self._not_kept.add(netloc)
        elif not isinstance(exc, HostBlocked):
            _tell(netloc, str(exc) if isinstance(exc, IgnoreRequest) else why(exc))
        super()._robots_error(exc, netloc)


def _tell(netloc: str, reason: str) -> None:
    logger.warning(
        "The robots.txt of %s could not be had, and so it forbids nothing: %s.", netloc, reason
    )


def _is_no_error(record: logging.LogRecord) -> bool:
    """Scrapy tells of the same failure with a traceback, as if it were its own."""
    return record.levelno < logging.ERROR
