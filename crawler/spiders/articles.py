"""The way of an article from its link to an item, which all spiders share.

1. A list, a page, the user or an earlier crawl names an article: a `PendingPost`.
2. `request_body` requests its body from the first source that may have it.
3. `parse_body` reads the answer; `body_failed` is called where there is none.
4. `with_body` yields the article. Without a body, `next_source` goes back to step 2 with the next
   source; after the last one, `without_body` yields the article with a stand-in for its body.

A revisit goes the same way with the posts that the archive has: `revisit`. Spiders override
`fetch_ended`, `with_body` and `without_body` where articles need more.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any, ClassVar, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from archive.article import Article, BodySource, Edition
from archive.article_id import InfoCode
from archive.capture import Capture
from archive.catalog import PostRow
from archive.crawl_state import Failed
from archive.errors import ArchiveError, InvalidArticle
from crawler.failures import reason_of
from crawler.items import Checked, Gone, Item
from crawler.listed_facts import ListedFacts
from crawler.middlewares.capture import capture_of
from crawler.network_errors import HostBlocked
from crawler.pages.article_answer import ArticleAnswer
from crawler.pages.compose import compose, compose_stand_in, facts_of
from crawler.pages.eastmoney_article import ArticlePage
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
from crawler.sources import Sources
from crawler.spiders.base import GONE, BaseSpider, request_of, status_of
from crawler.titles import Titles

_PAGES: dict[BodySource, type[TextPage]] = {
    page.source: page for page in (ShareAnswer, ArticleAnswer, ArticlePage)
}


@dataclass(frozen=True, slots=True)
class BodyAddress:
    """An address that may have an article's own body, and the page object for its answer."""

    url: str
    page: type[TextPage]


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingPost:
    """A post whose body is not fetched yet.

    :param facts: what a page, a list or the archive states of the article; None when only its
        share link is known.
    :param captures: the responses that `facts` were read from.
    :param post_url: the address of its page on the mirror, if it has one.
    :param archived: the source of its archived body, when this is a revisit.
    :param corrected: the list has changed `facts` since the archived stand-in was generated.
    """

    info_code: InfoCode
    facts: Facts | None = None
    captures: tuple[Capture, ...] = ()
    post_url: str | None = None
    archived: BodySource | None = None
    corrected: bool = False

    @property
    def edition(self) -> Edition | None:
        """Which post of the article it is; None where that is not known."""
        return self.facts.edition if self.facts else None

    @property
    def listed(self) -> ListedFacts | None:
        """The facts to store if the article fails; those of a post page can be fetched again."""
        if self.facts is None or self.post_url is not None or self.archived is not None:
            return None
        return ListedFacts(facts=self.facts, captures=self.captures)


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyFetch:
    """The requests for the body of one article, source after source.

    :param posts: the posts that need the body. A site may publish an article as two posts, and one
        answer has the bodies of both. The second post may be added while a request is pending:
        all stages of a fetch share the list.
    :param addresses: the addresses that are left, in order.
    :param requested: the sources that were requested.
    :param unanswered: the sources that may have the article all the same: one of their addresses
        gave no answer, or one that cannot be read.
    :param unreadable: the error of a source whose layout has changed.
    """

    posts: list[PendingPost]
    addresses: Sequence[BodyAddress]
    requested: frozenset[BodySource] = frozenset()
    unanswered: frozenset[BodySource] = frozenset()
    unreadable: str | None = None

    @property
    def page(self) -> type[TextPage]:
        """The page object for the answer of the first address."""
        return self.addresses[0].page

    def may_improve(self, source: BodySource) -> bool:
        """Return whether a body is provisional: a better source than its own did not answer.

        The article API and the share API have the same body.
        """
        return bool(self.unanswered) and source.is_worse_than(BodySource.ARTICLE_API)

    def without_address(self, *, requested: bool, answered: bool) -> Self:
        """Return the fetch without its first address, which gave no body.

        :param requested: False for a host that was blocked, and got no request.
        :param answered: the source stated that it has no such article.
        """
        source = {self.page.source}
        return replace(
            self,
            addresses=self.addresses[1:],
            requested=self.requested | source if requested else self.requested,
            unanswered=self.unanswered if answered else self.unanswered | source,
        )


class ArticleSpider(BaseSpider):
    """Base of the spiders of Eastmoney's articles: each has its own lists and order of bodies."""

    #: An archived body from a source that is worse than this one is requested again.
    replaces_worse_than: ClassVar[BodySource]
    #: The source of the bodies that stand in where no source gives an article's own.
    stand_in: ClassVar[BodySource]

    sources: Sources
    titles: Titles

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Build the spider with the facts of ``FINEWS_SOURCES``; Scrapy calls this."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.sources = Sources.load(Path(crawler.settings["FINEWS_SOURCES"]))
        spider.titles = Titles()
        return spider

    @property
    def body_sources(self) -> Sequence[BodySource]:
        """The sources of bodies, in the order in which they are requested."""
        return self.sources.mirror.bodies

    @property
    def is_whole(self) -> bool:
        """Whether the crawl takes in all that the lists name, as one without arguments does."""
        return not self.given_arguments

    @property
    def by_name(self) -> bool:
        """Whether the user named the articles: later crawls do not retry those that fail."""
        return False

    def pending_post(
        self,
        info_code: InfoCode,
        facts: Facts | None = None,
        response: Response | None = None,
        post_url: str | None = None,
    ) -> PendingPost:
        """Return the post of an article that a list, a page or the user named.

        :param response: the response that `facts` were read from.
        """
        return PendingPost(
            info_code=info_code,
            facts=facts,
            captures=capture_of(response) if response else (),
            post_url=post_url,
            archived=self.source_to_replace(info_code, facts.edition if facts else None),
        )

    def source_to_replace(self, info_code: InfoCode, edition: Edition | None) -> BodySource | None:
        """Return the source of an archived body, if it is time to request a better one; else None.

        :param edition: the edition whose body it is; None for any.
        """
        stored = self.session.archive.stored_body(info_code, edition)
        if stored is None:
            return None
        share = self.settings.getfloat("FINEWS_INTERVAL_SHARE")
        now = self.session.now()
        return stored.source_to_improve(
            self.replaces_worse_than, own=self.stand_in, share=share, now=now
        )

    def body_addresses(
        self, info_code: InfoCode, archived: Collection[BodySource] = ()
    ) -> list[BodyAddress]:
        """Return the addresses that may have an article's own body, in order.

        :param archived: the sources of its archived bodies. Only bodies of the same source are
            compared, so the best of these comes first, after better ones of this spider.
        """
        sources = self.body_sources
        own = [each for each in reversed(BodySource) if each in archived and not each.stands_in]
        known = own[0] if own and own[0] in sources else None
        better = takewhile(lambda source: known and known.is_worse_than(source), sources)
        order = dict.fromkeys((*better, *own, *sources))
        addresses = self.sources.body_addresses(info_code, order)
        return [BodyAddress(url, _PAGES[source]) for source, url in addresses]

    def fetch_of(self, post: PendingPost) -> BodyFetch:
        """Return the fetch of a post's body, before its first request."""
        return BodyFetch(posts=[post], addresses=self.body_addresses(post.info_code))

    def request_body(self, fetch: BodyFetch) -> Request:
        """Return the request for an article's body at the next address."""
        address, post = fetch.addresses[0], fetch.posts[0]
        return Request(
            address.url,
            self.parse_body,
            errback=self.body_failed,
            meta={
                ARTICLE: post.info_code,
                EDITION: post.edition,
                STAGE: f"{address.url}{_known_facts(post)}",
                POST_URL: post.post_url,
                LISTED: post.listed,
                ANSWERS_JSON: address.page is not ArticlePage,
                SHARE_HOST: address.page is ShareAnswer,
                REVISIT: post.archived is not None,
            },
            cb_kwargs={"fetch": fetch},
        )

    def parse_body(self, response: Response, fetch: BodyFetch) -> Iterator[Request | Item]:
        """Yield the article of an answer; where that has no body, try the next source."""
        posts = tuple(fetch.posts)
        try:
            page = fetch.page(response)
            texts = [page.text(post.info_code, post.edition) for post in posts]
            self.titles.check(fetch.page, posts[0].info_code, posts[0].facts, texts[0])
        except PageError as error:
            if isinstance(error, LayoutChanged):
                fetch = replace(fetch, unreadable=str(error))
            rest = fetch.without_address(requested=True, answered=isinstance(error, NotFound))
            yield from self.next_source(rest, error.reason, str(error))
            return
        self.fetch_ended(fetch, response)
        for post, text in zip(posts, texts, strict=True):
            captures = (*capture_of(response), *post.captures)
            yield from self.with_body(fetch, post, text, captures)

    def body_failed(self, failure: Failure) -> Iterator[Request | Item]:
        """Try the next source, where an address gave no answer."""
        fetch: BodyFetch = request_of(failure).cb_kwargs["fetch"]
        rest = fetch.without_address(
            requested=not isinstance(failure.value, HostBlocked),
            answered=status_of(failure) in GONE and fetch.page is not ShareAnswer,
        )
        yield from self.next_source(rest, *reason_of(failure))

    def next_source(self, fetch: BodyFetch, reason: str, sentence: str) -> Iterator[Request | Item]:
        """Request the body at the next address; after the last one, go on without a body.

        :param reason: a word for the statistics: why the address before gave no body.
        :param sentence: the same for the log.
        """
        self.logger.info("%s", sentence)
        if fetch.addresses:
            yield self.request_body(fetch)
            return
        posts = tuple(fetch.posts)
        self.fetch_ended(fetch, None)
        if fetch.unreadable:
            reason, sentence = LayoutChanged.reason, fetch.unreadable
        for post in posts:
            yield from self.without_body(fetch, post, reason, sentence)

    def fetch_ended(self, fetch: BodyFetch, response: Response | None) -> None:
        """Take note that an article's body is not requested any more.

        :param response: the answer with the body; None where no source has it.
        """

    def with_body(
        self, fetch: BodyFetch, post: PendingPost, text: ArticleText, captures: tuple[Capture, ...]
    ) -> Iterator[Request | Item]:
        """Yield the article with its own body.

        :param captures: the responses that it was read from, the body's first.
        """
        article = compose(
            post.info_code,
            post.facts,
            text,
            self.sources.share.link_of,
            provisional=fetch.may_improve(text.source),
        )
        if text.published is None and (post.facts is None or post.facts.published is None):
            self._dated_by_code(post.info_code)
        yield replace(article, captures=captures)

    def without_body(
        self, fetch: BodyFetch, post: PendingPost, reason: str, sentence: str
    ) -> Iterator[Request | Item]:
        """Yield the article with a stand-in for its body, or record that the fetch failed.

        :param reason: a word for the statistics: why no source gave a body.
        :param sentence: the same for the log.
        """
        if self._has_better_stand_in(post):
            assert post.facts is not None
            try:
                link_of, provisional = self.sources.share.link_of, bool(fetch.unanswered)
                article = compose_stand_in(post.facts, link_of, provisional=provisional)
                if post.facts.published is None:
                    self._dated_by_code(post.info_code)
                if fetch.unreadable:
                    self.failures.stands_in(post.info_code, sentence)
                yield replace(article, captures=post.captures)
            except InvalidArticle as error:
                self._failed(post, "refused", str(error))
        elif post.archived is None:
            self._failed(post, reason, sentence)
        elif fetch.requested:
            yield _revisited(fetch, post.info_code, post.archived)

    def _has_better_stand_in(self, post: PendingPost) -> bool:
        """Return whether the facts of a post have a body that is better than the archived one."""
        facts, archived = post.facts, post.archived
        if facts is None or facts.body is None:
            return False
        return archived is None or post.corrected or archived.is_worse_than(facts.body_source)

    def _dated_by_code(self, info_code: InfoCode) -> None:
        self.count("article/dated_by_code")
        self.logger.warning(
            "No source gives a readable time for %s; its post has the day of its code.", info_code
        )

    def _failed(self, post: PendingPost, reason: str, sentence: str) -> None:
        self.failures.of_article(post.info_code, reason, sentence, post.post_url, post.edition)

    def failed_before(self) -> Iterator[Request]:
        """Yield requests for articles of Eastmoney's that failed in earlier crawls.

        Their lists may not change any more, and so may never lead to them again.
        """
        failures = self.session.archive.crawl_state.failures()
        own = [failed for failed in failures if failed.info_code.is_info_code]
        self.warn_of_given_up(own)
        for failed in own:
            yield from self.retry(failed)

    def retry(self, failed: Failed) -> Iterator[Request]:
        """Yield the request for an article that failed in an earlier crawl."""
        listed = ListedFacts.of_json(failed.listed) if failed.listed else None
        post = self.pending_post(InfoCode(failed.info_code), post_url=failed.url)
        if listed is not None:
            post = replace(post, facts=listed.facts, captures=listed.captures)
        yield self.request_body(self.fetch_of(post))

    def due_revisits(self) -> Iterator[Request | Checked]:
        """Return requests for archived articles that may have changed."""
        return map(self.revisit, self.due_rows())

    def revisit(self, row: PostRow) -> Request | Checked:
        """Return the request for the body of an archived article."""
        info_code = InfoCode(row.info_code)
        try:
            editions = self.session.archive.editions_of(info_code)
            posts = [_archived_post(article) for article in editions]
        except (ArchiveError, InvalidArticle) as error:
            self.failures.of_post(info_code, error)
            return Checked(info_code, settled=True)
        self.count("article/looked_at")
        sources = {article.body_source for article in editions}
        addresses = self.body_addresses(info_code, sources)
        return self.request_body(BodyFetch(posts=posts, addresses=addresses))


def _known_facts(post: PendingPost) -> str:
    """Return what a fingerprint adds to the address: other facts give another article."""
    if post.facts is None:
        return " alone"
    return " corrected" if post.corrected else ""


def _archived_post(article: Article) -> PendingPost:
    """Return an archived post whose body is requested again."""
    stands_in = article.body_source.stands_in
    return PendingPost(
        info_code=InfoCode(article.info_code),
        facts=facts_of(article),
        captures=article.captures if stands_in else article.captures[1:],
        archived=article.body_source,
    )


def _revisited(fetch: BodyFetch, info_code: InfoCode, archived: BodySource) -> Gone | Checked:
    """Return the result of a revisit that brought nothing better.

    A source that had the article and does not have it any more has removed it, even when other
    sources do not answer: the share hosts may be dead for good.
    """
    if archived in fetch.requested - fetch.unanswered:
        return Gone(info_code)
    return Checked(info_code, settled=not fetch.unanswered)
