"""The spider of the mirror site: feed and home → posts → their categories → all posts → share API.

In the order of an article's way: `start`, `parse_feed`, `parse_list`, `parse_post`, `parse_share`.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from archive.article import Article, BodySource, InfoCode
from archive.capture import Capture
from archive.errors import ArchiveError, InvalidArticle, InvalidInfoCode
from crawler.arguments import FinewsArguments
from crawler.extensions.open_archive import archive_of, open_archive_of
from crawler.failures import Failures, reason_of
from crawler.fingerprint import ANSWERS_JSON, ARTICLE, LIST, POST_URL, REVISIT, STAGE
from crawler.items import Found, Look
from crawler.middlewares.capture import capture_of
from crawler.middlewares.conditional import validators_of
from crawler.mirror_site import MirrorSite, PostLink
from crawler.pages.compose import compose, compose_from_mirror, facts_of
from crawler.pages.errors import NotFound, PageError
from crawler.pages.feed import Feed
from crawler.pages.list_page import ListPage
from crawler.pages.post_page import PostFacts, PostPage
from crawler.pages.share_answer import ShareAnswer, ShareText
from crawler.sources import Share, Sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An article whose body is still to be had.

    :param addresses: of the share API, still to be asked, in order.
    :param page: what the mirror, or the archive, says of it; None when all that is known of it is
        a share link.
    :param captures: where that is kept.
    :param post_url: of its post page.
    :param unanswered: a host that was asked before failed, so it may have the article.
    :param archived: whose body the archive has, when this is another look at it.
    """

    info_code: InfoCode
    addresses: Sequence[str]
    page: PostFacts | None = None
    captures: tuple[Capture, ...] = ()
    post_url: str | None = None
    unanswered: bool = False
    archived: BodySource | None = None


class FinewsSpider(Spider):
    """Crawls the mirror, or just the articles of given share links."""

    name = "finews"
    arguments = FinewsArguments

    allowed_domains: list[str]
    site: MirrorSite
    share: Share
    failures: Failures

    def __init__(self, name: str | None = None, **arguments: str) -> None:
        super().__init__(name)
        self.given_arguments = arguments
        self.args = self.arguments.model_validate(arguments)
        self._in_feed: set[InfoCode] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Made by Scrapy, with the facts of ``FINEWS_SOURCES``."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        sources = Sources.load(Path(crawler.settings["FINEWS_SOURCES"]))
        spider.share = sources.share
        spider.site = MirrorSite(sources.mirror, spider.args.site)
        api_hosts = (urlsplit(address).hostname or "" for address in sources.share.api)
        spider.allowed_domains = [spider.site.host, *api_hosts]
        spider.failures = Failures(crawler)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """The feed, then the lists; with ``share``, the share API straight away."""
        for info_code in self.args.share:
            yield self._ask_share(self._wanted(info_code))
        if self.args.share:
            return
        yield self._list_request(self.site.feed, self.parse_feed, self.feed_failed)
        for slug in self.args.category:
            yield self._category_request(slug)
        if self.is_whole:
            for request in (*self._tried_in_vain(), *self._due_again()):
                yield request

    def parse_feed(self, response: Response) -> Iterator[Request]:
        """Feed → its posts, which need no page of their own, and then the home page."""
        yield self._home_request()
        if response.status == 304:
            return
        feed = Feed(response)
        pages = {page.url: page for page in feed.posts()}
        for link in self._posts(response, feed.links()):
            page = pages.get(link.url_in_list)
            if page is None:
                yield from self._post_requests([link])
            elif self._wants_category(page.category):
                self._in_feed.add(link.info_code)
                yield from self._category_of(page.category)
                yield self._ask_share(self._wanted(link.info_code, page, response, link.url))
        self._read(response)

    def feed_failed(self, failure: Failure) -> Iterator[Request]:
        """No feed: its posts are on the lists too, but for those of broken front matter."""
        self.list_failed(failure)
        yield self._home_request()

    def parse_list(self, response: Response) -> Iterator[Request]:
        """Home or category page → posts."""
        if response.status != 304:
            yield from self._post_requests(self._posts(response, ListPage(response).links()))
            self._read(response)

    def parse_post(self, response: Response) -> Iterator[Request]:
        """Post page → its category, and the share API for the article's own bytes."""
        page = PostPage(response).facts()
        if not self._wants_category(page.category):
            open_archive_of(self.crawler).settle(page.info_code)
            return
        yield self._category_request(page.category)
        yield self._ask_share(self._wanted(page.info_code, page, response, response.url))

    def parse_share(self, response: Response, wanted: Wanted) -> Iterator[Request | Article | Look]:
        """Share API → the article; the next host where this one does not have it."""
        try:
            answer = ShareAnswer(response).text(wanted.info_code)
        except PageError as error:
            answered = isinstance(error, NotFound)
            yield from self._without_answer(wanted, error.reason, str(error), answered=answered)
            return
        wanted = replace(wanted, captures=(*capture_of(response), *wanted.captures))
        if wanted.post_url and not answer.title and not (wanted.page and wanted.page.title):
            yield self._complete_request(wanted, wanted.post_url, answer)
            return
        link = self.share.link_of(wanted.info_code, rolling=answer.rolling)
        article = compose(wanted.info_code, wanted.page, answer, link)
        yield replace(article, captures=wanted.captures)

    def share_failed(self, failure: Failure) -> Iterator[Request | Article | Look]:
        """No answer from a share host → the next host."""
        wanted: Wanted = _request_of(failure).cb_kwargs["wanted"]
        yield from self._without_answer(wanted, *reason_of(failure), answered=False)

    def complete(
        self, response: Response, wanted: Wanted, answer: ShareText | None
    ) -> Iterator[Article]:
        """Post page → what the feed does not say of its post: the title, as it was written."""
        page = PostPage(response).facts()
        if answer is not None:
            article = compose(wanted.info_code, page, answer, page.link)
        else:
            article = compose_from_mirror(page, provisional=wanted.unanswered)
        captures = wanted.captures if answer is not None else ()
        yield replace(article, captures=(*captures, *capture_of(response)))

    def post_failed(self, failure: Failure) -> None:
        """No answer for a post page."""
        request = _request_of(failure)
        self.failures.of_article(request.meta[ARTICLE], *reason_of(failure), request.url)

    def list_failed(self, failure: Failure) -> None:
        """No answer for a list."""
        self.failures.of_list(_request_of(failure).url, *reason_of(failure))

    def category_failed(self, failure: Failure) -> None:
        """No answer for a category page; some that posts link to do not exist."""
        reason, sentence = reason_of(failure)
        url = _request_of(failure).url
        if reason == "http_404" and not self.args.category:
            self.failures.missing_list(url)
        else:
            self.failures.of_list(url, reason, sentence)

    @property
    def is_whole(self) -> bool:
        """Whether the crawl takes in all that the lists name, as one without arguments does."""
        return not (self.args.share or self.args.category or self.args.since)

    def _tried_in_vain(self) -> Iterator[Request]:
        """Articles that earlier crawls could not archive; their lists may not change any more."""
        attempts = self.settings.getint("FINEWS_ATTEMPTS")
        failures = archive_of(self.crawler).crawl_state.failures()
        given_up = sum(failed.times >= attempts for failed in failures)
        if given_up:
            self.logger.warning(
                "%d articles were given up after %d crawls; `finews stats` names them.",
                *(given_up, attempts),
            )
        for failed in failures:
            link = self.site.post(failed.url) if failed.url else None
            if link is not None:
                yield from self._post_requests([link])
            else:
                yield self._ask_share(self._wanted(failed.info_code))

    def _due_again(self) -> Iterator[Request | Look]:
        """Archived articles that may have changed."""
        archive = archive_of(self.crawler)
        for row in archive.due(
            share=self.settings.getfloat("FINEWS_REVISIT_SHARE"),
            days=self.settings.getfloat("FINEWS_REVISIT_DAYS"),
            limit=self.settings.getint("FINEWS_REVISITS"),
        ):
            try:
                article = archive.article_of(row)
                page = facts_of(article)
            except (ArchiveError, InvalidArticle) as error:
                self.logger.warning("%s is not looked at again: %s", row.info_code, error)
                yield Look(InfoCode(row.info_code), Found.NOTHING_ELSE)
                continue
            mirrored = article.body_source is BodySource.MIRROR
            self._count("article/looked_at")
            yield self._ask_share(
                Wanted(
                    info_code=article.info_code,
                    addresses=self.share.api_addresses(article.info_code),
                    page=page,
                    captures=article.captures if mirrored else article.captures[1:],
                    archived=article.body_source,
                )
            )

    def _home_request(self) -> Request:
        return self._list_request(self.site.home, self.parse_list)

    def _category_request(self, slug: str) -> Request:
        page = self.site.category_page(slug)
        return self._list_request(page, self.parse_list, self.category_failed)

    def _list_request(self, url: str, callback: Any, errback: Any = None) -> Request:
        meta = {LIST: self.is_whole}
        return Request(url, callback, errback=errback or self.list_failed, meta=meta)

    def _read(self, list_page: Response) -> None:
        validators = validators_of(list_page)
        if self.is_whole and validators is not None:
            url = list_page.request.url if list_page.request else list_page.url
            open_archive_of(self.crawler).list_read(url, validators)

    def _posts(self, response: Response, links: Iterable[str]) -> Iterator[PostLink]:
        """The posts that a list links to and that were asked for."""
        for link in links:
            try:
                post = self.site.post(link)
            except InvalidInfoCode as error:
                self.failures.refused(error, response.url)
                continue
            if post is not None:
                self._count("list/posts")
                if self._is_asked_for(post):
                    yield post

    def _is_asked_for(self, post: PostLink) -> bool:
        since, categories = self.args.since, self.args.category
        if since is not None and post.day is not None and post.day < since:
            return False
        return not categories or post.is_in(categories)

    def _wants_category(self, slug: str) -> bool:
        return not self.args.category or slug in self.args.category

    def _post_requests(self, links: Iterable[PostLink]) -> Iterator[Request]:
        for link in links:
            if link.info_code in self._in_feed:
                continue
            slug = archive_of(self.crawler).slug_of(link.info_code)
            if slug is not None:
                yield from self._category_of(slug)
            yield Request(
                link.url,
                self.parse_post,
                errback=self.post_failed,
                meta={ARTICLE: link.info_code, STAGE: "post page", POST_URL: link.url},
            )

    def _category_of(self, slug: str) -> Iterator[Request]:
        """The category page of a post whose own page, which links to it, is not fetched.

        Archived posts need it too: a crawl that was killed, or that took in a part, may have left
        others that nothing else names.
        """
        if self._wants_category(slug):
            yield self._category_request(slug)

    def _wanted(
        self,
        info_code: InfoCode,
        page: PostFacts | None = None,
        response: Response | None = None,
        post_url: str | None = None,
    ) -> Wanted:
        return Wanted(
            info_code=info_code,
            addresses=self.share.api_addresses(info_code),
            page=page,
            captures=capture_of(response) if response else (),
            post_url=post_url,
        )

    def _count(self, key: str) -> None:
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(key)

    def _ask_share(self, wanted: Wanted) -> Request:
        address = wanted.addresses[0]
        return Request(
            address,
            self.parse_share,
            errback=self.share_failed,
            meta={
                ARTICLE: wanted.info_code,
                STAGE: address if wanted.page else f"{address} alone",
                POST_URL: wanted.post_url,
                ANSWERS_JSON: True,
                REVISIT: wanted.archived is not None,
            },
            cb_kwargs={"wanted": wanted},
        )

    def _complete_request(
        self, wanted: Wanted, post_url: str, answer: ShareText | None = None
    ) -> Request:
        return Request(
            post_url,
            self.complete,
            errback=self.post_failed,
            meta={ARTICLE: wanted.info_code, STAGE: "completion", POST_URL: post_url},
            cb_kwargs={"wanted": wanted, "answer": answer},
        )

    def _without_answer(
        self, wanted: Wanted, reason: str, sentence: str, *, answered: bool
    ) -> Iterator[Request | Article | Look]:
        """What to do when a share host did not give the article."""
        self.logger.info("%s", sentence)
        wanted = replace(wanted, unanswered=wanted.unanswered or not answered)
        if others := wanted.addresses[1:]:
            yield self._ask_share(replace(wanted, addresses=others))
        elif wanted.archived is not None:
            yield Look(wanted.info_code, _found_in_vain(wanted))
        elif wanted.page is None:
            self.failures.of_article(wanted.info_code, reason, sentence)
        elif wanted.page.title is None and wanted.post_url and wanted.info_code in self._in_feed:
            yield self._complete_request(wanted, wanted.post_url)
        else:
            try:
                article = compose_from_mirror(wanted.page, provisional=wanted.unanswered)
                yield replace(article, captures=wanted.captures)
            except InvalidArticle as error:
                url = wanted.post_url
                self.failures.of_article(wanted.info_code, "refused", str(error), url)


def _request_of(failure: Failure) -> Request:
    request: Request = failure.request  # type: ignore[attr-defined] # set by Scrapy
    return request


def _found_in_vain(wanted: Wanted) -> Found:
    """A share API that had an article and says that it has not: it was taken down."""
    if wanted.unanswered:
        return Found.NO_ANSWER
    return Found.GONE if wanted.archived is BodySource.SHARE_API else Found.NOTHING_ELSE
