"""The spider of Eastmoney's own lists: list → page → … → articles → article API, page or share API.

In the order of an article's way: `start`, `parse_list`, `parse_text`.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import count, pairwise
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.misc import load_object
from twisted.python.failure import Failure

from archive.article import SHANGHAI, BodySource, InfoCode
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
from crawler.spiders.articles import ArticleSpider, asked_for, request_of
from crawler.spiders.limits import ListLimits, ListProgress
from crawler.spiders.pagination import ByCursor, ByNumber

_BEFORE_ARTICLES = 10
"""Priority of lists: an article is asked for once all lists are read, so that one that several
name is known by the first of them."""
_END = 3
"""So many articles at its end say how far back a page goes: a single one may be back-dated."""
_LATER = timedelta(minutes=1)
"""Some sources leave the seconds out of a time."""
_BY_TIME = 2
"""The order that is asked for where 1, which most clients ask for, is not newest first."""


@dataclass(frozen=True, slots=True)
class Way:
    """Hosts that give a list alike, and how its reading begins there."""

    addresses: Sequence[str]
    reading: ByCursor | ByNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPlace:
    """A page of a list that is to be read.

    :param names: Eastmoney's number of the list, or the security that it is of, by the name of its
        place in addresses.
    :param ways: to the list: the present one, then those that are left.
    :param addresses: templates of where to ask for the page, in order.
    :param reading: how far it has come.
    :param met: the codes of its articles on the pages before, and what stood there for one.
    :param newest_first: whether its pages are in order of time; one that is not is read to its end.
    :param oldest: when its oldest article so far was published.
    """

    name: str
    priority: int
    names: Mapping[str, object]
    ways: Sequence[Way]
    addresses: Sequence[str]
    reading: ByCursor | ByNumber
    progress: ListProgress = field(default_factory=ListProgress)
    met: set[str] = field(default_factory=set)
    newest_first: bool = True
    oldest: datetime | None = None

    @classmethod
    def at_top(
        cls, name: str, priority: int, names: Mapping[str, object], ways: Sequence[Way]
    ) -> Self:
        """The first page of a list."""
        return cls(
            name=name,
            priority=priority,
            names=names,
            ways=ways,
            addresses=ways[0].addresses,
            reading=ways[0].reading,
        )

    def elsewhere(self) -> Self | None:
        """The same page at the next host, or the list by the next way; None when none is left."""
        if self.addresses[1:]:
            return replace(self, addresses=self.addresses[1:])
        if self.ways[1:]:
            way = self.ways[1]
            return replace(self, ways=self.ways[1:], addresses=way.addresses, reading=way.reading)
        return None

    def by_time(self) -> Self | None:
        """The list in the other order; None where it has just one."""
        way, reading = self.ways[0], self.reading
        other = isinstance(reading, ByNumber) and reading.order != _BY_TIME
        if not other or "{order}" not in way.addresses[0]:
            return None
        assert isinstance(way.reading, ByNumber)
        begun = replace(way.reading, order=_BY_TIME)
        return replace(self, addresses=way.addresses, reading=begun)


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
        EastmoneyArguments.model_validate(spider.given_arguments, context={LISTS: facts.numbers})
        lists = (*facts.rolling, *facts.rolling_script, *facts.columns, *facts.security_news)
        bodies = (*spider.sources.share.api, facts.article_api, facts.article_page)
        spider.allowed_domains = [urlsplit(url).hostname or "" for url in (*bodies, *lists)]
        return spider

    @property
    def bodies(self) -> Sequence[BodySource]:
        """Eastmoney's own first."""
        return self.sources.eastmoney.bodies

    @property
    def is_whole(self) -> bool:
        """One of just some lists is, too: else nobody tried again what only they name."""
        return self.args.since is None and self.args.pages is None

    async def start(self) -> AsyncIterator[Any]:
        """The lists, then what is owed from before."""
        self._now = load_object(self.settings["FINEWS_CLOCK"])
        self._limits = ListLimits.of(self.settings, self.args.pages)
        now = self._now()
        self._traces = count(int(now.timestamp() * 1000))
        first_days = timedelta(days=self.settings.getfloat("FINEWS_FIRST_DAYS"))
        self._known = self.session.archive.completed(self.name, self.given_arguments)
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
            following = place.elsewhere()
            if following is None:
                raise
            self.logger.info("%s", error)
            yield self._list_request(following)
            return
        articles = list(self._articles(entries, place.met, response))
        if place.newest_first and not are_newest_first([facts.published for facts in articles]):
            by_time = place.by_time()
            if by_time is not None:
                self.logger.info("%s is not newest first; the other order is tried.", response.url)
                yield self._list_request(by_time)
                return
            place = replace(place, newest_first=False)
            self.count("list/out_of_order")
            self.logger.warning("The list %s is not newest first, and is read on.", response.url)
        for facts in articles:
            if facts.info_code not in place.met and self._is_asked_for(facts, place):
                yield from self._article(facts, place, response)
        times = [facts.published for facts in articles if facts.published]
        place = replace(
            place,
            oldest=min(filter(None, (*times, place.oldest)), default=None),
            progress=place.progress.with_page(self._now(), new=not place.met.issuperset(named)),
        )
        place.met.update(named)
        if reading is None:
            self._check_reach(articles, place, response)
        elif not (reading.is_whole and self._goes_far_enough(articles, place, reading)):
            endless = reading.endless or place.progress.exceeds(self._limits, self._now())
            if endless:
                raise EndlessList(endless)
            addresses = self._from_here_on(place)
            yield self._list_request(replace(place, addresses=addresses, reading=reading))

    def list_failed(self, failure: Failure) -> Iterator[Request]:
        """No answer for a page of a list → the next host or way that has it."""
        place: ListPlace = request_of(failure).cb_kwargs["place"]
        reason, sentence = reason_of(failure)
        following = place.elsewhere()
        if following is not None:
            self.logger.info("%s", sentence)
            yield self._list_request(following)
        else:
            self.failures.of_list(asked_for(failure), reason, sentence)

    def _lists(self) -> Iterator[ListPlace]:
        facts = self.sources.eastmoney
        if self.args.security is not None:
            news = ByNumber.of(SecurityNewsList, facts.page_size)
            ways = [Way(facts.security_news, news)]
            names: Mapping[str, object] = {"security": self.args.security}
            yield ListPlace.at_top(self.args.security, _BEFORE_ARTICLES, names, ways)
            return
        numbers = self._numbers()
        for place, number in enumerate(numbers):
            yield ListPlace.at_top(
                facts.name_of(number),
                _BEFORE_ARTICLES + len(numbers) - place,
                {"column": number},
                self._ways(number),
            )

    def _numbers(self) -> list[int]:
        """Rolling news first: a column names some of it too, but not as what it is."""
        facts = self.sources.eastmoney
        numbers = dict.fromkeys(facts.numbers[name] for name in self.args.column or facts.read)
        return sorted(numbers, key=lambda number: number not in facts.rolling_columns)

    def _ways(self, number: int) -> Sequence[Way]:
        facts = self.sources.eastmoney
        if number not in facts.rolling_columns:
            return [Way(facts.columns, ByNumber.of(ColumnList, facts.page_size))]
        ways = [Way(facts.rolling, ByCursor())]
        if facts.rolling_script:
            ways.append(Way(facts.rolling_script, ByNumber.of(ScriptList, facts.page_size)))
        return ways

    def _from_here_on(self, place: ListPlace) -> Sequence[str]:
        """The host that gave this page is asked for the next one first."""
        return tuple(dict.fromkeys((*place.addresses, *place.ways[0].addresses)))

    def _list_request(self, place: ListPlace) -> Request:
        asked = {**place.names, **place.reading.asks_for, "trace": next(self._traces)}
        return Request(
            place.addresses[0].format(**asked),
            self.parse_list,
            errback=self.list_failed,
            priority=place.priority,
            meta={ANSWERS_JSON: True},
            cb_kwargs={"place": place},
            dont_filter=True,  # a page that is asked for once more is no duplicate
        )

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
                elif entry.skip is None:
                    yield entry.facts()
            except InvalidInfoCode as error:
                if entry.code not in met:
                    met.add(entry.code)
                    self.failures.refused(str(error), response.url)

    def _unreadable(self, entry: UnreadableEntry) -> None:
        """Failed, once: each crawl that meets it on its list again would use up a try."""
        info_code = InfoCode(entry.code)
        if self.session.archive.crawl_state.failure_of(info_code) is None:
            self.failures.of_article(info_code, entry.error.reason, str(entry.error))

    def _is_asked_for(self, facts: Facts, place: ListPlace) -> bool:
        """Of a list that is read to its end for want of order, just what a crawl goes back to."""
        self.count("list/posts")
        whole = self.args.pages is not None or place.newest_first
        return not self._is_too_old(facts) if self.args.since or not whole else True

    def _article(
        self, facts: Facts, place: ListPlace, response: Response
    ) -> Iterator[Request | Item]:
        if self.args.security is not None:
            named = (self.args.security, *facts.stock_list)
            facts = replace(facts, stock_list=tuple(dict.fromkeys(named)))
        archive = self.session.archive
        if archive.has(facts.info_code) and facts.stock_list:
            yield Listed(facts.info_code, facts.stock_list)
        wanted = self.wanted(facts.info_code, facts, response)
        asks = wanted.archived is not None or self._may_be_published_anew(facts)
        row = archive.row_of(facts.info_code) if asks else None
        if self._corrects_a_summary(facts):
            self.count("article/looked_at")
            yield self.ask(replace(wanted, archived=BodySource.SUMMARY, corrected=True))
        elif row is not None and (wanted.archived or _is_published_anew(facts, row)):
            yield self.look_again(row)
        else:
            yield self.ask(wanted)

    def _may_be_published_anew(self, facts: Facts) -> bool:
        """Whether a list shows a time after the last complete crawl of an archived article."""
        shown, known = facts.published, self._known
        since_then = shown is not None and known is not None and shown >= known
        return since_then and self.session.archive.has(facts.info_code)

    def _corrects_a_summary(self, facts: Facts) -> bool:
        look = self.session.archive.stored_body(facts.info_code)
        summary = look.summary if look else None
        return summary is not None and facts.rolling and summary != (facts.title, facts.digest)

    def _goes_far_enough(
        self, articles: Sequence[Facts], place: ListPlace, reading: ByCursor | ByNumber
    ) -> bool:
        """Whether nothing on the pages that follow is wanted.

        By default, those that follow articles which the archive knew when the last complete
        crawl ended: that crawl has dealt with them. An article that was archived since then says
        nothing, because whatever archived it may not have seen all the others. Nor does one that
        newer ones follow, as where a list names an article once more, or keeps it at its top:
        only the end of the page counts, and no page of a list that is in no order of time.
        """
        pages = self.args.pages
        if pages is not None and reading.pages_read >= pages:
            return True
        if pages is not None and self.args.since is None:
            return False
        if place.newest_first:
            end = articles[-_END:]
        elif isinstance(reading, ByCursor):
            end = articles
        else:
            return False
        return bool(end) and all(map(self._is_dealt_with, end))

    def _is_dealt_with(self, facts: Facts) -> bool:
        if self._is_too_old(facts):
            return True
        if self.args.since is not None or self._known is None:
            return False
        return self.session.archive.was_known(facts.info_code, self._known)

    def _is_too_old(self, facts: Facts) -> bool:
        since, published = self.args.since, facts.published
        if published is None:
            return False
        return published < self._old if since is None else _is_before(published, since)

    def _check_reach(self, articles: Sequence[Facts], place: ListPlace, response: Response) -> None:
        """Report a list that has ended and does not go back as far as it had to."""
        since, oldest, known = self.args.since, place.oldest, self._known
        if since is not None:
            reached = oldest is not None and oldest.astimezone(SHANGHAI).date() <= since
            goal = f"since={since}"
        elif known is not None and self.args.pages is None and place.newest_first:
            reached = any(map(self._is_dealt_with, articles[-_END:]))
            goal = f"the last complete crawl, {known.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        else:
            return
        if not reached:
            shown = f"{oldest.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if oldest else "its top"
            self.failures.ends_early(
                f"The list {place.name} ends at {shown} and does not go back to {goal}; articles "
                f"of the time between are missed ({response.url})."
            )


def are_newest_first(times: Sequence[datetime | None]) -> bool:
    """Whether articles are in order of time, but for a tenth that may be pinned or back-dated."""
    known = [time for time in times if time is not None]
    rises = sum(later > earlier for earlier, later in pairwise(known))
    return rises <= max(len(known) // 10, 1)


def _identities(entries: Iterable[ListedArticle | UnreadableEntry]) -> Iterator[str]:
    """What the entries of a page are recognised by on another one."""
    for entry in entries:
        if isinstance(entry, ListedArticle) and entry.skip is not None:
            yield entry.code
            continue
        with suppress(InvalidInfoCode):
            yield InfoCode(entry.code)


def _is_published_anew(facts: Facts, row: PostRow) -> bool:
    """Whether a list shows a later time than the archive has, and nobody has looked since."""
    shown = facts.published
    if shown is None or shown < datetime.fromisoformat(row.published) + _LATER:
        return False
    return datetime.fromisoformat(row.checked) < shown


def _is_before(published: datetime, day: date) -> bool:
    return published.astimezone(SHANGHAI).date() < day
