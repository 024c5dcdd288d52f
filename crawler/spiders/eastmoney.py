"""The spider of Eastmoney's own lists: list → page → … → articles → share API or article page.

In the order of an article's way: `start`, `parse_list`, `parse_text`.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.misc import load_object
from twisted.python.failure import Failure

from archive.article import SHANGHAI, BodySource, InfoCode
from archive.errors import InvalidInfoCode
from crawler.arguments import LISTS, EastmoneyArguments
from crawler.extensions.open_archive import archive_of
from crawler.failures import reason_of
from crawler.fingerprint import ANSWERS_JSON
from crawler.items import Item, Listed
from crawler.pages.article_page import ArticlePage
from crawler.pages.eastmoney_list import ListedArticle, UnreadableEntry
from crawler.pages.errors import EmptyList, EndlessList, PageError
from crawler.pages.facts import Facts
from crawler.pages.numbered_list import ColumnList
from crawler.spiders.articles import ArticleSpider, TextAddress, asked_for, request_of
from crawler.spiders.readings import ByCursor, ByNumber

_BEFORE_ARTICLES = 10
"""Priority of lists: an article is asked for once all lists are read, so that one that several
name is known by the first of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPlace:
    """A page of a list that is to be read.

    :param column: Eastmoney's number of the list.
    :param addresses: templates of where to ask for it, in order.
    :param reading: how far it has come.
    :param met: the codes of its articles on the pages before, and what stood there for one.
    """

    name: str
    column: int
    addresses: Sequence[str]
    reading: ByCursor | ByNumber
    met: set[str] = field(default_factory=set)


class EastmoneySpider(ArticleSpider):
    """Crawls Eastmoney's lists, back to where the last complete crawl found them."""

    name = "eastmoney"
    arguments = EastmoneyArguments
    gives = BodySource.ARTICLE_PAGE
    stand_in = BodySource.SUMMARY
    # Eastmoney bans addresses after a few fast calls, whichever of its hosts they go to.
    custom_settings = {  # noqa: RUF012 (Scrapy declares it as it is)
        "FINEWS_ONE_SLOT": True,
        "CONCURRENT_REQUESTS": 1,
        "DOWNLOAD_DELAY": 2.0,
        "AUTOTHROTTLE_START_DELAY": 2.0,
        "FINEWS_REVISITS": 20,
    }

    allowed_domains: list[str]

    def __init__(self, name: str | None = None, **arguments: str) -> None:
        super().__init__(name, **arguments)
        self.args = EastmoneyArguments.model_validate(arguments)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Made by Scrapy; see `ArticleSpider`."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        facts = spider.sources.eastmoney
        EastmoneyArguments.model_validate(spider.given_arguments, context={LISTS: facts.names})
        addresses = (*spider.sources.share.api, facts.article_page, *facts.rolling, *facts.columns)
        spider.allowed_domains = [urlsplit(address).hostname or "" for address in addresses]
        return spider

    @property
    def is_whole(self) -> bool:
        """One of just some lists is, too: else nobody tried again what only they name."""
        return self.args.since is None and self.args.pages is None

    async def start(self) -> AsyncIterator[Any]:
        """The lists, then what is owed from before."""
        now = load_object(self.settings["FINEWS_CLOCK"])()
        self._traces = count(int(now.timestamp() * 1000))
        first_days = timedelta(days=self.settings.getfloat("FINEWS_FIRST_DAYS"))
        self._known = archive_of(self.crawler).completed(self.name, self.given_arguments)
        self._old = (self._known or now) - first_days
        for place in self._lists():
            yield self._list_request(place)
        if self.is_whole:
            for request in (*self.tried_in_vain(), *self.due_again()):
                yield request

    def parse_list(self, response: Response, place: ListPlace) -> Iterator[Request | Item]:
        """A page of a list → its articles, and the next page unless this one goes far enough."""
        page = place.reading.page(response)
        try:
            entries = page.entries()
            if not entries and place.reading.is_at_top:
                raise EmptyList(response.url)
            named = tuple(dict.fromkeys(_identities(entries)))
            reading = place.reading.after(page, named)
        except PageError as error:
            if not place.addresses[1:]:
                raise
            yield self._elsewhere(place, str(error))
            return
        articles = list(self._articles(entries, place.met, response))
        for facts in articles:
            if facts.info_code not in place.met and self._is_asked_for(facts):
                yield from self._article(facts, response)
        place.met.update(named)
        if reading is None or (reading.is_whole and self._goes_far_enough(articles, reading)):
            return
        if reading.endless:
            raise EndlessList(reading.endless)
        addresses = self._from_here_on(place)
        yield self._list_request(replace(place, addresses=addresses, reading=reading))

    def list_failed(self, failure: Failure) -> Iterator[Request]:
        """No answer for a page of a list → the next host that has it."""
        place: ListPlace = request_of(failure).cb_kwargs["place"]
        reason, sentence = reason_of(failure)
        if place.addresses[1:]:
            yield self._elsewhere(place, sentence)
        else:
            self.failures.of_list(asked_for(failure), reason, sentence)

    def text_addresses(self, info_code: InfoCode) -> list[TextAddress]:
        """The share API, then the article's own page."""
        page = self.sources.eastmoney.article_page.format(digits=info_code.digits)
        return [*super().text_addresses(info_code), TextAddress(page, ArticlePage)]

    def _lists(self) -> Iterator[ListPlace]:
        facts = self.sources.eastmoney
        for name in self._names():
            rolling = name in facts.rolling_columns
            reading = ByCursor() if rolling else ByNumber.of(ColumnList, facts.page_size)
            yield ListPlace(
                name=name,
                column=facts.rolling_columns[name] if rolling else facts.news_columns[name],
                addresses=self._addresses(reading),
                reading=reading,
            )

    def _names(self) -> list[str]:
        """Rolling news first: a column names some of it too, but not as what it is."""
        facts = self.sources.eastmoney
        names = self.args.column or dict.fromkeys(facts.read)
        return sorted(names, key=lambda name: name not in facts.rolling_columns)

    def _addresses(self, reading: ByCursor | ByNumber) -> Sequence[str]:
        facts = self.sources.eastmoney
        return facts.rolling if isinstance(reading, ByCursor) else facts.columns

    def _from_here_on(self, place: ListPlace) -> Sequence[str]:
        """The host that gave this page is asked for the next one first."""
        return tuple(dict.fromkeys((*place.addresses, *self._addresses(place.reading))))

    def _list_request(self, place: ListPlace) -> Request:
        address = place.addresses[0]
        names = self._names()
        # Its own for each request: a page that is asked for once more is no duplicate.
        trace = next(self._traces)
        return Request(
            address.format(column=place.column, trace=trace, **place.reading.asks_for),
            self.parse_list,
            errback=self.list_failed,
            priority=_BEFORE_ARTICLES + len(names) - names.index(place.name),
            meta={ANSWERS_JSON: True},
            cb_kwargs={"place": place},
        )

    def _elsewhere(self, place: ListPlace, sentence: str) -> Request:
        self.logger.info("%s", sentence)
        return self._list_request(replace(place, addresses=place.addresses[1:]))

    def _articles(
        self,
        entries: Iterable[ListedArticle | UnreadableEntry],
        met: set[str],
        response: Response,
    ) -> Iterator[Facts]:
        for entry in entries:
            try:
                if isinstance(entry, UnreadableEntry):
                    self._unreadable(entry)
                else:
                    yield entry.facts()
            except InvalidInfoCode as error:
                if entry.code not in met:
                    met.add(entry.code)
                    self.failures.refused(str(error), response.url)

    def _unreadable(self, entry: UnreadableEntry) -> None:
        """Failed, once: each crawl that meets it on its list again would use up a try."""
        info_code = InfoCode(entry.code)
        if archive_of(self.crawler).crawl_state.failure_of(info_code) is None:
            self.failures.of_article(info_code, entry.error.reason, str(entry.error))

    def _is_asked_for(self, facts: Facts) -> bool:
        self.count("list/posts")
        since, published = self.args.since, facts.published
        return since is None or published is None or not _is_before(published, since)

    def _article(self, facts: Facts, response: Response) -> Iterator[Request | Item]:
        archive = archive_of(self.crawler)
        if archive.has(facts.info_code) and facts.stock_list:
            yield Listed(facts.info_code, facts.stock_list)
        wanted = self.wanted(facts.info_code, facts, response)
        row = archive.row_of(facts.info_code) if wanted.archived else None
        if self._corrects_a_summary(facts):
            self.count("article/looked_at")
            yield self.ask(replace(wanted, archived=BodySource.SUMMARY, corrected=True))
        elif row is not None:
            yield self.look_again(row)
        else:
            yield self.ask(wanted)

    def _corrects_a_summary(self, facts: Facts) -> bool:
        kept = archive_of(self.crawler).summary_of(facts.info_code)
        return kept is not None and facts.rolling and kept != (facts.title, facts.digest)

    def _goes_far_enough(self, articles: Sequence[Facts], reading: ByCursor | ByNumber) -> bool:
        """Whether nothing on the pages that follow is wanted.

        By default, those that follow an article which the archive knew when the last complete
        crawl ended: that crawl has dealt with them. An article that was archived since then says
        nothing, because whatever archived it may not have seen all the others. Nor does one that
        newer ones follow, as where a list names an article once more, or keeps it at its top:
        only the end of the page counts.
        """
        since, pages = self.args.since, self.args.pages
        times = (facts.published for facts in reversed(articles) if facts.published)
        oldest = next(times, None)
        if since is not None and oldest is not None and _is_before(oldest, since):
            return True
        if pages is not None:
            return reading.pages_read >= pages
        if since is not None:
            return False
        if oldest is not None and oldest < self._old:
            return True
        if self._known is None or not articles:
            return False
        return archive_of(self.crawler).knew(articles[-1].info_code, self._known)


def _identities(entries: Iterable[ListedArticle | UnreadableEntry]) -> Iterator[InfoCode]:
    for entry in entries:
        with suppress(InvalidInfoCode):
            yield InfoCode(entry.code)


def _is_before(published: datetime, day: date) -> bool:
    return published.astimezone(SHANGHAI).date() < day
