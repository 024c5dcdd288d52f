"""The spider of Eastmoney's own lists.

An article goes from the top of this file to its bottom: `start` → `parse_list`, page after page →
`_article` → the body from the article API, the article's page or the share API
(`crawler.spiders.articles`).
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count, pairwise
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from archive.article import SHANGHAI, BodySource
from archive.article_id import InfoCode
from archive.catalog import PostRow
from archive.errors import InvalidInfoCode
from crawler.arguments import LISTS, EastmoneyArguments
from crawler.failures import reason_of
from crawler.items import Item, Listed
from crawler.pages.eastmoney_list import ListedArticle, UnreadableEntry
from crawler.pages.errors import EmptyList, EndlessList, PageError
from crawler.pages.facts import Facts
from crawler.pages.numbered_list import ColumnList, ScriptList, SecurityNewsList
from crawler.request_meta import ANSWERS_JSON
from crawler.spiders.articles import ArticleSpider
from crawler.spiders.base import request_of, requested_url
from crawler.spiders.limits import END_OF_PAGE, ListLimits, ListProgress, Reach, gap_in
from crawler.spiders.pagination import ByCursor, ByNumber

#: The least priority of lists. An article is requested after all lists are read, so that the first
#: of the lists that name it provides its facts.
_BEFORE_ARTICLES = 10
#: A list shows a later time only from this difference on: some sources leave out the seconds.
_LATER = timedelta(minutes=1)
#: The number of the order that is requested where 1, which most clients request, is not newest
#: first.
_BY_TIME = 2


@dataclass(frozen=True, slots=True)
class ListInterface:
    """Hosts that serve a list in the same form, and the state in which its reading begins there."""

    addresses: Sequence[str]
    reading: ByCursor | ByNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class EastmoneyListPlace:
    """A page of a list that is to be read.

    :param parameters: what goes into the addresses: Eastmoney's number of the list, or a security.
    :param interfaces: the present interface to the list, then those that are left.
    :param addresses: the templates of the page's addresses, in the order in which they are tried.
    :param reading: how much of the list is read.
    :param seen: the codes on the pages before, also those that are no codes of articles.
    :param newest_first: whether its pages are in order of time; a list that is not is read to its
        end.
    """

    name: str
    priority: int
    parameters: Mapping[str, object]
    interfaces: Sequence[ListInterface]
    addresses: Sequence[str]
    reading: ByCursor | ByNumber
    progress: ListProgress = field(default_factory=ListProgress)
    seen: set[str] = field(default_factory=set)
    newest_first: bool = True

    @classmethod
    def at_top(
        cls,
        name: str,
        priority: int,
        parameters: Mapping[str, object],
        interfaces: Sequence[ListInterface],
    ) -> Self:
        """Return the first page of a list."""
        return cls(
            name=name,
            priority=priority,
            parameters=parameters,
            interfaces=interfaces,
            addresses=interfaces[0].addresses,
            reading=interfaces[0].reading,
        )

    def fallback(self) -> Self | None:
        """Return the page at the next host, or the list by the next interface; else None."""
        if self.addresses[1:]:
            return replace(self, addresses=self.addresses[1:])
        if self.interfaces[1:]:
            _, *left = self.interfaces
            return replace(
                self, interfaces=left, addresses=left[0].addresses, reading=left[0].reading
            )
        return None

    def by_time(self) -> Self | None:
        """Return the list in the other order; None where it has only one."""
        interface, reading = self.interfaces[0], self.reading
        other = isinstance(reading, ByNumber) and reading.order != _BY_TIME
        if not other or "{order}" not in interface.addresses[0]:
            return None
        assert isinstance(interface.reading, ByNumber)
        begun = replace(interface.reading, order=_BY_TIME)
        return replace(self, addresses=interface.addresses, reading=begun)


class EastmoneySpider(ArticleSpider):
    """Crawls Eastmoney's lists, back to the articles that the last complete crawl found."""

    name = "eastmoney"
    arguments = EastmoneyArguments
    replaces_worse_than = BodySource.ARTICLE_PAGE
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
        """Build the spider for the lists of ``FINEWS_SOURCES``; Scrapy calls this."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        facts = spider.sources.eastmoney
        EastmoneyArguments.model_validate(spider.given_arguments, context={LISTS: facts.numbers})
        lists = (*facts.rolling, *facts.rolling_script, *facts.columns, *facts.security_news)
        bodies = (*spider.sources.share.api, facts.article_api, facts.article_page)
        spider.allowed_domains = [urlsplit(url).hostname or "" for url in (*bodies, *lists)]
        return spider

    @property
    def body_sources(self) -> Sequence[BodySource]:
        """Eastmoney's sources of bodies."""
        return self.sources.eastmoney.bodies

    @property
    def is_whole(self) -> bool:
        """Whether the crawl is neither `since` a day nor of some `pages` only.

        One of some lists is whole, too: no other crawl would retry what only these lists name.
        """
        return self.args.since is None and self.args.pages is None

    async def start(self) -> AsyncIterator[Any]:
        """Yield requests for the lists, then for failed articles and due revisits."""
        self._limits = ListLimits.of(self.settings, self.args.pages)
        self._reach = Reach.of(self, self.args.since)
        self._traces = count(int(self.session.now().timestamp() * 1000))
        for place in self._lists():
            yield self._list_request(place)
        if self.is_whole:
            for request in (*self.failed_before(), *self.due_revisits()):
                yield request

    def _lists(self) -> Iterator[EastmoneyListPlace]:
        """Yield the first pages of the lists, in the order in which they are requested."""
        facts = self.sources.eastmoney
        if self.args.security is not None:
            news = ByNumber.of(SecurityNewsList, facts.page_size)
            interfaces = [ListInterface(facts.security_news, news)]
            security: Mapping[str, object] = {"security": self.args.security}
            yield EastmoneyListPlace.at_top(
                self.args.security, _BEFORE_ARTICLES, security, interfaces
            )
            return
        # Rolling news first: columns name some of it too, but not as rolling news.
        numbers = sorted(
            dict.fromkeys(facts.numbers[name] for name in self.args.column or facts.read),
            key=lambda number: number not in facts.rolling_columns,
        )
        for place, number in enumerate(numbers):
            yield EastmoneyListPlace.at_top(
                facts.name_of(number),
                _BEFORE_ARTICLES + len(numbers) - place,
                {"column": number},
                self._interfaces(number),
            )

    def _interfaces(self, number: int) -> Sequence[ListInterface]:
        facts = self.sources.eastmoney
        if number not in facts.rolling_columns:
            return [ListInterface(facts.columns, ByNumber.of(ColumnList, facts.page_size))]
        interfaces = [ListInterface(facts.rolling, ByCursor())]
        if facts.rolling_script:
            script = ByNumber.of(ScriptList, facts.page_size)
            interfaces.append(ListInterface(facts.rolling_script, script))
        return interfaces

    def _list_request(self, place: EastmoneyListPlace) -> Request:
        parameters = {**place.parameters, **place.reading.parameters, "trace": next(self._traces)}
        return Request(
            place.addresses[0].format(**parameters),
            self.parse_list,
            errback=self.list_failed,
            priority=place.priority,
            meta={ANSWERS_JSON: True},
            cb_kwargs={"place": place},
            dont_filter=True,  # a page that is requested once more is no duplicate
        )

    def list_failed(self, failure: Failure) -> Iterator[Request]:
        """Request a page that has no answer from the next host or by the next interface."""
        place: EastmoneyListPlace = request_of(failure).cb_kwargs["place"]
        reason, sentence = reason_of(failure)
        fallback = place.fallback()
        if fallback is not None:
            self.logger.info("%s", sentence)
            yield self._list_request(fallback)
        else:
            self.failures.of_list(requested_url(failure), reason, sentence)

    def parse_list(self, response: Response, place: EastmoneyListPlace) -> Iterator[Request | Item]:
        """Yield the articles of a page, and the next page unless this one goes back far enough."""
        page = place.reading.page(response)
        try:
            entries = page.entries()
            if not entries and place.reading.is_at_top:
                raise EmptyList(response.url)
            named = tuple(dict.fromkeys(_identities(entries)))
            reading = place.reading.after(page, named)
        except PageError as error:
            fallback = place.fallback()
            if fallback is None:
                raise
            self.logger.info("%s", error)
            yield self._list_request(fallback)
            return
        articles = list(self._articles(entries, place.seen, response))
        times = [facts.published for facts in articles]
        if place.newest_first and not are_newest_first(times):
            by_time = place.by_time()
            if by_time is not None:
                self.logger.info("%s is not newest first; the other order is tried.", response.url)
                yield self._list_request(by_time)
                return
            place = replace(place, newest_first=False)
            self.count("list/out_of_order")
            self.logger.warning("The list %s is not newest first, and is read on.", response.url)
        for facts in articles:
            if facts.info_code not in place.seen and self._selects(facts, place):
                yield from self._article(facts, place, response)
        is_new, now = not place.seen.issuperset(named), self.session.now()
        place = replace(place, progress=place.progress.with_page(now, new=is_new, times=times))
        place.seen.update(named)
        if reading is None:
            self._check_reach(articles, place, response)
        elif not (reading.is_whole and self._goes_far_enough(articles, place, reading)):
            endless = reading.endless or place.progress.exceeds(self._limits, now)
            if endless:
                raise EndlessList(endless)
            # The host that gave this page comes first for the next one.
            addresses = dict.fromkeys((*place.addresses, *place.interfaces[0].addresses))
            yield self._list_request(replace(place, addresses=tuple(addresses), reading=reading))

    def _articles(
        self,
        entries: Iterable[ListedArticle | UnreadableEntry],
        seen: set[str],
        response: Response,
    ) -> Iterator[Facts]:
        """Yield the facts of the articles on a page, and record the entries that have none."""
        for entry in entries:
            try:
                if isinstance(entry, UnreadableEntry):
                    self._unreadable(entry)
                elif entry.skip is None:
                    yield entry.facts()
            except InvalidInfoCode as error:
                if entry.code not in seen:
                    seen.add(entry.code)
                    self.failures.refused(str(error), response.url)

    def _unreadable(self, entry: UnreadableEntry) -> None:
        """Record an article as failed, but only once: each crawl may find the same entry again."""
        info_code = InfoCode(entry.code)
        if self.session.archive.crawl_state.failure_of(info_code) is None:
            self.failures.of_article(info_code, entry.error.reason, str(entry.error))

    def _selects(self, facts: Facts, place: EastmoneyListPlace) -> bool:
        """Return whether to request an article.

        A list that is not in order of time is read to its end; its old articles are left out.
        """
        self.count("list/posts")
        whole = self.args.pages is not None or place.newest_first
        return not ((self.args.since or not whole) and self._reach.excludes(facts.published))

    def _article(
        self, facts: Facts, place: EastmoneyListPlace, response: Response
    ) -> Iterator[Request | Item]:
        """Yield the request for the body of a listed article."""
        if self.args.security is not None:
            named = (self.args.security, *facts.stock_list)
            facts = replace(facts, stock_list=tuple(dict.fromkeys(named)))
        archive = self.session.archive
        if archive.has(facts.info_code) and facts.stock_list:
            yield Listed(facts.info_code, facts.stock_list)
        post = self.pending_post(facts.info_code, facts, response)
        may_revisit = post.archived is not None or self._may_be_published_anew(facts)
        row = archive.row_of(facts.info_code) if may_revisit else None
        if self._corrects_a_summary(facts):
            self.count("article/looked_at")
            post = replace(post, archived=BodySource.SUMMARY, corrected=True)
        elif row is not None and (post.archived or _is_published_anew(facts, row)):
            yield self.revisit(row)
            return
        yield self.request_body(self.fetch_of(post))

    def _may_be_published_anew(self, facts: Facts) -> bool:
        """Return whether a list dates an archived article later than the last complete crawl."""
        shown, known = facts.published, self._reach.known
        since_then = shown is not None and known is not None and shown >= known
        return since_then and self.session.archive.has(facts.info_code)

    def _corrects_a_summary(self, facts: Facts) -> bool:
        """Return whether a list shows another summary than the archived one."""
        stored = self.session.archive.stored_body(facts.info_code)
        summary = stored.summary if stored else None
        return summary is not None and facts.rolling and summary != (facts.title, facts.digest)

    def _goes_far_enough(
        self, articles: Sequence[Facts], place: EastmoneyListPlace, reading: ByCursor | ByNumber
    ) -> bool:
        """Return whether the crawl can leave out the pages that follow.

        By default it can when the page ends with articles that the archive was_known when the last
        complete crawl ended: that crawl has processed all older ones. An article that was archived
        later proves nothing, because the crawl that archived it may not have seen all others. Nor
        does one that newer articles follow, such as one that is pinned to the top of the list: so
        only the end of a page counts, and no page of a list that is not in order of time.
        """
        pages = self.args.pages
        if pages is not None and reading.pages_read >= pages:
            return True
        if pages is not None and self.args.since is None:
            return False
        if place.newest_first:
            end = articles[-END_OF_PAGE:]
        elif isinstance(reading, ByCursor):
            end = articles
        else:
            return False
        return bool(end) and all(map(self._is_processed, end))

    def _is_processed(self, facts: Facts) -> bool:
        return self._reach.is_processed(facts.info_code, facts.published)

    def _check_reach(
        self, articles: Sequence[Facts], place: EastmoneyListPlace, response: Response
    ) -> None:
        """Report a list that ends before the time that the crawl has to go back to."""
        since, known = self.args.since, self._reach.known
        if since is not None:
            reached, goal = self._reach.includes_since(place.progress.oldest), f"since={since}"
        elif known is not None and self.args.pages is None and place.newest_first:
            reached = any(map(self._is_processed, articles[-END_OF_PAGE:]))
            goal = f"the last complete crawl, {known.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        else:
            return
        if not reached:
            gap = gap_in(place.name, place.progress.oldest, goal)
            self.failures.ends_early(f"{gap} ({response.url}).")


def are_newest_first(times: Sequence[datetime | None]) -> bool:
    """Return whether articles are in order of time; a tenth may be pinned or back-dated."""
    known = [time for time in times if time is not None]
    rises = sum(later > earlier for earlier, later in pairwise(known))
    return rises <= max(len(known) // 10, 1)


def _identities(entries: Iterable[ListedArticle | UnreadableEntry]) -> Iterator[str]:
    """Yield the codes by which the entries of a page are recognised on another one."""
    for entry in entries:
        if isinstance(entry, ListedArticle) and entry.skip is not None:
            yield entry.code
            continue
        with suppress(InvalidInfoCode):
            yield InfoCode(entry.code)


def _is_published_anew(facts: Facts, row: PostRow) -> bool:
    """Return whether a list shows a later time than the archive, and than the last revisit."""
    shown = facts.published
    if shown is None or shown < datetime.fromisoformat(row.published) + _LATER:
        return False
    return datetime.fromisoformat(row.checked) < shown
