"""What is read from an answer of Eastmoney or of the mirror, as one plain structure."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from scrapy.http import Response

from archive.article_id import InfoCode
from archive.content import read_body
from archive.errors import FinewsError, InvalidInfoCode
from crawler.pages.eastmoney_list import EastmoneyList, ListedArticle, UnreadableEntry
from crawler.pages.facts import Facts
from crawler.pages.feed import Feed
from crawler.pages.layouts import Layout, layout_at
from crawler.pages.mirror_list import ListPage
from crawler.pages.mirror_post import PostPage
from crawler.pages.numbered_list import ColumnList, ScriptList, SecurityNewsList
from crawler.pages.page import TextPage
from crawler.pages.rolling_list import FastNewsList
from crawler.pages.share_answer import ShareAnswer
from crawler.pages.text import names

#: What is read from an answer; all values can be written as JSON.
Reading = dict[str, Any]

_FIELDS = ("id", "url", "title", "published", "media", "digest", "body_html", "body_text")
#: A line that names the media; it is a separate field, and no part of the text.
_CREDIT = re.compile(r"[（(]\s*文章来源\s*[：:][^\n]*[）)]")

_PAGE_BY_LIST: Mapping[type[EastmoneyList], str] = {
    FastNewsList: "sortEnd",
    ColumnList: "page_index",
    SecurityNewsList: "page_index",
    ScriptList: "page",
}
_PAGE = "http://finance.eastmoney.com/a/{}.html"


class UnknownAnswer(FinewsError):
    """No page object reads answers of that source or that address."""


def read_answer(source: str, response: Response, layout: Layout | None = None) -> Reading:
    """Read an answer.

    :param source: ``eastmoney`` or ``finews``.
    :param layout: the page class that reads it; by default the one of its address.
    :returns: the fields of an article; of a list, its ``entries`` and the parameters of the
        ``next`` page, or None after the last one. Times are ISO 8601.
    :raises UnknownAnswer: when no page object reads such answers of the source.
    :raises PageError: when the answer cannot be read, or states that there is nothing.
    :raises InvalidInfoCode: when the address of an article has no code.
    """
    layout = layout or layout_at(response.url)
    if layout is None:
        raise UnknownAnswer(f"No page class reads what is at {response.url}.")
    return _READERS[source](response, layout)


def _read_eastmoney(response: Response, layout: Layout) -> Reading:
    if issubclass(layout, EastmoneyList):
        return _read_list(response, layout(response), _PAGE_BY_LIST[layout])
    if issubclass(layout, TextPage):
        return _read_article(response, layout(response))
    raise UnknownAnswer(f"{response.url} is no address of a list or an article of Eastmoney.")


def _read_list(response: Response, page: EastmoneyList, page_in: str) -> Reading:
    named: set[str] = set()
    entries = []
    for entry in page.entries():
        again = "the answer names it before" if entry.code in named else None
        named.add(entry.code)
        entries.append(
            _entry(id=entry.code, skip=str(entry.error))
            if isinstance(entry, UnreadableEntry)
            else _read_entry(entry, again)
        )
    following = page.next_page()
    number = isinstance(page, FastNewsList) or following is None
    after = following and {page_in: following if number else int(following)}
    return _list(response, entries, after)


def _read_entry(entry: ListedArticle, again: str | None) -> Reading:
    try:
        code, no_code = InfoCode(entry.code), None
    except InvalidInfoCode as error:
        code, no_code = None, str(error)
    return _entry(
        id=entry.code,
        url=_page_address(entry, code) if code else entry.address,
        title=entry.title,
        published=entry.published and entry.published.isoformat(),
        media=entry.media,
        digest=entry.summary or entry.digest,
        body_text=entry.standing_in and read_body(entry.standing_in).text,
        securities=[_security(code, None) for code in entry.stock_list],
        pictures=list(entry.pictures),
        skip=entry.skip or again or no_code,
    )


def _page_address(entry: ListedArticle, code: InfoCode) -> str | None:
    """Return the address of the article's page; by the code where the list has none of it."""
    known = entry.skip or names(entry.address or "", code)
    return entry.address if known else _PAGE.format(code.digits)


def _read_mirror(response: Response, layout: Layout) -> Reading:
    if layout is ShareAnswer:
        return _read_article(response, ShareAnswer(response))
    if layout is PostPage:
        post = PostPage(response).facts()
        return {"kind": "article", "address": response.url, **_post(post)}
    if layout is Feed:
        return _list(response, _of_feed(Feed(response)))
    if layout is ListPage:
        links = ListPage(response).entries()
        return _list(response, [_link(url, title or None) for url, title in links])
    raise UnknownAnswer(f"{response.url} is no address of the mirror or the share API.")


def _list(response: Response, entries: list[Reading], after: object = None) -> Reading:
    return {"kind": "list", "address": response.url, "entries": entries, "next": after}


def _of_feed(feed: Feed) -> list[Reading]:
    posts = {post.url: post for post in feed.posts()}
    return [
        _post(posts[url]) | {"skip": None}
        if url in posts
        else _link(url) | {"skip": "the feed does not have the whole post"}
        for url in feed.links()
    ]


def _link(url: str, title: str | None = None) -> Reading:
    """Return an entry of which the address and perhaps the title are known."""
    try:
        return _entry(id=InfoCode.from_address(url).digits, url=url, title=title)
    except InvalidInfoCode:
        return _entry(url=url, title=title, skip="it leads to no post")


def _post(post: Facts) -> Reading:
    assert post.body is not None
    return {
        "id": post.info_code.digits,
        "url": post.url,
        "title": post.title,
        "published": post.published and post.published.isoformat(),
        "media": post.media,
        "digest": post.digest,
        **_html(post.body),
        "category": post.category,
        "tag": post.tag,
        "link": post.link,
    }


def _read_article(response: Response, page: TextPage) -> Reading:
    """Read the answer for the article that its address names."""
    info_code = InfoCode.from_address(response.url)
    text = page.text(info_code)
    return {
        "kind": "article",
        "address": response.url,
        "id": info_code.digits,
        "url": text.page or response.url,
        "title": text.title,
        "published": text.published and text.published.isoformat(),
        "media": text.media,
        "digest": text.digest,
        **_html(text.body),
        "securities_listed": [_security(code, None) for code in text.stock_list],
    }


def _entry(**read: Any) -> Reading:
    """Return an entry of a list; None stands for what was not read of it.

    :param read: the fields that were read, by name.
    """
    return {**dict.fromkeys(_FIELDS), "securities": [], "pictures": [], "skip": None, **read}


def _html(html: str) -> Reading:
    """Return what is read from a body; the line that names its media is no part of its text."""
    body = read_body(html)
    lines = [line for line in body.text.splitlines() if not _CREDIT.fullmatch(line)]
    return {
        "body_html": html,
        "body_text": "\n".join(lines),
        "securities": [_security(one.code, one.name) for one in body.securities if one.name],
        "pictures": list(body.pictures),
    }


def _security(code: str, name: str | None) -> Reading:
    """Return a security of which market and symbol are known."""
    market, _, symbol = code.partition(".")
    return {"market": market, "code": symbol, "name": name, "em": market}


_READERS: Mapping[str, Callable[[Response, Layout], Reading]] = {
    "eastmoney": _read_eastmoney,
    "finews": _read_mirror,
}
