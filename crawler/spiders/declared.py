"""Crawl a source by its declaration: its lists, page by page, and the articles that they name."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

from scrapy import Request, Spider
from scrapy.http import Response
from scrapy.settings import BaseSettings

from crawler.declarations import Answer, AnswerError, Declaration, Entry, read_list
from crawler.declarations.addresses import article_address, first_address, next_address
from crawler.declarations.composed import DeclaredArticle, composed
from crawler.declarations.identity import article_id
from crawler.declarations.redaction import redacted
from crawler.extraction.fallback import read_or_extract

_MOST_PAGES = 20


class DeclaredSpider(Spider):
    """Base of the spiders of declared sources, which `spider_of` makes.

    :param only: the name of the one list that is read; without it, all are.
    :param pages: of each list that are read at most.
    """

    declaration: ClassVar[Declaration]

    def __init__(
        self,
        name: str | None = None,
        *,
        only: str | None = None,
        pages: str = "1",
    ) -> None:
        super().__init__(name)
        self._lists = (only,) if only else tuple(self.declaration.lists)
        self._pages = min(int(pages), _MOST_PAGES)
        self._met: set[str] = set()

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Set the pace that the source's manners ask for."""
        super().update_settings(settings)
        settings.set("DOWNLOAD_DELAY", cls.declaration.manners.delay, priority="spider")

    async def start(self) -> AsyncIterator[Any]:
        """Ask for the first page of each list."""
        for name in self._lists:
            yield self._ask_for_list(name, first_address(self.declaration.lists[name], _now()), 1)

    def parse_list(self, response: Response, name: str, page: int) -> Iterator[Any]:
        """Yield the articles of a page of a list, requests for others, and for the next page."""
        table = self.declaration.lists[name]
        try:
            found = read_list(self.declaration, name, self._answer(response), page=page)
        except AnswerError as error:
            self._report(error)
            return
        new = [entry for entry in found.entries if entry.skip is None and self._is_new(entry, name)]
        for entry in new:
            article = composed(self.declaration, entry, space=table.space) if table.whole else None
            if article:
                yield article
            elif not table.whole and (address := article_address(self.declaration, entry, _now())):
                yield Request(
                    address,
                    callback=self.parse_article,
                    cb_kwargs={"entry": entry, "space": table.space},
                    headers=self._headers_of_article(),
                )
        following = next_address(table, found, _now())
        if new and following and page < self._pages:
            yield self._ask_for_list(name, following, page + 1)

    def parse_article(
        self, response: Response, entry: Entry, space: str
    ) -> Iterator[DeclaredArticle]:
        """Yield the article of a page."""
        try:
            facts = read_or_extract(self.declaration, self._answer(response))
        except AnswerError as error:
            self._report(error)
            return
        if article := composed(self.declaration, entry, facts, space=space):
            yield article

    def _ask_for_list(self, name: str, address: str, page: int) -> Request:
        return Request(
            address,
            callback=self.parse_list,
            cb_kwargs={"name": name, "page": page},
            headers=dict(self.declaration.lists[name].headers),
            dont_filter=True,
        )

    def _headers_of_article(self) -> dict[str, str]:
        layouts = (one for one in self.declaration.articles.values() if one.address)
        return dict(next((one.headers for one in layouts), {}))

    def _answer(self, response: Response) -> Answer:
        header = response.headers.get("Content-Type") or b""
        answer = Answer(
            response.url,
            response.body,
            content_type=header.decode("latin-1"),
            status=response.status,
            fetched=_now(),
        )
        return redacted(self.declaration, answer)

    def _is_new(self, entry: Entry, name: str) -> bool:
        """Report whether an article was met for the first time in this crawl, by any list."""
        space = self.declaration.lists[name].space
        known_as = article_id(self.declaration, entry.id, entry.address, space=space)
        if known_as in self._met:
            return False
        self._met.add(known_as)
        return True

    def _report(self, error: AnswerError) -> None:
        self.logger.error("%s", error)
        self.crawler.stats.inc_value(f"declared/{type(error).__name__}")


def spider_of(declaration: Declaration) -> type[DeclaredSpider]:
    """Make the spider of a declared source."""
    attributes = {
        "__doc__": f"Crawl {declaration.title}.",
        "name": declaration.name,
        "declaration": declaration,
        "allowed_domains": list(declaration.hosts),
    }
    return type(f"{declaration.name.title()}Spider", (DeclaredSpider,), attributes)


def _now() -> datetime:
    return datetime.now(UTC)
