"""Requests each interface once, with the limits of a crawl; nothing is archived."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request, Spider, signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.exceptions import IgnoreRequest, ResponseDataLossError
from scrapy.http import Response
from scrapy.robotstxt import ProtegoRobotParser
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import load_object
from twisted.internet.error import ConnectionClosed
from twisted.python.failure import Failure

from archive.errors import FinewsError
from crawler.checking.answers import Answer, Answers, Silence
from crawler.checking.interfaces import Interface, Known, Plan
from crawler.network_errors import HostBlocked, why
from crawler.pages.reading import read_answer
from crawler.request_meta import ANSWERS_JSON

#: Settings of a check: nothing is stored, and nothing is requested a second time.
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


class NotChecked(FinewsError):
    """A check did not finish."""


class CheckSpider(Spider):
    """Requests each interface of a plan, as soon as its address is known.

    It is outside of SPIDER_MODULES, because it is no spider to crawl with.
    """

    name = "check"

    def __init__(self, name: str | None = None, *, plan: Plan) -> None:
        super().__init__(name)
        self.answers: dict[Interface, Answer] = {}
        self.robots: dict[str, str] = {}
        self.allowed_domains = [urlsplit(one.template).hostname or "" for one in plan.interfaces]
        self._plan = plan
        self._known = Known()
        self._remaining = list(plan.interfaces)
        self._waiting = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Build the spider; Scrapy calls this."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.robots_received, signals.response_received)
        crawler.signals.connect(spider.robots_parsed, signals.robots_parsed)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Yield requests for the interfaces whose addresses are known from the start."""
        for request in self._possible():
            yield request

    def parse(self, response: Response, *, interface: Interface) -> Iterator[Request]:
        """Store an answer, and yield requests for what it names."""
        assert response.request is not None
        self._store(interface, response.request, response=response)
        with suppress(FinewsError):
            self._known = self._plan.learn(self._known, read_answer(self._plan.source, response))
        yield from self._go_on()

    def failed(self, failure: Failure) -> Iterator[Request]:
        """Store why there is no answer."""
        request: Request = failure.request  # type: ignore[attr-defined] # set by Scrapy
        error = failure.value
        assert isinstance(error, Exception)
        reason = str(error) if isinstance(error, IgnoreRequest) else why(error)
        silence = _silence(error)
        self._store(request.cb_kwargs["interface"], request, silence=silence, reason=reason)
        yield from self._go_on()

    def robots_received(self, response: Response, request: Request) -> None:
        """Store the status of a robots.txt."""
        parts = urlparse_cached(request)
        if parts.path == "/robots.txt":
            found = response.status == HTTPStatus.OK
            self.robots[parts.netloc] = "there" if found else f"none (status {response.status})"

    def robots_parsed(self, robotparser: ProtegoRobotParser, request: Request) -> None:
        """Store the delay that a robots.txt requires."""
        host = urlparse_cached(request).netloc
        says = self.robots.setdefault(host, "elsewhere, by a redirect")
        delay = robotparser.rp.crawl_delay(self.settings["USER_AGENT"])
        if delay:
            self.robots[host] = f"{says}, asks for a delay of {delay:g} s"

    def _store(self, interface: Interface, request: Request, **answer: Any) -> None:
        now = load_object(self.settings["FINEWS_CLOCK"])()
        self.answers[interface] = Answer(
            interface=interface.name,
            address=request.url,
            received=now,
            title=self._known.title if interface.of_article else None,
            **answer,
        )

    def _go_on(self) -> Iterator[Request]:
        self._waiting -= 1
        yield from self._possible()
        if not self._waiting:
            self._known = self._known.completed_by(self._plan.seen)
            yield from self._possible()

    def _possible(self) -> Iterator[Request]:
        for interface in tuple(self._remaining):
            address = interface.address(self._known)
            if address is not None:
                self._remaining.remove(interface)
                self._waiting += 1
                yield self._request(interface, address)

    def _request(self, interface: Interface, address: str) -> Request:
        return Request(
            address,
            errback=self.failed,
            dont_filter=True,
            meta={
                "handle_httpstatus_all": True,
                "dont_redirect": True,
                ANSWERS_JSON: interface.is_json,
            },
            cb_kwargs={"interface": interface},
        )

    def all_answers(self) -> Answers:
        """Return the answers in the order of the plan."""
        answers = (
            self.answers.get(interface)
            or Answer(
                interface=interface.name,
                address="",
                silence=Silence.NOT_ASKED,
                reason="no answer named what to ask for",
            )
            for interface in self._plan.interfaces
        )
        hosts = sorted({interface.host for interface in self._plan.interfaces})
        robots = {host: self.robots.get(host, "could not be fetched") for host in hosts}
        return Answers(self._plan.source, tuple(answers), robots)


def request_all(plans: Sequence[Plan], settings: Settings) -> list[Answers]:
    """Request each interface of each plan once.

    :param settings: the settings of the project; those of a source's spider override them.
    :raises NotChecked: when Scrapy could not start or was interrupted.
    """
    headers = {**settings.getdict("DEFAULT_REQUEST_HEADERS"), **_NO_SECOND_TRY}
    settings.setdict({**_ONCE, "DEFAULT_REQUEST_HEADERS": headers}, priority="cmdline")
    loader = SpiderLoader.from_settings(settings)
    with TemporaryDirectory() as folder:
        process = AsyncCrawlerProcess(settings)
        tasks = []
        crawlers = []
        for plan in plans:
            crawler = process.create_crawler(CheckSpider)
            own_settings = loader.load(plan.source).custom_settings or {}
            crawler.settings.setdict(own_settings, priority="spider")
            archive = str(Path(folder) / plan.source)
            crawler.settings.set("FINEWS_ARCHIVE", archive, priority="cmdline")
            tasks.append(process.crawl(crawler, plan=plan))
            crawlers.append(crawler)
        process.start()
    return [_answers(crawler, task) for crawler, task in zip(crawlers, tasks, strict=True)]


def _answers(crawler: Crawler, task: asyncio.Task[None]) -> Answers:
    error = task.exception() if task.done() and not task.cancelled() else None
    finished = crawler.stats is not None and crawler.stats.get_value("finish_reason") == "finished"
    if error is not None or not finished:
        raise NotChecked(f"The check came to no end: {error or 'it was interrupted'}.")
    assert isinstance(crawler.spider, CheckSpider)
    return crawler.spider.all_answers()


def request_one(source: str, address: str, settings: Settings) -> Answer:
    """Request one address once, with the settings of a source.

    :raises NotChecked: as `request_all`.
    """
    interface = Interface(kind="answer", template=address, address=lambda _: address)
    plan = Plan(source=source, interfaces=(interface,), learn=lambda known, _: known)
    (answers,) = request_all([plan], settings)
    return answers.answers[0]


def _silence(error: Exception) -> Silence:
    if isinstance(error, HostBlocked):
        return Silence.LEFT_ALONE
    if isinstance(error, IgnoreRequest):
        return Silence.FORBIDDEN
    causes = getattr(error.__cause__, "reasons", ())
    closed = any(isinstance(cause.value, ConnectionClosed) for cause in causes)
    begun = isinstance(error, ResponseDataLossError)
    return Silence.CUT if closed and not begun else Silence.UNREACHABLE
