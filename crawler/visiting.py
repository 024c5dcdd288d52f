"""Visit sources outside of a crawl: a few requests with the limits of a crawl; nothing is stored.

A visit is a function that requests addresses, one after the other or several at once, and returns
what it found. robots.txt, the pace, circuit breakers and limits of size and time are a crawl's.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Generic, Self, TypeVar

from scrapy import Request, Spider, signals
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import ProtegoRobotParser
from scrapy.settings import Settings
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import load_object

from archive.errors import FinewsError
from crawler.network_errors import DOWNLOAD_ERRORS, HostBlocked, is_cut, why
from crawler.refusals import refusal_in
from crawler.request_meta import ANSWERS_JSON

#: Settings of a visit: nothing is stored, and nothing is requested a second time.
_ONCE = {
    "FINEWS_ARCHIVE_CLASS": "crawler.archive_port.ArchiveInProcess",
    "FINEWS_WARC": False,
    "FINEWS_MEDIA": False,
    "ITEM_PIPELINES": {},
    "RETRY_ENABLED": False,
    "RETRY_TIMES": 0,
    "LOG_ENABLED": False,
}
#: Twisted itself repeats a request whose connection was used before and is cut.
_NO_SECOND_TRY = {"Connection": "close"}

T = TypeVar("T")


class VisitFailed(FinewsError):
    """A visit did not finish."""


class NoAnswer(FinewsError):
    """A request has no answer, an error, or a refusal."""


class Silence(StrEnum):
    """Why there is no answer."""

    FORBIDDEN = "forbidden"
    LEFT_ALONE = "left alone"
    CUT = "cut"
    UNREACHABLE = "unreachable"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The result of a request.

    :param address: the requested address; empty where none was known.
    :param response: the answer, decompressed; None when there is none.
    :param silence: why there is no answer; None when there is one.
    :param reason: the same in a sentence.
    :param received: when the answer was received, aware; None where that is not known.
    """

    address: str
    response: Response | None = None
    silence: Silence | None = None
    reason: str = ""
    received: datetime | None = None

    def answer(self) -> Response:
        """Return the answer.

        :raises NoAnswer: when there is none, or it is an error or a refusal.
        """
        if self.response is None:
            raise NoAnswer(f"{self.address} has no answer: {self.reason}.")
        if refusal := refusal_in(self.response):
            raise NoAnswer(f"{self.address} refused with {refusal}.")
        if self.response.status != HTTPStatus.OK:
            raise NoAnswer(f"{self.address} answered with status {self.response.status}.")
        return self.response


class Visitor(Spider):
    """Makes one visit.

    It is outside of SPIDER_MODULES, because it is no spider to crawl with.
    """

    name = "visit"

    def __init__(self, name: str | None = None, *, visit: "Visit[Any]") -> None:
        super().__init__(name)
        self.allowed_domains = list(visit.hosts)
        self.robots: dict[str, str] = {}
        self.robots_answers: dict[str, Response] = {}
        self.outcome: asyncio.Future[Any] | None = None
        self._visit = visit

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Build the spider; Scrapy calls this."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.robots_received, signals.response_received)
        crawler.signals.connect(spider.robots_parsed, signals.robots_parsed)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Make the visit; no request goes through the scheduler."""
        self.outcome = asyncio.ensure_future(self._visit.run(self))
        try:
            await asyncio.wait([self.outcome])
        finally:
            self.outcome.cancel()  # where the visit was interrupted
        return
        yield

    async def request(
        self,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        is_json: bool = False,
        follow: bool = False,
    ) -> Reply:
        """Request an address once.

        :param headers: that the request needs.
        :param is_json: a page instead of the answer means that the host refuses.
        :param follow: redirects are followed, and the reply has the last address.
        """
        assert self.crawler.engine is not None
        request = Request(
            address,
            headers=dict(headers or {}),
            dont_filter=True,
            meta={
                "handle_httpstatus_all": not follow,
                "dont_redirect": not follow,
                ANSWERS_JSON: is_json,
            },
        )
        try:
            response = await self.crawler.engine.download_async(request)
        except (*DOWNLOAD_ERRORS, TunnelError) as error:
            reason = str(error).rstrip(".") if isinstance(error, IgnoreRequest) else why(error)
            return Reply(
                address=request.url, silence=_silence(error), reason=reason, received=self.now()
            )
        return Reply(address=response.url, response=response, received=self.now())

    def now(self) -> datetime:
        """Return the time."""
        now: datetime = load_object(self.settings["FINEWS_CLOCK"])()
        return now

    def robots_received(self, response: Response, request: Request) -> None:
        """Store a robots.txt and its status."""
        parts = urlparse_cached(request)
        if parts.path == "/robots.txt":
            found = response.status == HTTPStatus.OK
            self.robots_answers[parts.netloc] = response
            self.robots[parts.netloc] = "there" if found else f"none (status {response.status})"

    def robots_parsed(self, robotparser: ProtegoRobotParser, request: Request) -> None:
        """Store the delay that a robots.txt requires."""
        host = urlparse_cached(request).netloc
        says = self.robots.setdefault(host, "elsewhere, by a redirect")
        delay = robotparser.rp.crawl_delay(self.settings["USER_AGENT"])
        if delay:
            self.robots[host] = f"{says}, asks for a delay of {delay:g} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit(Generic[T]):
    """A visit of one source.

    :param run: a function that makes the visit.
    :param hosts: that may be requested; every host where there are none.
    :param settings: of the source, which override the project's.
    """

    run: Callable[[Visitor], Awaitable[T]]
    hosts: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


def make_visits(visits: Sequence[Visit[T]], settings: Settings) -> list[T]:
    """Make visits, all at the same time, and return what each found.

    :param settings: of the project.
    :raises VisitFailed: when Scrapy could not start.
    :raises KeyboardInterrupt: when a signal ended the visits.
    :raises FinewsError: that a visit raised.
    """
    headers = {**settings.getdict("DEFAULT_REQUEST_HEADERS"), **_NO_SECOND_TRY}
    settings.setdict({**_ONCE, "DEFAULT_REQUEST_HEADERS": headers}, priority="cmdline")
    with TemporaryDirectory() as folder:
        process = AsyncCrawlerProcess(settings)
        made = []
        for number, visit in enumerate(visits):
            crawler = process.create_crawler(Visitor)
            crawler.settings.setdict(dict(visit.settings), priority="spider")
            crawler.settings.set("FINEWS_ARCHIVE", str(Path(folder) / str(number)), "cmdline")
            made.append((crawler, process.crawl(crawler, visit=visit)))
        process.start()
    return [_found(crawler, task) for crawler, task in made]


def _found(crawler: Crawler, task: asyncio.Task[None]) -> Any:
    if task.done() and not task.cancelled() and (error := task.exception()):
        raise VisitFailed(f"The visit came to no end: {error}.")
    outcome = crawler.spider.outcome if isinstance(crawler.spider, Visitor) else None
    if outcome is None or not outcome.done() or outcome.cancelled():
        raise KeyboardInterrupt  # Scrapy has handled the signal
    return outcome.result()


def _silence(error: Exception) -> Silence:
    if isinstance(error, HostBlocked):
        return Silence.LEFT_ALONE
    if isinstance(error, IgnoreRequest):
        return Silence.FORBIDDEN
    return Silence.CUT if is_cut(error) else Silence.UNREACHABLE
