"""Eastmoney's page of an article, ``https://finance.eastmoney.com/a/<code>.html``.

The layout is known from other programs that read it. Only this module depends on it.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from parsel import Selector

from archive.article import SHANGHAI, BodySource, Edition
from archive.article_id import InfoCode
from archive.content import media_named_in, read_body
from archive.html_limits import without_overloaded_tags
from crawler.declarations.times import read_time
from crawler.pages.element import find_element
from crawler.pages.facts import ArticleText
from crawler.pages.page import TextPage
from crawler.pages.text import names, text_of
from crawler.pages.titles import have_something_in_common

_BODY = ("id", "ContentBody")
_ABSTRACT = ("class", "abstract")
_DIGESTS = ("#ContentBody .abstract .txt", ".b-review")
#: The article's own box in the layouts of today and of 2018 to 2021, then any other heading.
_TITLES = (
    *(".contentwrap .topbox .title", ".topbox .title", ".contentwrap h1", ".contentwrap .title"),
    *(".newsContent h1", "h1", ".title"),
)
_INFOS = ".infos, .time-source"

_TIME = re.compile(r"\d{4}[年/-]\d{1,2}[月/-]\d{1,2}日?\s+\d{1,2}:\d{2}(?::\d{2})?", re.ASCII)
_LABELLED = re.compile(r"来源\s*[：:]\s*(\S[^\n]*)")
_DIGEST_LABEL = re.compile(r"^摘要\s*[：:]\s*")
_OTHER_LABEL = re.compile(r"^[^：:]{1,8}[：:]")
_LONGEST_MEDIA = 30
_SITE_NAME = re.compile(r"[\s_|-]*(?:_|\||-|—)\s*东方财富网?.*$", re.DOTALL)


class ArticlePage(TextPage):
    """The page, in the layouts of 2026 and of 2018 to 2021."""

    source = BodySource.ARTICLE_PAGE

    def text(self, info_code: InfoCode, edition: Edition | None = None) -> ArticleText:
        """Read the page of the requested article.

        :param edition: the edition of the post; the page has one body for both.
        :raises LayoutChanged: when it is the page of another article, or has no body or title.
        """
        response = self._response
        page = text_of(ArticlePage, response)
        # The page of a removed article may redirect to another one with status 200.
        if not names(response.url, info_code):
            raise self._unreadable(f"it is not the page of {info_code}")
        parsed = Selector(without_overloaded_tags(page) or " ", "html")
        title = self._title(parsed)
        body = self._body(page)
        digests = (_DIGEST_LABEL.sub("", text) for text in _texts(parsed, *_DIGESTS))
        times = filter(None, map(_time, _texts(parsed, _INFOS)))
        return ArticleText(
            url=response.url,
            source=self.source,
            title=title,
            published=next(times, None),
            media=_media(parsed) or media_named_in(body),
            digest=next(filter(None, digests), None),
            body=body,
        )

    def _title(self, parsed: Selector) -> str:
        """Return the first heading that agrees with the page's title, in the order of `_TITLES`."""
        headings = list(_texts(parsed, *_TITLES))
        if not headings:
            raise self._unreadable("it has no heading")
        of_page = _SITE_NAME.sub("", " ".join(parsed.css("title::text").get("").split()))
        if not of_page:
            return headings[0]
        for heading in headings:
            if have_something_in_common(heading, of_page):
                return heading
        what = f"its heading {headings[0][:40]!r} has nothing in common with its title"
        raise self._unreadable(f"{what} {of_page[:40]!r}")

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


def _texts(parsed: Selector, *selectors: str) -> Iterator[str]:
    """Yield the texts of elements, selector after selector, each in one line."""
    for selector in selectors:
        for element in parsed.css(selector):
            if text := " ".join("".join(element.xpath(".//text()").getall()).split()):
                yield text


def _media(parsed: Selector) -> str | None:
    """Return the media: from an attribute, after the label 来源, or next to the time."""
    for attribute in parsed.css(".time-source .source::attr(data-source)").getall():
        if media := " ".join(attribute.split()):
            return media
    lines = "\n".join(map(str.strip, parsed.css(_INFOS).xpath(".//text()").getall()))
    if labelled := _LABELLED.search(lines):
        return labelled[1].strip()
    for text in _texts(parsed, ".infos .item", ".time-source .source"):
        if len(text) <= _LONGEST_MEDIA and not _TIME.search(text) and not _OTHER_LABEL.match(text):
            return text
    return None


def _time(text: str) -> datetime | None:
    """Return the time of publication; many pages show no seconds."""
    match = _TIME.search(text)
    moment = read_time(match[0], SHANGHAI) if match else None
    return moment.time if moment else None
