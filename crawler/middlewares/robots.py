"""Obeys robots.txt, also for requests that wait while it is being fetched."""

import asyncio
import logging
from collections import defaultdict
from http import HTTPStatus

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import build_from_crawler, load_object

from crawler.middlewares.capture import NotStored
from crawler.network_errors import DOWNLOAD_ERRORS, HostBlocked, why
from crawler.session import stats_of

logger = logging.getLogger(__name__)


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's middleware, corrected: requests of a host wait until its robots.txt is fetched.

    In Scrapy 2.19 all of them await one Deferred, which gives the rules to the first of them and
    None, "everything is allowed", to the others (see https://github.com/scrapy/scrapy/pull/6802).

    A robots.txt that cannot be fetched forbids nothing, and one sentence in the log names the
    reason. One that is sent with another status than 200 is an error page, and no rule is read from
    it. While the archive cannot store a robots.txt, no request of its host is sent.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._parser_class = load_object(crawler.settings["ROBOTSTXT_PARSER"])
        self._rules: dict[str, RobotParser | None] = {}
        self._not_stored: set[str] = set()
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """Return the rules of the request's host; None when they could not be fetched."""
        netloc = urlparse_cached(request).netloc
        async with self._locks[netloc]:
            if netloc not in self._rules:
                self._rules[netloc] = await self._fetch(request, netloc)
        return self._rules[netloc]

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Let a request pass, if robots.txt allows it and is known."""
        if urlparse_cached(request).netloc in self._not_stored:
            raise IgnoreRequest("the archive could not store its host's robots.txt")
        super().process_request_2(rp, request)

    async def _fetch(self, request: Request, netloc: str) -> RobotParser | None:
        assert self.crawler.engine is not None
        robots = Request(
            f"{urlparse_cached(request).scheme}://{netloc}/robots.txt",
            priority=self.DOWNLOAD_PRIORITY,
            meta={"dont_obey_robotstxt": True},
            callback=NO_CALLBACK,
        )
        try:
            response = await self.crawler.engine.download_async(robots)
        except DOWNLOAD_ERRORS as error:
            if isinstance(error, NotStored):
                self._not_stored.add(netloc)
            elif not isinstance(error, HostBlocked):
                _warn(netloc, str(error) if isinstance(error, IgnoreRequest) else why(error))
            return None
        return await self._parse(response, netloc, request)

    async def _parse(self, response: Response, netloc: str, request: Request) -> RobotParser:
        stats_of(self.crawler).inc_value(f"robotstxt/response_status_count/{response.status}")
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _warn(netloc, f"it answered with status {response.status}")
        body = response.body if response.status == HTTPStatus.OK else b""
        rules: RobotParser = build_from_crawler(self._parser_class, self.crawler, body)
        await self.crawler.signals.send_catch_log_async(
            signal=signals.robots_parsed, robotparser=rules, request=request
        )
        return rules


def _warn(netloc: str, reason: str) -> None:
    logger.warning(
        "The robots.txt of %s could not be fetched, so it forbids nothing: %s.", netloc, reason
    )
