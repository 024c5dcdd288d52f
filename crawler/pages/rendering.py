"""A post as the mirror's Jekyll rendered it: on its page, and in the feed."""

import re
from dataclasses import dataclass
from datetime import datetime
from html import escape
from urllib.parse import unquote, urlsplit

from parsel import Selector

from archive.article import BodySource, Edition
from archive.article_id import InfoCode
from archive.categories import ROLLING
from archive.content import as_written, media_named_in
from archive.errors import InvalidInfoCode
from archive.html_limits import without_overloaded_tags
from crawler.pages.errors import LayoutChanged
from crawler.pages.facts import Facts
from crawler.pages.text import HTML_WHITE_SPACE

_CATEGORY_PATH = re.compile(r"/(?:[^/]+/)*(?:category/([^/]+)\.html|(emnews)/)")
_NAMED_WITH_ITS_DATE = re.compile(r"/\d{4}-\d{2}-\d{2}-[^/]+\.html$", re.ASCII)
_DIGEST = re.compile(r"\s*<blockquote>.*?</blockquote>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFacts(Facts):
    """What the mirror states of a post.

    :param title: None, like `published`, where it is not known: for a post with broken front
        matter, Jekyll shows the file's name and the time of the build in their place.
    :param body: the mirror's rendering, which is not the article's own bytes.
    :param link: the share link, or Eastmoney's page of rolling news, as the post writes it.
    """

    category: str
    tag: str
    body: str
    link: str


def read_rendering(
    page: type, url: str, content: str, title: str | None, published: datetime
) -> PostFacts:
    """Read the content of a post: digest, body, share link, link to its category.

    :param page: the class of the page object that reads it; errors name it.
    :param url: the address of the post, which may show that its front matter is broken.
    :raises LayoutChanged: when a part is missing that every post has.
    """
    broken = _NAMED_WITH_ITS_DATE.search(unquote(urlsplit(url).path))
    shown = (None, None) if broken else (title, published)
    return _Reader(page, url, content).read(*shown)


class _Reader:
    def __init__(self, page: type, url: str, content: str) -> None:
        self._page, self._url, self._content = page, url, content
        self._selector = Selector(without_overloaded_tags(content) or " ", "html")

    def read(self, title: str | None, published: datetime | None) -> PostFacts:
        link = self._link()
        slug, tag = self._category()
        rolling = slug == ROLLING.slug
        body = self._body(link, has_digest=rolling)
        return PostFacts(
            url=self._url,
            info_code=self._info_code(link),
            title=title,
            published=published,
            category=slug,
            tag=tag,
            media=media_named_in(body),
            digest=self._digest() if rolling else None,
            body=body,
            body_source=BodySource.MIRROR,
            link=link,
        )

    def _unreadable(self, what: str) -> LayoutChanged:
        return LayoutChanged(self._page, self._url, what)

    def _link(self) -> str:
        same = "//p/a[normalize-space(@href) = normalize-space(.)]/@href"
        autolinks = self._selector.xpath(same).getall()
        if not autolinks:
            raise self._unreadable("it has no share link")
        return autolinks[-1].strip(HTML_WHITE_SPACE)

    def _info_code(self, link: str) -> InfoCode:
        try:
            by_link = InfoCode.from_address(link)
        except InvalidInfoCode as error:
            raise self._unreadable(f"its share link is wrong: {error}") from error
        by_address = InfoCode.from_address(self._url)
        if by_link != by_address:
            raise self._unreadable(f"its share link is that of {by_link}")
        return by_address

    def _category(self) -> tuple[str, str]:
        """Return slug and tag from the link to the category.

        Everywhere else Jekyll splits them at spaces. Rolling news is recognised by its address,
        because the oldest of its posts have no such link.
        """
        if Edition.of_name(self._url.partition("?")[0]) is Edition.ROLLING:
            return ROLLING.slug, ROLLING.tag
        links = self._selector.xpath('//p/a[starts-with(., "返回")]')
        if len(links) < 2:
            raise self._unreadable("it has no link back to its category")
        back = links[-2]
        href = back.xpath("string(@href)").get("").strip(HTML_WHITE_SPACE)
        try:
            path = unquote(urlsplit(href).path)
        except ValueError as error:
            raise self._unreadable(f"its link back is no address: {href[:100]!r}") from error
        if match := _CATEGORY_PATH.fullmatch(path):
            return match[1] or match[2], back.xpath("string(.)").get("").removeprefix("返回")
        raise self._unreadable(f"its link back leads to {path[:100]!r}, which is no category")

    def _digest(self) -> str | None:
        lines = self._selector.xpath("string(//blockquote[1])").get("").splitlines()
        return " ".join(filter(None, map(str.strip, lines))) or None

    def _body(self, link: str, *, has_digest: bool) -> str:
        """Return the body from the source, which a parser would change."""
        ends = [match.start() for match in _link_to(link).finditer(self._content)]
        if not ends:
            raise self._unreadable("its share link is not in a paragraph of its own")
        digest = _DIGEST.match(self._content) if has_digest else None
        return as_written(self._content[digest.end() if digest else 0 : ends[-1]].strip("\n"))


def _link_to(address: str) -> re.Pattern[str]:
    """Return the pattern of the beginning of a paragraph that links to an address."""
    written = re.escape(escape(address)).replace("&amp;", "&(?:amp;)?")
    return re.compile(
        rf"<p>\s*<a\b[^>]{{0,200}}?\bhref\s*=\s*[\"']?\s*{written}\s*[\"'>]", re.IGNORECASE
    )
