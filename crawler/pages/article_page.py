"""Eastmoney's page of an article, ``https://finance.eastmoney.com/a/<code>.html``.

Known second hand: where its parts are is said here and nowhere else.
"""

import re
from datetime import datetime

from parsel import Selector
from scrapy.http import Response

from archive.article import SHANGHAI, BodySource, Edition, InfoCode
from archive.content import media_named_in, read_body
from archive.errors import InvalidInfoCode
from archive.markup import without_overloaded_tags
from crawler.pages.element import find_element
from crawler.pages.errors import LayoutChanged
from crawler.pages.facts import ArticleText
from crawler.pages.text import text_of

_BODY = ("id", "ContentBody")
_ABSTRACT = ("class", "abstract")
_ABSTRACT_TEXT = "#ContentBody .abstract .txt"
_TITLE = ".title, h1"
_INFOS = ".infos"
_TIME = re.compile(
    r"(\d{4})[年-](\d{1,2})[月-](\d{1,2})日?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII
)
_MEDIA = re.compile(r"来源：\s*(\S[^\n]*)")


class ArticlePage:
    """The page, layout of 2026."""

    source = BodySource.ARTICLE_PAGE

    def __init__(self, response: Response) -> None:
        self._response = response

    def text(self, info_code: InfoCode, edition: Edition | None = None) -> ArticleText:
        """Read the page for the article that was asked for.

        :param edition: whose body is wanted; the page has one body for both.
        :raises LayoutChanged: when it is the page of another article, or has no body or title.
        """
        response = self._response
        page = text_of(ArticlePage, response)
        self._check_identity(info_code)
        parsed = Selector(without_overloaded_tags(page) or " ", "html")
        titles = ("".join(title.xpath(".//text()").getall()) for title in parsed.css(_TITLE))
        title = next(filter(None, (" ".join(title.split()) for title in titles)), None)
        if title is None:
            raise self._unreadable(f"it has no title in {_TITLE}")
        infos = "\n".join(map(str.strip, parsed.css(_INFOS).xpath(".//text()").getall()))
        body = self._body(page)
        media = _MEDIA.search(infos)
        abstract = parsed.css(_ABSTRACT_TEXT).xpath("string(.)").get("")
        return ArticleText(
            url=response.url,
            source=self.source,
            title=title,
            published=_time(infos),
            media=media[1].strip() if media else media_named_in(body),
            digest=" ".join(abstract.split()) or None,
            body=body,
            rolling=False,
        )

    def _unreadable(self, what: str) -> LayoutChanged:
        return LayoutChanged(ArticlePage, self._response.url, what)

    def _check_identity(self, info_code: InfoCode) -> None:
        """A page that is gone may lead elsewhere, with status 200."""
        try:
            same = InfoCode.from_address(self._response.url) == info_code
        except InvalidInfoCode:
            same = False
        if not same:
            raise self._unreadable(f"it is not the page of {info_code}")

    def _body(self, page: str) -> str:
        place = find_element(page, *_BODY)
        if place is None:
            raise self._unreadable(f"it has no whole #{_BODY[1]}")
        body = page[place.content : place.content_end]
        if abstract := find_element(body, *_ABSTRACT):
            body = body[: abstract.start] + body[abstract.end :]
        facts = read_body(body)
        if not facts.text and not facts.pictures:
            raise self._unreadable(f"its #{_BODY[1]} is empty")
        return body.strip("\r\n\t ")


def _time(infos: str) -> datetime | None:
    """The time of publication; many pages show no seconds."""
    match = _TIME.search(infos)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=SHANGHAI)
    except ValueError:
        return None
