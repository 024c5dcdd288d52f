"""What is read from a saved answer of a source, as one plain structure."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from scrapy.http import Response
from scrapy.responsetypes import responsetypes

from archive.article import InfoCode
from archive.body import read_body
from archive.errors import FinewsError, InvalidInfoCode
from crawler.pages.article_answer import ArticleAnswer
from crawler.pages.article_page import ArticlePage
from crawler.pages.eastmoney_list import EastmoneyList, ListedArticle, UnreadableEntry
from crawler.pages.layouts import layout_of
from crawler.pages.numbered_list import ColumnList, ScriptList, SecurityNewsList
from crawler.pages.rolling_list import FastNewsList

Reading = dict[str, Any]

_PAGE_BY_LIST: Mapping[type[EastmoneyList], str] = {
    FastNewsList: "sortEnd",
    ColumnList: "page_index",
    SecurityNewsList: "page_index",
    ScriptList: "page",
}
_PAGE = "http://finance.eastmoney.com/a/{}.html"
_CREDIT = re.compile(r"[（(]\s*文章来源\s*[：:][^\n]*[）)]")
"""A line that names the media, which stands on its own beside the text."""


class UnknownAnswer(FinewsError):
    """Nothing here reads answers of that source or that address."""


def read_saved(source: str, address: str, data: bytes) -> Reading:
    """Read a saved answer.

    :param source: the name of a source, such as ``eastmoney``.
    :param address: where the answer came from.
    :returns: of an article, what is known of it; of a list, its ``entries`` and what asks for
        the ``next`` page, or None behind the last one. Times are ISO 8601.
    :raises UnknownAnswer: when nothing reads such answers.
    :raises PageError: when the answer is not what it should be, or says that there is nothing.
    :raises InvalidInfoCode: when the address should name an article and does not.
    """
    read = READERS.get(source)
    if read is None:
        raise UnknownAnswer(f"No source is called {source!r}; there are {', '.join(READERS)}.")
    kind = responsetypes.from_args(url=address, body=data)
    return read(kind(address, body=data))


def _read_eastmoney(response: Response) -> Reading:
    layout = layout_of(response)
    if issubclass(layout, EastmoneyList):
        return _list(response, layout(response), _PAGE_BY_LIST[layout])
    if layout is ArticleAnswer or layout is ArticlePage:
        return _article(response, layout(response))
    raise UnknownAnswer(f"{response.url} is no address of a list or an article of Eastmoney.")


READERS: Mapping[str, Callable[[Response], Reading]] = {"eastmoney": _read_eastmoney}


def _list(response: Response, page: EastmoneyList, page_in: str) -> Reading:
    named: set[str] = set()
    entries = []
    for entry in page.entries():
        again = "the answer names it before" if entry.code in named else None
        named.add(entry.code)
        entries.append(_unreadable(entry) if isinstance(entry, UnreadableEntry)
                       else _entry(entry, again))  # fmt: skip
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
    return {
        "id": entry.code,
        "url": _address(entry),
        "title": entry.title,
        "published": entry.published and entry.published.isoformat(),
        "media": entry.media,
        "digest": entry.summary or entry.digest,
        "body_html": None,
        "body_text": entry.standing_in and read_body(entry.standing_in).text,
        "securities": [_security(code, None) for code in entry.stock_list],
        "pictures": list(entry.pictures),
        "skip": entry.skip or again or no_code,
    }


def _unreadable(entry: UnreadableEntry) -> Reading:
    return {"id": entry.code, "skip": str(entry.error)}


def _address(entry: ListedArticle) -> str | None:
    """Of the article's page: where the list writes none of Eastmoney's, by the code."""
    try:
        digits = InfoCode(entry.code).digits
    except InvalidInfoCode:
        return entry.address
    try:
        named = InfoCode.from_address(entry.address or "").digits
    except InvalidInfoCode:
        named = None
    return entry.address if named == digits or entry.skip else _PAGE.format(digits)


def _article(response: Response, page: ArticleAnswer | ArticlePage) -> Reading:
    info_code = InfoCode.from_address(response.url)
    text = page.text(info_code)
    body = read_body(text.body)
    lines = [line for line in body.text.splitlines() if not _CREDIT.fullmatch(line)]
    return {
        "kind": "article",
        "address": response.url,
        "id": info_code.digits,
        "url": text.page or response.url,
        "title": text.title,
        "published": text.published and text.published.isoformat(),
        "media": text.media,
        "digest": text.digest,
        "body_html": text.body,
        "body_text": "\n".join(lines),
        "securities": [_security(one.code, one.name) for one in body.securities if one.name],
        "securities_listed": [_security(code, None) for code in text.stock_list],
        "pictures": list(body.pictures),
    }


def _security(code: str, name: str | None) -> Reading:
    market, _, symbol = code.partition(".")
    return {"market": market, "code": symbol, "name": name, "em": market}
