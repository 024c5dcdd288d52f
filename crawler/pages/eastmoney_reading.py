"""What is read from Eastmoney's lists and articles, as one plain structure."""

from collections.abc import Mapping

from scrapy.http import Response

from archive.article_id import InfoCode
from archive.content import read_body
from archive.errors import InvalidInfoCode
from crawler.pages.article_reading import Reading, UnknownAnswer, read_article, read_entry, security
from crawler.pages.eastmoney_list import EastmoneyList, ListedArticle, UnreadableEntry
from crawler.pages.layouts import Layout
from crawler.pages.numbered_list import ColumnList, ScriptList, SecurityNewsList
from crawler.pages.page import TextPage
from crawler.pages.rolling_list import FastNewsList

_PAGE_BY_LIST: Mapping[type[EastmoneyList], str] = {
    FastNewsList: "sortEnd",
    ColumnList: "page_index",
    SecurityNewsList: "page_index",
    ScriptList: "page",
}
_PAGE = "http://finance.eastmoney.com/a/{}.html"


def read_eastmoney(response: Response, layout: Layout) -> Reading:
    """Read a list or an article of Eastmoney.

    :raises UnknownAnswer: when `layout` reads no answers of Eastmoney.
    :raises PageError: when it cannot read the answer, or finds that there is no such article.
    :raises InvalidInfoCode: when the address of an article has no code.
    """
    if issubclass(layout, EastmoneyList):
        return _list(response, layout(response), _PAGE_BY_LIST[layout])
    if issubclass(layout, TextPage):
        return read_article(response, layout(response))
    raise UnknownAnswer(f"{response.url} is no address of a list or an article of Eastmoney.")


def _list(response: Response, page: EastmoneyList, page_in: str) -> Reading:
    named: set[str] = set()
    entries = []
    for entry in page.entries():
        again = "the answer names it before" if entry.code in named else None
        named.add(entry.code)
        entries.append(
            read_entry(id=entry.code, skip=str(entry.error))
            if isinstance(entry, UnreadableEntry)
            else _entry(entry, again)
        )
    following = page.next_page()
    number = isinstance(page, FastNewsList) or following is None
    return {
        "kind": "list",
        "address": response.url,
        "entries": entries,
        "next": following and {page_in: following if number else int(following)},
    }


def _entry(entry: ListedArticle, again: str | None) -> Reading:
    try:
        InfoCode(entry.code)
        no_code = None
    except InvalidInfoCode as error:
        no_code = str(error)
    return read_entry(
        id=entry.code,
        url=_address(entry),
        title=entry.title,
        published=entry.published and entry.published.isoformat(),
        media=entry.media,
        digest=entry.summary or entry.digest,
        body_text=entry.standing_in and read_body(entry.standing_in).text,
        securities=[security(code, None) for code in entry.stock_list],
        pictures=list(entry.pictures),
        skip=entry.skip or again or no_code,
    )


def _address(entry: ListedArticle) -> str | None:
    """Return the address of the article's page; by the code where the list has none of it."""
    try:
        digits = InfoCode(entry.code).digits
    except InvalidInfoCode:
        return entry.address
    try:
        named = InfoCode.from_address(entry.address or "").digits
    except InvalidInfoCode:
        named = None
    return entry.address if named == digits or entry.skip else _PAGE.format(digits)
