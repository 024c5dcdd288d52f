"""The mirror's post pages: a post as Jekyll rendered it."""

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlsplit

from parsel import Selector
from scrapy.http import Response, TextResponse

from archive.article import SHANGHAI, InfoCode
from archive.categories import ROLLING
from archive.errors import InvalidInfoCode
from crawler.pages.body import media_named_in
from crawler.pages.errors import LayoutChanged
from crawler.pages.section import section_of

_PUBLISHED = re.compile(r"\(GMT\+8[^)]*\) (\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2})", re.ASCII)
_NAMED_WITH_ITS_DATE = re.compile(r"/\d{4}-\d{2}-\d{2}-[^/]+\.html$", re.ASCII)
_CATEGORY_PATH = re.compile(r"/category/([^/]+)\.html|/(emnews)/")

_SECTION = re.compile(r'<div class="wrapper">.*?<section>(.*)</section>\s*<footer>', re.DOTALL)
_HEADING = re.compile(r"\s*(?:<small>[^<]*</small>)?\s*<h1>(?P<title>.*?)</h1>", re.DOTALL)
_DIGEST = re.compile(r"\s*<blockquote>.*?</blockquote>", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFacts:
    """What a post page says.

    :param url: of the page.
    :param title: None, like `published`, on a page that was made of broken front matter: Jekyll
        put the file's name and the time of the build in their place.
    :param body: the mirror's rendering, which is not the article's own bytes.
    :param link: the share link, or Eastmoney's page of rolling news, as the page writes it.
    """

    url: str
    info_code: InfoCode
    title: str | None
    published: datetime | None
    category: str
    tag: str
    media: str | None
    digest: str | None
    body: str
    link: str


class PostPage:
    """A post page, layout of 2021 to today."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def facts(self) -> PostFacts:
        """Read the page.

        :raises LayoutChanged: when something is missing that every post page has.
        """
        if not isinstance(self._response, TextResponse):
            raise self._unreadable("it is not a page of text")
        section = section_of(PostPage, self._response)
        link = self._link(section)
        slug, tag = self._category(section)
        title, content = self._title_and_content(self._response.text)
        trusted = not _NAMED_WITH_ITS_DATE.search(unquote(urlsplit(self._response.url).path))
        rolling = slug == ROLLING.slug
        body = self._body(content, link, has_digest=rolling)
        return PostFacts(
            url=self._response.url,
            info_code=self._info_code(link),
            title=title if trusted else None,
            published=self._published(section) if trusted else None,
            category=slug,
            tag=tag,
            media=media_named_in(body),
            digest=self._digest(section) if rolling else None,
            body=body,
            link=link,
        )

    def _unreadable(self, what: str) -> LayoutChanged:
        return LayoutChanged(PostPage, self._response.url, what)

    def _link(self, section: Selector) -> str:
        autolinks = section.xpath(".//p/a[@href = string(.)]/@href").getall()
        if not autolinks:
            raise self._unreadable("it has no share link")
        return autolinks[-1]

    def _info_code(self, link: str) -> InfoCode:
        try:
            by_link = InfoCode.from_address(link)
        except InvalidInfoCode as error:
            raise self._unreadable(f"its share link is {error}") from error
        by_address = InfoCode.from_address(self._response.url)
        if by_link != by_address:
            raise self._unreadable(f"its share link is that of {by_link}")
        return by_address

    def _category(self, section: Selector) -> tuple[str, str]:
        """Slug and tag, from the link back: Jekyll splits them at spaces everywhere else."""
        ways_back = section.xpath('.//p/a[starts-with(., "返回")]')
        if len(ways_back) < 2:
            raise self._unreadable("it has no link back to its category")
        back = ways_back[-2]
        path = unquote(urlsplit(back.attrib.get("href", "")).path)
        if match := _CATEGORY_PATH.fullmatch(path):
            return match[1] or match[2], back.xpath("string(.)").get("").removeprefix("返回")
        raise self._unreadable(f"its link back leads to {path!r}, which is no category")

    def _published(self, section: Selector) -> datetime:
        if match := _PUBLISHED.search(section.xpath("string(./small[1])").get("")):
            try:
                return datetime.fromisoformat(match[1]).replace(tzinfo=SHANGHAI)
            except ValueError:
                pass  # a day or an hour that does not exist
        raise self._unreadable("it has no time of publication")

    def _title_and_content(self, page: str) -> tuple[str, str]:
        """Title and content as they stand in the source; a parser would write them anew."""
        section = _SECTION.search(page)
        heading = _HEADING.match(section[1]) if section else None
        if section is None or heading is None:
            raise self._unreadable("it has no heading in its <section>")
        return heading["title"], section[1][heading.end() :]

    def _digest(self, section: Selector) -> str | None:
        lines = section.xpath("string(./blockquote[1])").get("").splitlines()
        return " ".join(filter(None, map(str.strip, lines))) or None

    def _body(self, content: str, link: str, *, has_digest: bool) -> str:
        escaped = link.replace("&", "&amp;")
        end = content.rfind(f'<p><a href="{escaped}">')
        digest = _DIGEST.match(content) if has_digest else None
        return content[digest.end() if digest else 0 : end].strip("\n")
