"""The base of all spiders: what they know of their crawl, and the articles of earlier crawls."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar, Self

from pydantic import BaseModel
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from archive.article_id import EASTMONEY
from archive.catalog import PostRow
from archive.crawl_state import Failed
from crawler.failures import Failures
from crawler.middlewares.conditional import validators_of
from crawler.request_meta import LIST
from crawler.session import CrawlSession, revisits_of, session_of, stats_of

#: Statuses of a page that was removed (RFC 9110, sections 15.5.5 and 15.5.11).
GONE = {404, 410}


class BaseSpider(Spider):
    """Base of the spiders."""

    arguments: ClassVar[type[BaseModel]]

    failures: Failures

    def __init__(self, name: str | None = None, **arguments: str) -> None:
        super().__init__(name)
        self.given_arguments = arguments

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Build the spider; Scrapy calls this."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.failures = Failures(crawler)
        return spider

    @cached_property
    def session(self) -> CrawlSession:
        """The session of the crawl, which exists once the spider has started."""
        return session_of(self.crawler)

    def count(self, key: str) -> None:
        """Add one to a number in the stats."""
        stats_of(self.crawler).inc_value(key)

    def list_read(self, response: Response) -> None:
        """Record the validators of a list that the next crawl may request conditionally."""
        validators = validators_of(response, self.session.now())
        if response.meta.get(LIST) and validators is not None:
            url = response.request.url if response.request else response.url
            self.session.list_read(url, validators)

    def due_rows(self, source: str = EASTMONEY) -> Sequence[PostRow]:
        """Return the archived articles of a source that may have changed."""
        return self.session.archive.due(source=source, **revisits_of(self.settings))

    def warn_of_given_up(self, failures: Sequence[Failed]) -> None:
        """Log how many of the articles that failed in earlier crawls are not requested again."""
        attempts = self.settings.getint("FINEWS_ATTEMPTS")
        if given_up := sum(failed.times >= attempts for failed in failures):
            self.logger.warning(
                "%d articles were given up after %d crawls; `finews stats` names them.",
                *(given_up, attempts),
            )


def request_of(failure: Failure) -> Request:
    """Return the request that failed."""
    request: Request = failure.request  # type: ignore[attr-defined] # set by Scrapy
    return request


def status_of(failure: Failure) -> int | None:
    """Return the status that made a request fail; None when it has no answer."""
    return failure.value.response.status if isinstance(failure.value, HttpError) else None


def requested_url(failure: Failure) -> str:
    """Return the address of a failed request, before any redirects."""
    request = request_of(failure)
    addresses: list[str] = request.meta.get("redirect_urls", [request.url])
    return addresses[0]
