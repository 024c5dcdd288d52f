"""The spider of the mirror site: home → posts → their categories → all posts → share API."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from archive.article import Article, InfoCode
from archive.capture import Capture
from archive.errors import InvalidArticle, InvalidInfoCode
from crawler.arguments import FinewsArguments
from crawler.extensions.open_archive import archive_of
from crawler.failures import Failures, reason_of
from crawler.fingerprint import ARTICLE, STAGE
from crawler.middlewares.capture import capture_of
from crawler.mirror_site import MirrorSite, PostLink
from crawler.pages.compose import compose, compose_from_mirror
from crawler.pages.errors import NotFound, PageError
from crawler.pages.feed import Feed
from crawler.pages.list_page import ListPage
from crawler.pages.post_page import PostFacts, PostPage
from crawler.pages.share_answer import ShareAnswer
from crawler.sources import Share, Sources


@dataclass(frozen=True, slots=True)
class Wanted:
    """An article whose body is still to be had.

    :param addresses: of the share API, still to be asked, in order.
    :param page: what its post page says; None when it was asked for by its share link.
    :param captures: where that page is kept.
    :param unanswered: a host that was asked before failed, so it may have the article.
    """

    info_code: InfoCode
    addresses: Sequence[str]
    page: PostFacts | None = None
    captures: tuple[Capture, ...] = ()
    unanswered: bool = False


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
        """The lists; with ``share``, the share API straight away."""
        for info_code in self.args.share:
            yield self._ask_share(Wanted(info_code, self.share.api_addresses(info_code)))
        if not self.args.share:
            yield self._list_request(self.site.home, self.parse_list)
            yield self._list_request(self.site.feed, self.parse_feed)
            for slug in self.args.category:
                yield self._category_request(slug)

    def parse_list(self, response: Response) -> Iterator[Request]:
        """Home or category page → posts."""
        yield from self._post_requests(response, ListPage(response).links())

    def parse_feed(self, response: Response) -> Iterator[Request]:
        """Feed → posts; those of broken front matter are named nowhere else."""
        yield from self._post_requests(response, Feed(response).links())

    def parse_post(self, response: Response) -> Iterator[Request]:
        """Post page → its category, and the share API for the article's own bytes."""
        page = PostPage(response).facts()
        if not self._wants_category(page.category):
            return
        yield self._category_request(page.category)
        addresses = self.share.api_addresses(page.info_code)
        yield self._ask_share(Wanted(page.info_code, addresses, page, capture_of(response)))

    def parse_share(self, response: Response, wanted: Wanted) -> Iterator[Request | Article]:
        """Share API → the article; the next host where this one does not have it."""
        try:
            answer = ShareAnswer(response).text(wanted.info_code)
        except PageError as error:
            answered = isinstance(error, NotFound)
            yield from self._without_answer(wanted, error.reason, str(error), answered=answered)
            return
        link = self.share.link_of(wanted.info_code, rolling=answer.rolling)
        article = compose(wanted.info_code, wanted.page, answer, link)
        yield replace(article, captures=(*capture_of(response), *wanted.captures))

    def share_failed(self, failure: Failure) -> Iterator[Request | Article]:
        """No answer from a share host → the next host."""
        request: Request = failure.request  # type: ignore[attr-defined] # set by Scrapy
        wanted: Wanted = request.cb_kwargs["wanted"]
        yield from self._without_answer(wanted, *reason_of(failure), answered=False)

    def post_failed(self, failure: Failure) -> None:
        """No answer for a post page."""
        request: Request = failure.request  # type: ignore[attr-defined] # set by Scrapy
        self.failures.of_article(request.meta[ARTICLE], *reason_of(failure))

    def list_failed(self, failure: Failure) -> None:
        """No answer for a list."""
        request: Request = failure.request  # type: ignore[attr-defined] # set by Scrapy
        self.failures.of_list(request.url, *reason_of(failure))

    def _list_request(self, url: str, callback: Any) -> Request:
        return Request(url, callback, errback=self.list_failed)

    def _category_request(self, slug: str) -> Request:
        return self._list_request(self.site.category_page(slug), self.parse_list)

    def _post_requests(self, response: Response, links: Iterable[str]) -> Iterator[Request]:
        for link in links:
            try:
                post = self.site.post(link)
            except InvalidInfoCode as error:
                self.failures.refused(error, response.url)
                continue
            if post is not None and self._is_asked_for(post):
                yield from self._category_of_archived(post)
                yield Request(
                    post.url,
                    self.parse_post,
                    errback=self.post_failed,
                    meta={ARTICLE: post.info_code, STAGE: "post page"},
                )

    def _category_of_archived(self, post: PostLink) -> Iterator[Request]:
        """The category page, which only post pages link to, of a post that is not fetched again.

        A crawl that was killed may have left posts that nothing but that page names.
        """
        slug = archive_of(self.crawler).slug_of(post.info_code)
        if slug is not None and self._wants_category(slug):
            yield self._category_request(slug)

    def _wants_category(self, slug: str) -> bool:
        return not self.args.category or slug in self.args.category

    def _is_asked_for(self, post: PostLink) -> bool:
        since, categories = self.args.since, self.args.category
        if since is not None and post.day is not None and post.day < since:
            return False
        return not categories or post.is_in(categories)

    def _ask_share(self, wanted: Wanted) -> Request:
        address = wanted.addresses[0]
        return Request(
            address,
            self.parse_share,
            errback=self.share_failed,
            meta={ARTICLE: wanted.info_code, STAGE: address},
            cb_kwargs={"wanted": wanted},
        )

    def _without_answer(
        self, wanted: Wanted, reason: str, sentence: str, *, answered: bool
    ) -> Iterator[Request | Article]:
        """What to do when a share host did not give the article."""
        self.logger.info("%s", sentence)
        unanswered = wanted.unanswered or not answered
        if others := wanted.addresses[1:]:
            yield self._ask_share(replace(wanted, addresses=others, unanswered=unanswered))
        elif wanted.page is None:
            self.failures.of_article(wanted.info_code, reason, sentence)
        else:
            try:
                article = compose_from_mirror(wanted.page, provisional=unanswered)
                yield replace(article, captures=wanted.captures)
            except InvalidArticle as error:
                self.failures.of_article(wanted.info_code, "refused", str(error))
