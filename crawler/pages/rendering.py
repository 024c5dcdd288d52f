"""A post as the mirror's Jekyll rendered it: on its page, and in the feed."""

import re
from dataclasses import dataclass
from html import escape
from urllib.parse import unquote, urlsplit

from parsel import Selector

from archive.article import InfoCode
from archive.categories import ROLLING
from archive.content import media_named_in
from archive.content.carried import as_written
from archive.errors import InvalidInfoCode
from archive.markup import without_overloaded_tags
from crawler.pages.errors import LayoutChanged

_CATEGORY_PATH = re.compile(r"/(?:[^/]+/)*(?:category/([^/]+)\.html|(emnews)/)")
_DIGEST = re.compile(r"\s*<blockquote>.*?</blockquote>", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """What the rendered content of a post says.

    :param body: as rendered, which is not the article's own bytes.
    :param link: the share link, or Eastmoney's page of rolling news, as the post writes it.
    """

    info_code: InfoCode
    category: str
    tag: str
    media: str | None
    digest: str | None
    body: str
    link: str


def read_rendering(page: type, url: str, content: str) -> Rendering:
    """Read the content of a post: digest, body, share link, links back.

    :param page: the page object that reads it.
    :param url: of the post.
    :raises LayoutChanged: in the name of `page`, when something is missing that every post has.
    """
    return _Reader(page, url, content).read()


class _Reader:
    def __init__(self, page: type, url: str, content: str) -> None:
        self._page, self._url, self._content = page, url, content
        self._selector = Selector(without_overloaded_tags(content) or " ", "html")

    def read(self) -> Rendering:
        link = self._link()
        slug, tag = self._category()
        rolling = slug == ROLLING.slug
        body = self._body(link, has_digest=rolling)
        return Rendering(
            info_code=self._info_code(link),
            category=slug,
            tag=tag,
            media=media_named_in(body),
            digest=self._digest() if rolling else None,
            body=body,
            link=link,
        )

    def _unreadable(self, what: str) -> LayoutChanged:
        return LayoutChanged(self._page, self._url, what)

    def _link(self) -> str:
        autolinks = self._selector.xpath("//p/a[@href = string(.)]/@href").getall()
        if not autolinks:
            raise self._unreadable("it has no share link")
        return autolinks[-1]

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
        """Slug and tag, from the link back: Jekyll splits them at spaces everywhere else."""
        ways_back = self._selector.xpath('//p/a[starts-with(., "返回")]')
        if len(ways_back) < 2:
            raise self._unreadable("it has no link back to its category")
        back = ways_back[-2]
        href = back.xpath("string(@href)").get("")
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
        """The body as it stands in the source; a parser would write it anew."""
        end = self._content.rfind(f'<p><a href="{escape(link)}">')
        digest = _DIGEST.match(self._content) if has_digest else None
        return as_written(self._content[digest.end() if digest else 0 : end].strip("\n"))
