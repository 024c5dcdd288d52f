"""What spiders do about an article once they know of it: `ask` → `parse_text` → the article.

Where no source gives its body, what stands in for it; where the archive has it, another look.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from archive.article import Article, BodySource, Edition, InfoCode
from archive.capture import Capture
from archive.catalog import PostRow
from archive.crawl_state import Failed
from archive.errors import ArchiveError, InvalidArticle
from crawler.failures import Failures, reason_of
from crawler.items import Checked, Gone, Item
from crawler.listed_facts import ListedFacts
from crawler.middlewares.capture import capture_of
from crawler.network_errors import HostBlocked
from crawler.pages.article_answer import ArticleAnswer
from crawler.pages.article_page import ArticlePage
from crawler.pages.compose import compose, compose_without_text, facts_of
from crawler.pages.errors import LayoutChanged, NotFound, PageError
from crawler.pages.facts import ArticleText, Facts
from crawler.pages.page import TextPage
from crawler.pages.share_answer import ShareAnswer
from crawler.request_meta import (
    ANSWERS_JSON,
    ARTICLE,
    EDITION,
    LISTED,
    POST_URL,
    REVISIT,
    SHARE_HOST,
    STAGE,
)
from crawler.session import CrawlSession, session_of, stats_of
from crawler.sources import Sources
from crawler.titles import Titles

GONE = {404, 410}
"""Statuses that say that a page is gone (RFC 9110, sections 15.5.5 and 15.5.11)."""

_PAGES: dict[BodySource, type[TextPage]] = {
    page.source: page for page in (ShareAnswer, ArticleAnswer, ArticlePage)
}


@dataclass(frozen=True, slots=True)
class TextAddress:
    """Where to ask for an article's own body, and what reads the answer."""

    url: str
    page: type[TextPage]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An article whose body is still to be had.

    :param addresses: still to be asked, in order.
    :param asked: the sources that were asked before.
    :param silent: those of them that may have the article all the same: one of their addresses gave
        no answer, or one that cannot be read.
    :param facts: what a page, a list or the archive says of it; None when all that is known of it
        is a share link.
    :param captures: where that is kept.
    :param post_url: of its post page.
    :param unreadable: what is not laid out as it was, of one that was asked.
    :param archived: where the body comes from that the archive has, when this is another look.
    :param corrected: `facts` are not what the archive's stand-in was made of.
    :param also: the other post of an article that was published as two; one answer has the bodies
        of both. The list is one and the same while the article goes from address to address.
    """

    info_code: InfoCode
    addresses: Sequence[TextAddress]
    asked: frozenset[BodySource] = frozenset()
    silent: frozenset[BodySource] = frozenset()
    facts: Facts | None = None
    captures: tuple[Capture, ...] = ()
    post_url: str | None = None
    unreadable: str | None = None
    archived: BodySource | None = None
    corrected: bool = False
    also: "list[Wanted]" = field(default_factory=list)

    @property
    def edition(self) -> Edition | None:
        """Which post of the article it is; None where nothing says so."""
        return self.facts.edition if self.facts else None

    @property
    def listed(self) -> ListedFacts | None:
        """What to remember if it fails; the facts of a post page can be fetched again."""
        if self.facts is None or self.post_url is not None or self.archived is not None:
            return None
        return ListedFacts(self.facts, self.captures)


class ArticleSpider(Spider):
    """Base of the spiders. Each says where to ask for a body, and what its own pages give."""

    arguments: ClassVar[type[BaseModel]]
    gives: ClassVar[BodySource]
    """The worst body that is worth asking its source for an article that is archived."""
    stand_in: ClassVar[BodySource]
    """What it takes where nobody gives a body."""

    sources: Sources
    failures: Failures
    titles: Titles

    def __init__(self, name: str | None = None, **arguments: str) -> None:
        super().__init__(name)
        self.given_arguments = arguments

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Made by Scrapy, with the facts of ``FINEWS_SOURCES``."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.sources = Sources.load(Path(crawler.settings["FINEWS_SOURCES"]))
        spider.failures = Failures(crawler)
        spider.titles = Titles()
        return spider

    @cached_property
    def session(self) -> CrawlSession:
        """The session of the crawl, which is there once the spider has started."""
        return session_of(self.crawler)

    @property
    def bodies(self) -> Sequence[BodySource]:
        """Where bodies are asked for, in order."""
        return self.sources.mirror.bodies

    @property
    def is_whole(self) -> bool:
        """Whether the crawl takes in all that the lists name, as one without arguments does."""
        return not self.given_arguments

    @property
    def by_name(self) -> bool:
        """Whether the user named the articles: what fails is then no later crawl's business."""
        return False

    def text_addresses(
        self, info_code: InfoCode, archived: Collection[BodySource] = ()
    ) -> list[TextAddress]:
        """Where to ask for an article's own body, in order.

        :param archived: where the bodies come from that the archive has. Only like is compared with
            like: these come first, but for better ones that the spider asks for before them.
        """
        bodies = self.bodies
        own = [each for each in reversed(BodySource) if each in archived and not each.stands_in]
        known = own[0] if own and own[0] in bodies else None
        better = takewhile(lambda source: known and known.is_worse_than(source), bodies)
        order = dict.fromkeys((*better, *own, *bodies))
        addresses = self.sources.body_addresses(info_code, order)
        return [TextAddress(url, _PAGES[source]) for source, url in addresses]

    def wanted(
        self,
        info_code: InfoCode,
        facts: Facts | None = None,
        response: Response | None = None,
        post_url: str | None = None,
    ) -> Wanted:
        """An article that a list, a page or the user named.

        :param response: where `facts` were read.
        """
        return Wanted(
            info_code=info_code,
            addresses=self.text_addresses(info_code),
            facts=facts,
            captures=capture_of(response) if response else (),
            post_url=post_url,
            archived=self.to_better(info_code, facts.edition if facts else None),
        )

    def to_better(self, info_code: InfoCode, edition: Edition | None) -> BodySource | None:
        """Where an archived body comes from that this spider's source may better; else None.

        :param edition: whose body it is; any where it is None.
        """
        look = self.session.archive.stored_body(info_code, edition)
        if look is None:
            return None
        share = self.settings.getfloat("FINEWS_INTERVAL_SHARE")
        return look.source_to_improve(
            self.gives, own=self.stand_in, share=share, now=self.session.now()
        )

    def ask(self, wanted: Wanted) -> Request:
        """For the article's body, at the next of the addresses."""
        address = wanted.addresses[0]
        return Request(
            address.url,
            self.parse_text,
            errback=self.text_failed,
            meta={
                ARTICLE: wanted.info_code,
                EDITION: wanted.edition,
                STAGE: f"{address.url}{_on_what_grounds(wanted)}",
                POST_URL: wanted.post_url,
                LISTED: wanted.listed,
                ANSWERS_JSON: address.page is not ArticlePage,
                SHARE_HOST: address.page is ShareAnswer,
                REVISIT: wanted.archived is not None,
            },
            cb_kwargs={"wanted": wanted},
        )

    def parse_text(self, response: Response, wanted: Wanted) -> Iterator[Request | Item]:
        """The answer for an article's body → the article; the next address where it has none."""
        try:
            page = wanted.addresses[0].page(response)
            posts = (wanted, *wanted.also)
            texts = [page.text(post.info_code, post.edition) for post in posts]
            self.titles.check(wanted.addresses[0].page, wanted.info_code, wanted.facts, texts[0])
        except PageError as error:
            if isinstance(error, LayoutChanged):
                wanted = replace(wanted, unreadable=str(error))
            answered = isinstance(error, NotFound)
            yield from self._without_text(_asked(wanted), error.reason, str(error), answered)
            return
        self.answered(wanted, response)
        for post, text in zip(posts, texts, strict=True):
            captures = (*capture_of(response), *post.captures)
            yield from self.with_text(replace(post, captures=captures), text)

    def answered(self, wanted: Wanted, response: Response | None) -> None:
        """Nothing more is asked for an article: take note of it.

        :param response: what has its body; None where no address has it.
        """

    def text_failed(self, failure: Failure) -> Iterator[Request | Item]:
        """No answer from an address → the next."""
        wanted: Wanted = request_of(failure).cb_kwargs["wanted"]
        answered = status_of(failure) in GONE and wanted.addresses[0].page is not ShareAnswer
        if not isinstance(failure.value, HostBlocked):
            wanted = _asked(wanted)
        yield from self._without_text(wanted, *reason_of(failure), answered)

    def with_text(self, wanted: Wanted, text: ArticleText) -> Iterator[Request | Item]:
        """The article, now that its own body is there."""
        article = compose(
            wanted.info_code,
            wanted.facts,
            text,
            self.sources.share.link_of,
            provisional=bool(wanted.silent) and text.source.is_worse_than(BodySource.ARTICLE_API),
        )
        if text.published is None and (wanted.facts is None or wanted.facts.published is None):
            self._dated_by_code(wanted.info_code)
        yield replace(article, captures=wanted.captures)

    def without_text(self, wanted: Wanted, reason: str, sentence: str) -> Iterator[Request | Item]:
        """The article with what stands in for its body, where no address gave that."""
        facts, archived = wanted.facts, wanted.archived
        better = (
            facts is not None
            and facts.body is not None
            and (archived is None or wanted.corrected or archived.is_worse_than(facts.body_source))
        )
        if better:
            assert facts is not None
            try:
                link_of = self.sources.share.link_of
                article = compose_without_text(facts, link_of, provisional=bool(wanted.silent))
                if facts.published is None:
                    self._dated_by_code(wanted.info_code)
                if wanted.unreadable:
                    self.failures.stands_in(wanted.info_code, sentence)
                yield replace(article, captures=wanted.captures)
            except InvalidArticle as error:
                self._failed(wanted, "refused", str(error))
        elif archived is not None and wanted.asked:
            yield _nothing_better(wanted, archived)
        elif archived is None:
            self._failed(wanted, reason, sentence)

    def _dated_by_code(self, info_code: InfoCode) -> None:
        self.count("article/dated_by_code")
        self.logger.warning(
            "No source says a time of %s that can be read; its post has the day in its code.",
            info_code,
        )

    def _failed(self, wanted: Wanted, reason: str, sentence: str) -> None:
        self.failures.of_article(
            wanted.info_code, reason, sentence, wanted.post_url, wanted.edition
        )

    def tried_in_vain(self) -> Iterator[Request]:
        """Articles that earlier crawls could not archive; their lists may not change any more."""
        attempts = self.settings.getint("FINEWS_ATTEMPTS")
        failures = self.session.archive.crawl_state.failures()
        given_up = sum(failed.times >= attempts for failed in failures)
        if given_up:
            self.logger.warning(
                "%d articles were given up after %d crawls; `finews stats` names them.",
                *(given_up, attempts),
            )
        for failed in failures:
            yield from self.try_again(failed)

    def try_again(self, failed: Failed) -> Iterator[Request]:
        """An article that an earlier crawl could not archive."""
        listed = ListedFacts.of_json(failed.listed) if failed.listed else None
        wanted = self.wanted(failed.info_code, post_url=failed.url)
        if listed is not None:
            wanted = replace(wanted, facts=listed.facts, captures=listed.captures)
        yield self.ask(wanted)

    def due_again(self) -> Iterator[Request | Checked]:
        """Archived articles that may have changed."""
        archive = self.session.archive
        for row in archive.due(
            share=self.settings.getfloat("FINEWS_INTERVAL_SHARE"),
            days=self.settings.getfloat("FINEWS_REVISIT_DAYS"),
            limit=self.settings.getint("FINEWS_REVISITS"),
        ):
            yield self.look_again(row)

    def look_again(self, row: PostRow) -> Request | Checked:
        """Ask for the body of an archived article."""
        info_code = InfoCode(row.info_code)
        try:
            editions = self.session.archive.editions_of(info_code)
            sources = {article.body_source for article in editions}
            addresses = self.text_addresses(info_code, sources)
            wanted, *also = (self._wanted_again(article, addresses) for article in editions)
        except (ArchiveError, InvalidArticle) as error:
            self.logger.warning("%s is not looked at again: %s", info_code, error)
            return Checked(info_code, settled=True)
        self.count("article/looked_at")
        return self.ask(replace(wanted, also=also))

    def _wanted_again(self, article: Article, addresses: Sequence[TextAddress]) -> Wanted:
        """An archived post of an article, whose body is asked for again."""
        stands_in = article.body_source.stands_in
        return Wanted(
            info_code=article.info_code,
            addresses=addresses,
            facts=facts_of(article),
            captures=article.captures if stands_in else article.captures[1:],
            archived=article.body_source,
        )

    def count(self, key: str) -> None:
        """One more, in the stats."""
        stats_of(self.crawler).inc_value(key)

    def _without_text(
        self, wanted: Wanted, reason: str, sentence: str, answered: bool
    ) -> Iterator[Request | Item]:
        self.logger.info("%s", sentence)
        silent = () if answered else (wanted.addresses[0].page.source,)
        wanted = replace(wanted, addresses=wanted.addresses[1:], silent=wanted.silent.union(silent))
        if wanted.addresses:
            yield self.ask(wanted)
            return
        self.answered(wanted, None)
        if wanted.unreadable:
            reason, sentence = LayoutChanged.reason, wanted.unreadable
        for post in (wanted, *wanted.also):
            asked = replace(
                post,
                addresses=(),
                asked=wanted.asked,
                silent=wanted.silent,
                unreadable=wanted.unreadable,
            )
            yield from self.without_text(asked, reason, sentence)


def request_of(failure: Failure) -> Request:
    """The request that failed."""
    request: Request = failure.request  # type: ignore[attr-defined] # set by Scrapy
    return request


def status_of(failure: Failure) -> int | None:
    """The status that made a request fail; None when it has no answer."""
    return failure.value.response.status if isinstance(failure.value, HttpError) else None


def asked_for(failure: Failure) -> str:
    """The address that led, by redirects or straight, to the one that failed."""
    request = request_of(failure)
    addresses: list[str] = request.meta.get("redirect_urls", [request.url])
    return addresses[0]


def _on_what_grounds(wanted: Wanted) -> str:
    """Who asks on others may make something else of the same answer, or of none."""
    if wanted.facts is None:
        return " alone"
    return " corrected" if wanted.corrected else ""


def _asked(wanted: Wanted) -> Wanted:
    """That its next address was asked."""
    return replace(wanted, asked=wanted.asked | {wanted.addresses[0].page.source})


def _nothing_better(wanted: Wanted, archived: BodySource) -> Gone | Checked:
    """Return what to note: a source that had an article and has it no more has removed it.

    That holds whatever other sources do: the share hosts may be dead for good.
    """
    if archived in wanted.asked - wanted.silent:
        return Gone(wanted.info_code)
    return Checked(wanted.info_code, settled=not wanted.silent)
