"""The spider of the mirror site: feed and home → posts → their categories → all posts → share API.

In the order of an article's way: `start`, `parse_feed`, `parse_list`, `parse_post`, `parse_text`.
Articles that the user names by share links are asked for at the share API and at Eastmoney; where
both fail, the lists of the mirror are searched for them: `_search`.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from archive.article import Article, BodySource, Edition, InfoCode
from archive.crawl_state import Failed
from archive.errors import Refused
from crawler.arguments import FinewsArguments
from crawler.failures import reason_of
from crawler.items import Item
from crawler.middlewares.capture import capture_of
from crawler.middlewares.conditional import validators_of
from crawler.mirror_site import MirrorSite, PostLink
from crawler.pages.compose import compose, compose_without_text
from crawler.pages.errors import PageError
from crawler.pages.facts import ArticleText
from crawler.pages.feed import Feed
from crawler.pages.list_page import ListPage
from crawler.pages.post_page import PostPage
from crawler.request_meta import ARTICLE, EDITION, LIST, POST_URL, REVISIT, SAME_VALIDATORS, STAGE
from crawler.session import stats_of
from crawler.spiders.articles import (
    GONE,
    ArticleSpider,
    TextAddress,
    Wanted,
    asked_for,
    request_of,
    status_of,
)
from crawler.tally import Fate

_SLUG = "finews_slug"
"""Key of `Request.meta`: the slug of the category whose page is asked for."""

_DEEPEST, _LONGEST_SLUG = 4, 200
"""What is farther away than feed, home, post, category, post, or has a longer name, is a trap."""


_MOST_KEPT = 32 * 1024 * 1024
"""Bytes of answers that are kept for the other posts of their articles, most of which have none."""


class FinewsSpider(ArticleSpider):
    """Crawls the mirror, or just the articles of given share links."""

    name = "finews"
    arguments = FinewsArguments
    gives = stand_in = BodySource.MIRROR

    allowed_domains: list[str]
    site: MirrorSite

    def __init__(self, name: str | None = None, **arguments: str) -> None:
        super().__init__(name, **arguments)
        self.args = FinewsArguments.model_validate(arguments)
        self._in_feed: set[tuple[InfoCode, Edition]] = set()
        self._categories: set[str] = set()
        self._met: set[str] = set()
        self._missing: set[str] = set()
        self._unread = len(self.args.category)
        self._sought: dict[InfoCode, tuple[str, str]] = {}
        self._searched: set[str] = set()
        self._links: dict[InfoCode, PostLink] = {}
        self._asking: dict[InfoCode, list[Wanted]] = {}
        self._answers: dict[InfoCode, tuple[Sequence[TextAddress], Response]] = {}
        self._kept = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Made by Scrapy; see `ArticleSpider`."""
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
        """Another site is read whole as well."""
        return not (self.args.share or self.args.category or self.args.since)

    @property
    def by_name(self) -> bool:
        """With ``share``."""
        return bool(self.args.share)

    async def start(self) -> AsyncIterator[Any]:
        """The feed, then the lists; with ``share``, the share API straight away.

        With ``category``, its page comes first: whether it is there says which posts are meant.
        """
        for info_code in self.args.share:
            yield self.ask(self.wanted(info_code))
        for slug in self.args.category:
            yield self._category_request(slug, self.parse_named_category)
        if not (self.args.share or self.args.category):
            yield self._feed_request()
        if self.is_whole:
            for request in (*self.tried_in_vain(), *self.due_again()):
                yield request

    def end(self) -> None:
        """On `spider_idle`: nothing more will be found."""
        for info_code, (reason, sentence) in self._sought.items():
            if self.session.tally.is_open(info_code):
                sentence = f"{sentence} Neither do the lists of {self.site.host} name it."
                self.failures.of_article(info_code, reason, sentence)
        if wrong := [*filter(None, map(self._wrong, sorted(self._missing)))]:
            stats_of(self.crawler).set_value("argument/wrong", " ".join(wrong))

    @property
    def bodies(self) -> Sequence[BodySource]:
        """The mirror's; for an article that the user named, Eastmoney's as well."""
        own = self.sources.mirror.bodies
        eastmoneys = self.sources.eastmoney.bodies if self.by_name else ()
        return tuple(dict.fromkeys((*own, *eastmoneys)))

    def parse_feed(self, response: Response) -> Iterator[Request | Item]:
        """Feed → its posts, which need no page of their own, and then the home page."""
        yield self._home_request()
        if response.status == 304:
            return
        feed = Feed(response)
        pages = {page.url: page for page in feed.posts()}
        links = list(self._posts(response, feed.links()))
        self._report_hidden(response, links)
        for link in links:
            page = pages.get(link.url_in_list)
            if page is None:
                yield from self._post_requests([link], response)
            elif self._wants_category(page.category):
                self._in_feed.add((link.info_code, link.edition))
                yield from self._category_of(page.category, response)
                yield from self._ask(self.wanted(link.info_code, page, response, link.url))
        self._read(response)

    def feed_failed(self, failure: Failure) -> Iterator[Request]:
        """No feed: its posts are on the lists too, but for those of broken front matter."""
        self.list_failed(failure)
        yield self._home_request()

    def parse_named_category(self, response: Response) -> Iterator[Request]:
        """Page of a category that the user named → its posts, and then the feed."""
        yield from self._named_category_is_read()
        yield from self.parse_list(response)

    def parse_list(self, response: Response) -> Iterator[Request]:
        """Home or category page → posts."""
        if response.status != 304:
            links = ListPage(response).links()
            posts = list(self._posts(response, links))
            self._report_hidden(response, posts)
            yield from self._post_requests(posts, response)
            yield from self._search_categories()
            if links and not any(map(self._is_post, links)):
                sentence = f"None of its {len(links)} links, such as {links[0]}, leads to a post"
                self.failures.of_list(response.url, "leads_nowhere", f"{sentence} of the mirror.")
                return
            self._read(response)

    def parse_post(self, response: Response) -> Iterator[Request | Item]:
        """Post page → its category, and the share API for the article's own body."""
        page = PostPage(response).facts()
        if not self._wants_category(page.category):
            self.session.settle(page.info_code, Fate.LEFT_OUT)
            return
        yield from self._category_of(page.category, response)
        yield from self._ask(self.wanted(page.info_code, page, response, response.url))

    def answered(self, wanted: Wanted, response: Response | None) -> None:
        """Keep an answer for the article's other post, whose page may be read later."""
        self._asking.pop(wanted.info_code, None)
        known = wanted.also or wanted.info_code in self._answers
        if response is None or wanted.post_url is None or known:
            return
        self._answers[wanted.info_code] = wanted.addresses, response
        self._kept += len(response.body)
        while self._kept > _MOST_KEPT:
            _, dropped = self._answers.pop(next(iter(self._answers)))
            self._kept -= len(dropped.body)

    def with_text(self, wanted: Wanted, text: ArticleText) -> Iterator[Request | Item]:
        """The article; what the feed does not say of it, its page does."""
        if wanted.facts is None and not text.title:
            sentence = f"{wanted.addresses[0].url} does not say the title of {wanted.info_code}."
            wanted = replace(wanted, captures=())
            yield from self._without_text(wanted, "untitled", sentence, answered=False)
        elif wanted.post_url and not text.title and not (wanted.facts and wanted.facts.title):
            yield self._complete_request(wanted, wanted.post_url, text)
        else:
            yield from super().with_text(wanted, text)

    def without_text(self, wanted: Wanted, reason: str, sentence: str) -> Iterator[Request | Item]:
        """The article as the mirror renders it; likewise."""
        untitled = wanted.facts is not None and wanted.facts.title is None
        in_feed = (wanted.info_code, wanted.edition) in self._in_feed
        if untitled and wanted.post_url and in_feed:
            yield self._complete_request(wanted, wanted.post_url)
        elif wanted.info_code in self.args.share and wanted.facts is None:
            yield from self._search(wanted.info_code, reason, sentence)
        else:
            yield from super().without_text(wanted, reason, sentence)

    def complete(
        self, response: Response, wanted: Wanted, text: ArticleText | None
    ) -> Iterator[Article]:
        """Post page → what the feed does not say of its post: the title, as it was written."""
        facts = PostPage(response).facts()
        link_of = self.sources.share.link_of
        if text is not None:
            article = compose(wanted.info_code, facts, text, link_of)
        else:
            article = compose_without_text(facts, link_of, provisional=bool(wanted.silent))
        captures = wanted.captures if text is not None else ()
        yield replace(article, captures=(*captures, *capture_of(response)))

    def post_failed(self, failure: Failure) -> None:
        """No answer for a post page."""
        meta = request_of(failure).meta
        fate = Fate.GONE if status_of(failure) in GONE else Fate.FAILED
        reason, sentence = reason_of(failure)
        self.failures.of_article(
            meta[ARTICLE], reason, sentence, meta[POST_URL], meta[EDITION], fate=fate
        )

    def list_failed(self, failure: Failure) -> None:
        """No answer for a list."""
        if self.by_name:
            self.search_failed(failure)
            return
        self.failures.of_list(asked_for(failure), *reason_of(failure))

    def category_failed(self, failure: Failure) -> Iterator[Request]:
        """No answer for a category page; some that posts link to do not exist."""
        slug = request_of(failure).meta[_SLUG]
        if slug in self.args.category and status_of(failure) in GONE:
            self._missing.add(slug)
        elif status_of(failure) == HTTPStatus.NOT_FOUND:
            self.failures.missing_list(asked_for(failure))
        else:
            self.list_failed(failure)
        if slug in self.args.category:
            yield from self._named_category_is_read()

    def try_again(self, failed: Failed) -> Iterator[Request]:
        """By its post pages, if it has any on the mirror."""
        links = [link for url in (failed.url or "").split() if (link := self.site.post(url))]
        if links:
            yield from self._post_requests(links)
        else:
            yield from super().try_again(replace(failed, url=None))

    def parse_neighbour(self, response: Response) -> Iterator[Request]:
        """A post that was not asked for → its category, where one may be that was."""
        try:
            yield from self._category_of(PostPage(response).facts().category, response)
        except PageError as error:
            self.logger.info("%s", error)

    def search_failed(self, failure: Failure) -> None:
        """No answer where articles are searched for that may be elsewhere as well."""
        _, sentence = reason_of(failure)
        self.logger.info("%s", sentence)

    def _ask(self, wanted: Wanted) -> Iterator[Request | Item]:
        """Ask for the body of a post, but once for both posts of an article."""
        info_code = wanted.info_code
        archived = self.session.archive.has(info_code, wanted.edition)
        if archived and wanted.archived is None:
            yield self.ask(wanted)  # which is not sent
        elif info_code in self._asking:
            self._asking[info_code].append(wanted)
        elif info_code in self._answers:
            addresses, response = self._answers[info_code]
            yield from self.parse_text(response, replace(wanted, addresses=addresses))
        else:
            self._asking[info_code] = wanted.also
            yield self.ask(wanted)

    def _search(self, info_code: InfoCode, reason: str, sentence: str) -> Iterator[Request]:
        """Search the lists of the mirror for an article that is nowhere else.

        :param reason: why it failed elsewhere; likewise `sentence`.
        """
        if not self._sought:
            yield self._feed_request()
        self._sought[info_code] = reason, sentence
        if link := self._links.get(info_code):
            yield from self._post_requests([link])

    def _search_categories(self) -> Iterator[Request]:
        """One post of each category on the lists; only posts lead to the pages of categories."""
        if self._sought.keys() <= self._links.keys():
            return
        for link in tuple(self._links.values()):
            if link.category not in self._searched:
                self._searched.add(link.category)
                yield Request(link.url, self.parse_neighbour, errback=self.search_failed)

    def _feed_request(self) -> Request:
        return self._list_request(self.site.feed, self.parse_feed, self.feed_failed)

    def _home_request(self) -> Request:
        return self._list_request(self.site.home, self.parse_list, self.list_failed)

    def _category_request(self, slug: str, callback: Any = None) -> Request:
        page = self.site.category_page(slug)
        request = self._list_request(page, callback or self.parse_list, self.category_failed)
        request.meta[_SLUG] = slug
        return request

    def _named_category_is_read(self) -> Iterator[Request]:
        self._unread -= 1
        if not self._unread:
            yield self._feed_request()

    def _wrong(self, given: str) -> str | None:
        """What is wrong with the name of a category that has no page; None where its case is."""
        meant = sorted(slug for slug in self._met if slug.casefold() == given.casefold())
        if len(meant) == 1:
            return None
        if meant:
            return f"The category {given} may be {' or '.join(meant)}; write it as one of them."
        paths = {link.category.replace("/", " ") for link in self._links.values()}
        slugs = {slug.casefold(): slug for slug in (*paths, *self._met) if slug}
        known = ", ".join(sorted(slugs.values(), key=str.casefold)) or "none on its lists"
        return f"There is no category {given} at {self.site.host}; there are {known}."

    def _list_request(self, url: str, callback: Any, errback: Any) -> Request:
        return Request(url, callback, errback=errback, meta={LIST: self.is_whole})

    def _read(self, list_page: Response) -> None:
        validators = validators_of(list_page, self.session.now())
        if self.is_whole and validators is not None:
            url = list_page.request.url if list_page.request else list_page.url
            self.session.list_read(url, validators)

    def _report_hidden(self, response: Response, posts: Iterable[PostLink]) -> None:
        """Report articles that a server would have kept back with a 304."""
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

    def _posts(self, response: Response, links: Iterable[str]) -> Iterator[PostLink]:
        """The posts that a list links to and that were asked for."""
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
                if self._is_asked_for(post):
                    yield post

    def _is_post(self, link: str) -> bool:
        try:
            return self.site.post(link) is not None
        except Refused:
            return True

    def _is_asked_for(self, post: PostLink) -> bool:
        if self.by_name:
            return post.info_code in self._sought
        since, categories = self.args.since, self.args.category
        if since is not None and post.day is not None and post.day < since:
            return False
        return not categories or post.is_in(categories)

    def _wants_category(self, slug: str) -> bool:
        self._met.add(slug)
        if not self.args.category or slug in self.args.category:
            return True
        return slug.casefold() in {given.casefold() for given in self._missing}

    def _post_requests(
        self, links: Iterable[PostLink], response: Response | None = None
    ) -> Iterator[Request]:
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
                    REVISIT: self.to_better(link.info_code, link.edition) is not None,
                },
            )

    def _category_of(self, slug: str, response: Response | None) -> Iterator[Request]:
        """The category page of a post.

        Archived posts need it too: a crawl that was killed, or that took in a part, may have left
        others that nothing else names.

        :param response: where the post is told of; None for one that is known from before.
        """
        depth = response.meta.get("depth", 0) if response else 0
        if slug in self._categories or not self._wants_category(slug):
            return
        if depth > _DEEPEST or len(slug) > _LONGEST_SLUG:
            sentence = f"The category {slug[:100]!r} lies behind too many others, or has no name"
            self.failures.refused(sentence, response.url if response else self.site.home)
        else:
            self._categories.add(slug)
            yield self._category_request(slug)

    def _complete_request(
        self, wanted: Wanted, post_url: str, text: ArticleText | None = None
    ) -> Request:
        return Request(
            post_url,
            self.complete,
            errback=self.post_failed,
            meta={
                ARTICLE: wanted.info_code,
                EDITION: wanted.edition,
                STAGE: "completion",
                POST_URL: post_url,
                REVISIT: wanted.archived is not None,
            },
            cb_kwargs={"wanted": wanted, "text": text},
        )
