"""The spider of Eastmoney's own lists: list → page → … → articles → share API or article page.

In the order of an article's way: `start`, `parse_list`, `parse_text`.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
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
from crawler.pages.eastmoney_list import (
    ColumnList,
    EastmoneyList,
    FastNewsList,
    ListedArticle,
    UnreadableEntry,
)
from crawler.pages.errors import EmptyList, PageError
from crawler.pages.facts import Facts
from crawler.spiders.articles import ArticleSpider, TextAddress, asked_for, request_of

_MOST_PASSES = 10
_BEFORE_ARTICLES = 10
"""Priority of lists: an article is asked for once all lists are read, so that one that several
name is known by the first of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPlace:
    """A page of a list that is to be read.

    :param column: Eastmoney's number of the list.
    :param addresses: templates of where to ask for it, in order.
    :param at: what asks for this page: a cursor, or a number.
    :param pages_read: before this one.
    :param total: how many articles the list had when the page before was read.
    :param passes: how often pages had to be read again, because their articles had moved.
    :param named: the articles of the page before; None for the first.
    """

    name: str
    column: int
    page: type[EastmoneyList]
    addresses: Sequence[str]
    at: str
    pages_read: int = 0
    total: int | None = None
    passes: int = 0
    named: frozenset[InfoCode] | None = None


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
        self._trace = int(now.timestamp() * 1000)
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
        page = place.page(response)
        try:
            entries, next_page = page.entries(), page.next_page()
            total, moved_up = page.total(), page.moved_up(place.total)
            if not entries and not place.pages_read:
                raise EmptyList(response.url)
        except PageError as error:
            if not place.addresses[1:]:
                raise
            yield self._elsewhere(place, str(error))
            return
        articles = list(self._articles(entries, response))
        named = frozenset(facts.info_code for facts in articles)
        for facts in articles:
            if self._is_asked_for(facts):
                yield from self._article(facts, response)
        following = replace(
            place,
            addresses=self._from_here_on(place),
            pages_read=place.pages_read - moved_up if moved_up else place.pages_read + 1,
            total=total,
            named=named,
        )
        if moved_up:
            yield from self._read_again(following, moved_up, response)
        elif next_page and named == place.named and not _has_grown(place.total, total):
            sentence = "it names just what the page before it named, and would lead on for ever."
            self.failures.of_list(response.url, "repeated", sentence)
        elif next_page and next_page != place.at and not self._goes_far_enough(articles, place):
            yield self._list_request(replace(following, at=next_page))

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
            page = FastNewsList if rolling else ColumnList
            yield ListPlace(
                name=name,
                column=facts.rolling_columns[name] if rolling else facts.news_columns[name],
                page=page,
                addresses=self._addresses(page),
                at=page.first_page,
            )

    def _names(self) -> list[str]:
        """Rolling news first: a column names some of it too, but not as what it is."""
        facts = self.sources.eastmoney
        names = self.args.column or facts.read
        return sorted(names, key=lambda name: name not in facts.rolling_columns)

    def _addresses(self, page: type[EastmoneyList]) -> Sequence[str]:
        facts = self.sources.eastmoney
        return facts.rolling if page is FastNewsList else facts.columns

    def _from_here_on(self, place: ListPlace) -> Sequence[str]:
        """The host that gave this page is asked for the next one first."""
        return tuple(dict.fromkeys((*place.addresses, *self._addresses(place.page))))

    def _list_request(self, place: ListPlace) -> Request:
        address = place.addresses[0]
        names = self._names()
        return Request(
            address.format(column=place.column, page=place.at, trace=self._trace + place.passes),
            self.parse_list,
            errback=self.list_failed,
            priority=_BEFORE_ARTICLES + len(names) - names.index(place.name),
            meta={ANSWERS_JSON: True},
            cb_kwargs={"place": place},
        )

    def _read_again(self, place: ListPlace, pages: int, response: Response) -> Iterator[Request]:
        """The pages that have got articles which were on later ones when those were not read yet.

        Without that, one that moves up over the edge of a page while the source deletes another
        would be on neither.
        """
        if place.passes == _MOST_PASSES:
            sentence = f"its articles moved up {_MOST_PASSES} times meanwhile."
            self.failures.of_list(response.url, "moving", sentence)
        else:
            at = str(int(place.at) - pages)
            again = replace(place, at=at, passes=place.passes + 1, named=None)
            yield self._list_request(again)

    def _elsewhere(self, place: ListPlace, sentence: str) -> Request:
        self.logger.info("%s", sentence)
        return self._list_request(replace(place, addresses=place.addresses[1:]))

    def _articles(
        self, entries: Iterable[ListedArticle | UnreadableEntry], response: Response
    ) -> Iterator[Facts]:
        for entry in entries:
            try:
                if isinstance(entry, UnreadableEntry):
                    self._unreadable(entry)
                else:
                    yield entry.facts()
            except InvalidInfoCode as error:
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

    def _goes_far_enough(self, articles: Sequence[Facts], place: ListPlace) -> bool:
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
            return place.pages_read + 1 >= pages
        if since is not None:
            return False
        if oldest is not None and oldest < self._old:
            return True
        if self._known is None or not articles:
            return False
        return archive_of(self.crawler).knew(articles[-1].info_code, self._known)


def _has_grown(before: int | None, total: int | None) -> bool:
    """Whether new articles have come, which move the others to the pages that follow."""
    return before is not None and total is not None and total > before


def _is_before(published: datetime, day: date) -> bool:
    return published.astimezone(SHANGHAI).date() < day
