"""Turns a page that could not be read into a counted failure; the crawl goes on."""

from collections.abc import Iterable
from typing import Any

from scrapy.crawler import Crawler
from scrapy.http import Response

from archive.errors import Refused
from crawler.failures import Failures
from crawler.pages.errors import PageError
from crawler.request_meta import ARTICLE, EDITION, POST_URL
from crawler.session import Component


class PageErrorMiddleware(Component):
    """Handles errors that page objects raise in callbacks; all other errors are bugs."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._failures = Failures(crawler)

    def process_spider_exception(
        self, response: Response, exception: Exception
    ) -> Iterable[Any] | None:
        """Count the failure and log it."""
        if not isinstance(exception, PageError | Refused):
            self._failures.of_crawler(response.url, exception)
            return None
        reason = exception.reason if isinstance(exception, PageError) else "refused"
        if info_code := response.meta.get(ARTICLE):
            url, edition = response.meta.get(POST_URL), response.meta.get(EDITION)
            self._failures.of_article(info_code, reason, str(exception), url, edition)
        else:
            self._failures.of_list(response.url, reason, str(exception))
        return []
