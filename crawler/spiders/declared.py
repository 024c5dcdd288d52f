"""The spiders of declared sources: which pages of which lists are read.

Each list goes from `start` to `parse_list`, page after page. `crawler.spiders.declared_articles`
does the rest for each article that a list names.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from archive.article_id import ArticleId
from archive.errors import Refused
from crawler.declarations import AnswerError, Declaration, Entry, read_list
from crawler.declarations.addresses import first_address, next_address
from crawler.declarations.lists import UNREADABLE
from crawler.declarations.model import ListTable
from crawler.failures import reason_of
from crawler.items import Item
from crawler.listed_facts import ListedEntry
from crawler.middlewares.capture import capture_of
from crawler.request_meta import ANSWERS_JSON, LIST
from crawler.session import stats_of
from crawler.spiders.base import GONE, request_of, status_of
from crawler.spiders.declared_articles import SKIPPED, DeclaredArticleSpider
from crawler.spiders.declared_lists import DeclaredListPlace
from crawler.spiders.limits import END_OF_PAGE, ListLimits, Reach, gap_in

#: The priority of lists. An article is requested after all lists are read, so that the first of the
#: lists that name it provides its facts. Those whose articles have pages come first: a page is the
#: better source of an article that another list has as a whole.
_BEFORE_ARTICLES = 10
#: The most entries of a first page that is read in full; the longest list of news has about 200.
_MOST_IN_FULL = 500
#: What sources answer for a page behind the last one.
_NO_SUCH_PAGE = GONE | {400}
#: The most lists that one index of sitemaps leads to.
_MOST_SITEMAPS = 20

_NO_TEXT = "it has no text"


class DeclaredSpider(DeclaredArticleSpider):
    """Base of the spiders of declared sources, which `spider_of` makes."""

    async def start(self) -> AsyncIterator[Any]:
        """Yield requests for the lists, then for failed articles and due revisits."""
        self._limits = ListLimits.of(self.settings, self.args.pages)
        self._reach = Reach.of(self, self.args.since)
        for address in self.args.url:
            yield self.named(address)
        for name in () if self.args.url else self.args.lists or self.declaration.lists:
            table = self.declaration.lists[name]
            place = DeclaredListPlace.at_top_of(name, table)
            yield self._list_request(place, first_address(table, self.session.now()))
        if self.is_whole:
            for found in (*self.failed_before(), *self.due_revisits()):
                yield found

    def _list_request(self, place: DeclaredListPlace, address: str) -> Request:
        table = self.declaration.lists[place.name]
        return Request(
            address,
            self.parse_list,
            errback=self.list_failed,
            priority=_BEFORE_ARTICLES - table.whole,
            headers=dict(table.headers),
            meta={
                LIST: self.is_whole and place.is_at_top and "{now}" not in table.address,
                ANSWERS_JSON: table.is_bare_json,
            },
            cb_kwargs={"place": place},
            dont_filter=True,
        )

    def list_failed(self, failure: Failure) -> None:
        """Record a page of a list that has no answer; a numbered page that is not there ends it."""
        place: DeclaredListPlace = request_of(failure).cb_kwargs["place"]
        paging = self.declaration.lists[place.name].paging
        numbered = paging is not None and paging.first is not None
        if numbered and not place.is_at_top and status_of(failure) in _NO_SUCH_PAGE:
            self._check_reach(place)
            return
        reason, sentence = reason_of(failure)
        self._list_not_read(place, reason, sentence)

    def _list_not_read(self, place: DeclaredListPlace, reason: str, sentence: str) -> None:
        self.failures.of_list(f"{place.name} of {self.name}", reason, sentence)

    def parse_list(self, response: Response, place: DeclaredListPlace) -> Iterator[Request | Item]:
        """Yield the articles of a page, and the next page unless this one goes back far enough."""
        if response.status == 304:
            return
        table = self.declaration.lists[place.name]
        try:
            page = read_list(self.declaration, place.name, self.answer(response), page=place.page)
        except AnswerError as error:
            self._list_not_read(place, error.reason, str(error))
            return
        if page.sitemaps:
            yield from self._sitemap_requests(page.sitemaps, place)
            return
        if not page.entries and place.is_at_top:
            self._list_not_read(place, "empty", f"{response.url} names no article.")
            return
        articles = [*self._identified(page.entries, table, response.url)]
        for known_as, entry in articles:
            if self._is_left_out(entry, place, len(page.entries)):
                self.count("entry/old")
            else:
                yield from self.found(known_as, self._listing(entry, place, response))
        self.list_read(response)
        following = next_address(table, page, self.session.now())
        yield from self._go_on(place.after(articles, self.session.now()), articles, following)

    def _sitemap_requests(
        self, addresses: Sequence[str], place: DeclaredListPlace
    ) -> Iterator[Request]:
        """Yield requests for the lists that an index of sitemaps names, but not that of another."""
        read = () if place.of_index else addresses[:_MOST_SITEMAPS]
        if len(read) < len(addresses):
            self.failures.ends_early(
                f"The list {place.name} of {self.name} is an index of {len(addresses)} lists; "
                f"{len(read)} of them are read."
            )
        for address in read:
            yield self._list_request(replace(place, of_index=True), address)

    def _identified(
        self, entries: Sequence[Entry], table: ListTable, where: str
    ) -> Iterator[tuple[ArticleId, Entry]]:
        """Yield the entries that are articles with their ids, and count the others by reason."""
        for entry in entries:
            if entry.skip is not None and entry.skip.startswith(UNREADABLE):
                self.failures.of_entry(where, entry.skip.removeprefix(UNREADABLE))
                continue
            self.count("list/posts")
            skip = entry.skip or (_NO_TEXT if table.whole and entry.body is None else None)
            if skip is not None and not entry.locked:
                self.count(f"{SKIPPED}{skip}")
                continue
            try:
                yield self.known_as(entry, table.space), entry
            except Refused as error:
                self.failures.refused(str(error), where)

    def _is_left_out(self, entry: Entry, place: DeclaredListPlace, length: int) -> bool:
        """Return whether an article is too old for this crawl.

        A first page of the length of a list of news is read in full; a longer one names all that
        the source has, as sitemaps do. A list that is not in order of time is read on behind old
        articles, which are left out.

        :param length: the number of entries on the page.
        """
        if self.args.since is not None:
            return self._reach.excludes(_published(entry))
        in_order = self.declaration.lists[place.name].newest_first
        in_full = length <= _MOST_IN_FULL if place.is_at_top else in_order
        return not (in_full or self.args.pages) and self._reach.excludes(_published(entry))

    def _go_on(
        self,
        place: DeclaredListPlace,
        articles: Sequence[tuple[ArticleId, Entry]],
        following: str | None,
    ) -> Iterator[Request]:
        """Yield the request for the next page, if there is one and this one is not the last."""
        if following is None:
            self._check_reach(place)
        elif not self._goes_far_enough(place, articles):
            if endless := place.progress.exceeds(self._limits, self.session.now()):
                self._list_not_read(place, "endless", f"The list {place.name}: {endless}")
            else:
                yield self._list_request(place, following)

    def _goes_far_enough(
        self, place: DeclaredListPlace, articles: Sequence[tuple[ArticleId, Entry]]
    ) -> bool:
        """Return whether the crawl can leave out the pages that follow.

        It can when the page ends with articles that the archive knew when the last complete crawl
        ended: that crawl has processed all older ones. In a list that is not in order of time, all
        articles of the page count. Where a source gives no times, the first crawl reads one page.
        """
        pages, since = self.args.pages, self.args.since
        if pages is not None and place.progress.pages >= pages:
            return True
        if pages is not None and since is None:
            return False
        if since is None and self._reach.known is None and place.progress.oldest is None:
            return True
        in_order = self.declaration.lists[place.name].newest_first
        end = articles[-END_OF_PAGE:] if in_order else articles
        is_processed = self._reach.is_processed
        return bool(end) and all(is_processed(known, _published(entry)) for known, entry in end)

    def _check_reach(self, place: DeclaredListPlace) -> None:
        """Report a list that ends before the day that the user named."""
        if not self._reach.includes_since(place.progress.oldest):
            name, goal = f"{place.name} of {self.name}", f"since={self.args.since}"
            self.failures.ends_early(f"{gap_in(name, place.progress.oldest, goal)}.")

    def _listing(self, entry: Entry, place: DeclaredListPlace, response: Response) -> ListedEntry:
        return ListedEntry(
            source=self.name,
            list=place.name,
            address=response.url,
            entry=entry,
            captures=capture_of(response),
        )

    def closed(self, reason: str) -> None:
        """Log how many entries of lists were left out, by reason; Scrapy calls this at the end."""
        stats = stats_of(self.crawler).get_stats()
        skipped = {
            key.removeprefix(SKIPPED): stats[key]
            for key in sorted(stats)
            if key.startswith(SKIPPED)
        }
        if skipped:
            reasons = "; ".join(f"{count}: {why}" for why, count in skipped.items())
            self.logger.info(
                "%d entries of lists were left out (%s).", sum(skipped.values()), reasons
            )


def _published(entry: Entry) -> datetime | None:
    return entry.published.time if entry.published else None


def spider_of(declaration: Declaration) -> type[DeclaredSpider]:
    """Make the spider of a declared source."""
    attributes = {
        "__doc__": f"Crawl {declaration.title}.",
        "name": declaration.name,
        "declaration": declaration,
        "allowed_domains": list(declaration.hosts),
    }
    return type(f"{declaration.name.title()}Spider", (DeclaredSpider,), attributes)
