"""The spider of the mirror site.

An article goes from the top of this file to its bottom: `start` → `parse_feed` → `parse_list` →
`parse_post` → the body (`crawler.spiders.articles`) → `complete_post`, where a title is missing.

Articles that the user names by share links are requested from the share API and from Eastmoney.
Where both fail, the lists of the mirror are searched for their posts: `_search`.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from archive.article import Article, BodySource, Edition
from archive.article_id import InfoCode
from archive.capture import Capture
from archive.crawl_state import Failed
from archive.errors import Refused
from crawler.arguments import FinewsArguments
from crawler.failures import reason_of
from crawler.items import Item
from crawler.middlewares.capture import capture_of
from crawler.mirror_site import MirrorSite, PostLink
from crawler.pages.compose import compose, compose_stand_in
from crawler.pages.errors import PageError
from crawler.pages.facts import ArticleText
from crawler.pages.feed import Feed
from crawler.pages.mirror_list import ListPage
from crawler.pages.mirror_post import PostPage
from crawler.request_meta import ARTICLE, EDITION, LIST, POST_URL, REVISIT, SAME_VALIDATORS, STAGE
from crawler.session import stats_of
from crawler.spiders.articles import ArticleSpider, BodyFetch, PendingPost
from crawler.spiders.base import GONE, request_of, requested_url, status_of
from crawler.tally import Fate

#: Key of `Request.meta`: the slug of the category whose page is requested.
_SLUG = "finews_slug"

#: Limits against traps: the most links between the start and a category (the longest real way is
#: feed, home, post, category, post), and the most characters of a slug.
_DEEPEST, _LONGEST_SLUG = 4, 200

#: The most bytes of answers that are cached for the other posts of their articles. Most articles
#: have no other post.
_MOST_CACHED_BYTES = 32 * 1024 * 1024


class FinewsSpider(ArticleSpider):
    """Crawls the mirror, or only the articles of given share links."""

    name = "finews"
    arguments = FinewsArguments
    replaces_worse_than = stand_in = BodySource.MIRROR

    allowed_domains: list[str]
    site: MirrorSite

    def __init__(self, name: str | None = None, **arguments: str) -> None:
        super().__init__(name, **arguments)
        self.args = FinewsArguments.model_validate(arguments)
        self._in_feed: set[tuple[InfoCode, Edition]] = set()
        #: Slugs of categories: requested; seen on posts; named by the user without a page.
        self._requested_categories: set[str] = set()
        self._seen_categories: set[str] = set()
        self._missing_categories: set[str] = set()
        #: How many categories that the user named have no answer yet.
        self._unread_categories = len(self.args.category)
        #: The articles that the lists are searched for, each with why no other source has it; the
        #: posts on the lists; the categories of which one post was requested.
        self._sought: dict[InfoCode, tuple[str, str]] = {}
        self._links: dict[InfoCode, PostLink] = {}
        self._searched_categories: set[str] = set()
        #: The posts that wait for a pending body, and the answers that are cached for other posts.
        self._pending: dict[InfoCode, list[PendingPost]] = {}
        self._answers: dict[InfoCode, tuple[BodyFetch, Response]] = {}
        self._cached_bytes = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Build the spider for the site that the user named; Scrapy calls this."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        sources = spider.sources
        spider.site = MirrorSite(sources.mirror, spider.args.site)
        facts = sources.eastmoney
        bodies = (*sources.share.api, facts.article_api, facts.article_page)
        hosts = (urlsplit(address).hostname or "" for address in bodies)
        spider.allowed_domains = [spider.site.host, *hosts]
        crawler.signals.connect(spider.end, signals.spider_idle)
        return spider

    @property
    def is_whole(self) -> bool:
        """Whether the crawl takes in all posts of a site, which may be another than the mirror."""
        return not (self.args.share or self.args.category or self.args.since)

    @property
    def by_name(self) -> bool:
        """Whether the user named the articles, with ``share``."""
        return bool(self.args.share)

    @property
    def body_sources(self) -> Sequence[BodySource]:
        """The mirror's sources of bodies; for articles that the user named, Eastmoney's as well."""
        own = self.sources.mirror.bodies
        eastmoneys = self.sources.eastmoney.bodies if self.by_name else ()
        return tuple(dict.fromkeys((*own, *eastmoneys)))

    async def start(self) -> AsyncIterator[Any]:
        """Yield the request for the feed, which leads to the lists.

        With ``share``, yield requests for bodies instead. With ``category``, the pages of the
        categories come before the feed: which posts are selected depends on whether they exist.
        """
        for info_code in self.args.share:
            yield self.request_body(self.fetch_of(self.pending_post(info_code)))
        for slug in self.args.category:
            yield self._category_request(slug, self.parse_named_category)
        if not (self.args.share or self.args.category):
            yield self._feed_request()
        if self.is_whole:
            for request in (*self.failed_before(), *self.due_revisits()):
                yield request

    # Lists.

    def _feed_request(self) -> Request:
        return self._list_request(self.site.feed, self.parse_feed, self.feed_failed)

    def _home_request(self) -> Request:
        return self._list_request(self.site.home, self.parse_list, self.list_failed)

    def _category_request(
        self, slug: str, callback: Callable[..., Iterator[Request]] | None = None
    ) -> Request:
        page = self.site.category_page(slug)
        request = self._list_request(page, callback or self.parse_list, self.category_failed)
        request.meta[_SLUG] = slug
        return request

    def _list_request(self, url: str, callback: Any, errback: Any) -> Request:
        return Request(url, callback, errback=errback, meta={LIST: self.is_whole})

    def parse_feed(self, response: Response) -> Iterator[Request | Item]:
        """Yield the request for the home page, and requests for the bodies of the feed's posts.

        The feed has whole posts, so their pages are not requested.
        """
        yield self._home_request()
        if response.status == 304:
            return
        feed = Feed(response)
        pages = {page.url: page for page in feed.posts()}
        links = list(self._selected_posts(response, feed.links()))
        self._report_hidden(response, links)
        for link in links:
            page = pages.get(link.url_in_list)
            if page is None:
                yield from self._post_requests([link], response)
            elif self._selects_category(page.category):
                self._in_feed.add((link.info_code, link.edition))
                yield from self._category_of(page.category, response)
                post = self.pending_post(link.info_code, page, response, link.url)
                yield from self._fetch_once(post)
        self.list_read(response)

    def feed_failed(self, failure: Failure) -> Iterator[Request]:
        """Record the failure, and yield the request for the home page.

        The lists have the posts of the feed too, except those with broken front matter.
        """
        self.list_failed(failure)
        yield self._home_request()

    def parse_named_category(self, response: Response) -> Iterator[Request]:
        """Yield requests for the posts of a category that the user named, and then for the feed."""
        yield from self._named_category_read()
        yield from self.parse_list(response)

    def parse_list(self, response: Response) -> Iterator[Request]:
        """Yield requests for the posts of the home page or of a category page."""
        if response.status == 304:
            return
        links = ListPage(response).links()
        posts = list(self._selected_posts(response, links))
        self._report_hidden(response, posts)
        yield from self._post_requests(posts, response)
        yield from self._search_categories()
        if links and not any(map(self._is_post, links)):
            sentence = f"None of its {len(links)} links, such as {links[0]}, leads to a post"
            self.failures.of_list(response.url, "leads_nowhere", f"{sentence} of the mirror.")
            return
        self.list_read(response)

    def list_failed(self, failure: Failure) -> None:
        """Record a list that has no answer."""
        if self.by_name:
            self.search_failed(failure)
            return
        self.failures.of_list(requested_url(failure), *reason_of(failure))

    def category_failed(self, failure: Failure) -> Iterator[Request]:
        """Record a category page that has no answer; some that posts link to do not exist."""
        slug = request_of(failure).meta[_SLUG]
        if slug in self.args.category and status_of(failure) in GONE:
            self._missing_categories.add(slug)
        elif status_of(failure) == HTTPStatus.NOT_FOUND:
            self.failures.missing_list(requested_url(failure))
        else:
            self.list_failed(failure)
        if slug in self.args.category:
            yield from self._named_category_read()

    def _named_category_read(self) -> Iterator[Request]:
        """Yield the request for the feed after the last category that the user named."""
        self._unread_categories -= 1
        if not self._unread_categories:
            yield self._feed_request()

    def _report_hidden(self, response: Response, posts: Iterable[PostLink]) -> None:
        """Report new articles of a list that has the same validators as before.

        With a condition, the server would have answered 304 and so hidden them.
        """
        if not response.meta.get(SAME_VALIDATORS):
            return
        archive = self.session.archive
        new = sum(not archive.has(post.info_code, post.edition) for post in posts)
        if new:
            self.count("list/hid")
            self.logger.warning(
                "%s names %d new articles, though its server says that it has not changed; "
                "it is read without conditions every %s hours (FINEWS_UNCONDITIONAL_HOURS).",
                *(response.url, new, self.settings["FINEWS_UNCONDITIONAL_HOURS"]),
            )

    def _selected_posts(self, response: Response, links: Iterable[str]) -> Iterator[PostLink]:
        """Yield the posts that a list links to, if the arguments of the crawl select them."""
        for link in links:
            try:
                post = self.site.post(link)
            except Refused as error:
                self.failures.refused(str(error), response.url)
                continue
            if post is not None:
                self.count("list/posts")
                if not self.is_whole:
                    self._links.setdefault(post.info_code, post)
                if self._selects(post):
                    yield post

    def _is_post(self, link: str) -> bool:
        try:
            return self.site.post(link) is not None
        except Refused:
            return True

    def _selects(self, post: PostLink) -> bool:
        if self.by_name:
            return post.info_code in self._sought
        since, categories = self.args.since, self.args.category
        if since is not None and post.day is not None and post.day < since:
            return False
        return not categories or post.is_in(categories)

    def _selects_category(self, slug: str) -> bool:
        self._seen_categories.add(slug)
        if not self.args.category or slug in self.args.category:
            return True
        return slug.casefold() in {given.casefold() for given in self._missing_categories}

    def _category_of(self, slug: str, response: Response | None) -> Iterator[Request]:
        """Yield the request for the category page of a post, once in a crawl.

        Archived posts need it too: a crawl that was killed, or that took in only a part, may have
        left other posts of the category that no other page names.

        :param response: the page that names the post; None for a post of an earlier crawl.
        """
        depth = response.meta.get("depth", 0) if response else 0
        if slug in self._requested_categories or not self._selects_category(slug):
            return
        if depth > _DEEPEST or len(slug) > _LONGEST_SLUG:
            sentence = f"The category {slug[:100]!r} lies behind too many others, or has no name"
            self.failures.refused(sentence, response.url if response else self.site.home)
        else:
            self._requested_categories.add(slug)
            yield self._category_request(slug)

    # Posts.

    def _post_requests(
        self, links: Iterable[PostLink], response: Response | None = None
    ) -> Iterator[Request]:
        """Yield requests for the pages of posts, except those that the feed had as a whole.

        :param response: the list that links to them; None for posts of an earlier crawl.
        """
        for link in links:
            if (link.info_code, link.edition) in self._in_feed:
                continue
            slug = self.session.archive.slug_of(link.info_code, link.edition)
            if slug is not None:
                yield from self._category_of(slug, response)
            yield Request(
                link.url,
                self.parse_post,
                errback=self.post_failed,
                meta={
                    ARTICLE: link.info_code,
                    EDITION: link.edition,
                    STAGE: "post page",
                    POST_URL: link.url,
                    REVISIT: self.source_to_replace(link.info_code, link.edition) is not None,
                },
            )

    def parse_post(self, response: Response) -> Iterator[Request | Item]:
        """Yield the requests for a post's category and for the body of its article."""
        page = PostPage(response).facts()
        if not self._selects_category(page.category):
            self.session.settle(page.info_code, Fate.LEFT_OUT)
            return
        yield from self._category_of(page.category, response)
        post = self.pending_post(page.info_code, page, response, response.url)
        yield from self._fetch_once(post)

    def post_failed(self, failure: Failure) -> None:
        """Record a post page that has no answer."""
        meta = request_of(failure).meta
        fate = Fate.GONE if status_of(failure) in GONE else Fate.FAILED
        reason, sentence = reason_of(failure)
        self.failures.of_article(
            meta[ARTICLE], reason, sentence, meta[POST_URL], meta[EDITION], fate=fate
        )

    def retry(self, failed: Failed) -> Iterator[Request]:
        """Yield requests for the post pages of a failed article, or for its body if it has none."""
        links = [link for url in (failed.url or "").split() if (link := self.site.post(url))]
        if links:
            yield from self._post_requests(links)
        else:
            yield from super().retry(replace(failed, url=None))

    # Bodies: between these methods lie those of `ArticleSpider`.

    def _fetch_once(self, post: PendingPost) -> Iterator[Request | Item]:
        """Fetch the body of a post, but only once for both posts of an article."""
        info_code = post.info_code
        fetch = self.fetch_of(post)
        archived = self.session.archive.has(info_code, post.edition)
        if archived and post.archived is None:
            yield self.request_body(fetch)  # `ArchivedMiddleware` counts it and does not send it
        elif info_code in self._pending:
            self._pending[info_code].append(post)
        elif info_code in self._answers:
            answered, response = self._answers[info_code]
            yield from self.parse_body(response, replace(answered, posts=[post]))
        else:
            self._pending[info_code] = fetch.posts
            yield self.request_body(fetch)

    def fetch_ended(self, fetch: BodyFetch, response: Response | None) -> None:
        """Cache an answer for the article's other post, whose page may be read later."""
        post, *others = fetch.posts
        self._pending.pop(post.info_code, None)
        if response is None or post.post_url is None or others or post.info_code in self._answers:
            return
        self._answers[post.info_code] = fetch, response
        self._cached_bytes += len(response.body)
        while self._cached_bytes > _MOST_CACHED_BYTES:
            _, dropped = self._answers.pop(next(iter(self._answers)))
            self._cached_bytes -= len(dropped.body)

    def with_body(
        self, fetch: BodyFetch, post: PendingPost, text: ArticleText, captures: tuple[Capture, ...]
    ) -> Iterator[Request | Item]:
        """Yield the article, or the request for its page where only that has its title."""
        if post.facts is None and not text.title:
            sentence = f"{fetch.addresses[0].url} does not name the title of {post.info_code}."
            rest = fetch.without_address(requested=True, answered=False)
            yield from self.next_source(rest, "untitled", sentence)
        elif post.post_url and not text.title and not (post.facts and post.facts.title):
            yield self._completion(fetch, post, post.post_url, text, captures)
        else:
            yield from super().with_body(fetch, post, text, captures)

    def without_body(
        self, fetch: BodyFetch, post: PendingPost, reason: str, sentence: str
    ) -> Iterator[Request | Item]:
        """Yield the article with the mirror's rendering, or a request that may lead to that."""
        untitled = post.facts is not None and post.facts.title is None
        in_feed = (post.info_code, post.edition) in self._in_feed
        if untitled and post.post_url and in_feed:
            yield self._completion(fetch, post, post.post_url)
        elif post.info_code in self.args.share and post.facts is None:
            yield from self._search(post.info_code, reason, sentence)
        else:
            yield from super().without_body(fetch, post, reason, sentence)

    def _completion(
        self,
        fetch: BodyFetch,
        post: PendingPost,
        post_url: str,
        text: ArticleText | None = None,
        captures: tuple[Capture, ...] = (),
    ) -> Request:
        """Return the request for the page of a post that the feed had, as the feed has no titles.

        :param text: the article's own body; None where no source has it.
        :param captures: the responses that `text` and the facts were read from.
        """
        return Request(
            post_url,
            self.complete_post,
            errback=self.post_failed,
            meta={
                ARTICLE: post.info_code,
                EDITION: post.edition,
                STAGE: "completion",
                POST_URL: post_url,
                REVISIT: post.archived is not None,
            },
            cb_kwargs={"fetch": fetch, "post": post, "text": text, "captures": captures},
        )

    def complete_post(
        self,
        response: Response,
        fetch: BodyFetch,
        post: PendingPost,
        text: ArticleText | None,
        captures: tuple[Capture, ...],
    ) -> Iterator[Article]:
        """Yield the article with the title that its post page has."""
        facts = PostPage(response).facts()
        link_of = self.sources.share.link_of
        if text is not None:
            provisional = fetch.may_improve(text.source)
            article = compose(post.info_code, facts, text, link_of, provisional=provisional)
        else:
            article = compose_stand_in(facts, link_of, provisional=bool(fetch.unanswered))
        yield replace(article, captures=(*captures, *capture_of(response)))

    # The search for articles that the user named and only the mirror has.

    def _search(self, info_code: InfoCode, reason: str, sentence: str) -> Iterator[Request]:
        """Search the lists of the mirror for an article that no other source has.

        :param reason: why the other sources failed, as a word for the statistics.
        :param sentence: the same for the log.
        """
        if not self._sought:
            yield self._feed_request()
        self._sought[info_code] = reason, sentence
        if link := self._links.get(info_code):
            yield from self._post_requests([link])

    def _search_categories(self) -> Iterator[Request]:
        """Yield requests for one post of each category; only posts link to category pages."""
        if self._sought.keys() <= self._links.keys():
            return
        for link in tuple(self._links.values()):
            if link.category not in self._searched_categories:
                self._searched_categories.add(link.category)
                yield Request(link.url, self.parse_neighbour, errback=self.search_failed)

    def parse_neighbour(self, response: Response) -> Iterator[Request]:
        """Yield the request for the category of a post, which may list the article in question."""
        try:
            yield from self._category_of(PostPage(response).facts().category, response)
        except PageError as error:
            self.logger.info("%s", error)

    def search_failed(self, failure: Failure) -> None:
        """Log a page that has no answer; the search goes on with other pages."""
        _, sentence = reason_of(failure)
        self.logger.info("%s", sentence)

    # The end.

    def end(self) -> None:
        """On `spider_idle`: report the articles and the categories that were not found."""
        for info_code, (reason, sentence) in self._sought.items():
            if self.session.tally.is_open(info_code):
                sentence = f"{sentence} Neither do the lists of {self.site.host} name it."
                self.failures.of_article(info_code, reason, sentence)
        if wrong := [*filter(None, map(self._wrong_category, sorted(self._missing_categories)))]:
            stats_of(self.crawler).set_value("argument/wrong", " ".join(wrong))

    def _wrong_category(self, given: str) -> str | None:
        """Return why a category has no page; None where it differs from a slug only in case."""
        meant = sorted(
            slug for slug in self._seen_categories if slug.casefold() == given.casefold()
        )
        if len(meant) == 1:
            return None
        if meant:
            return f"The category {given} may be {' or '.join(meant)}; write it as one of them."
        paths = {link.category.replace("/", " ") for link in self._links.values()}
        slugs = {slug.casefold(): slug for slug in (*paths, *self._seen_categories) if slug}
        known = ", ".join(sorted(slugs.values(), key=str.casefold)) or "none on its lists"
        return f"There is no category {given} at {self.site.host}; there are {known}."
