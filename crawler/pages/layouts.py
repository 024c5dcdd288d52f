"""Which page object reads an answer, by the form of its address."""

import re
from typing import Any
from urllib.parse import urlsplit

from scrapy.http import Response, XmlResponse

from archive.article import InfoCode
from crawler.pages.article_answer import ArticleAnswer
from crawler.pages.article_page import ArticlePage
from crawler.pages.eastmoney_list import EastmoneyList
from crawler.pages.feed import Feed
from crawler.pages.list_page import ListPage
from crawler.pages.numbered_list import ColumnList, ScriptList, SecurityNewsList
from crawler.pages.post_page import PostPage
from crawler.pages.rolling_list import FastNewsList
from crawler.pages.share_answer import ShareAnswer

Layout = (
    type[ArticleAnswer | ArticlePage | ColumnList | FastNewsList | Feed | ListPage | PostPage]
    | type[ScriptList | SecurityNewsList | ShareAnswer]
)

LAYOUTS: tuple[Layout, ...] = (
    *(ArticleAnswer, ArticlePage, ColumnList, FastNewsList, Feed, ListPage, PostPage),
    *(ScriptList, SecurityNewsList, ShareAnswer),
)

_BY_PATH: tuple[tuple[str, Layout], ...] = (
    (r"/GetNewsText\.do", ShareAnswer),
    (r"/getFastNewsList", FastNewsList),
    (r"/getNewsByColumns", ColumnList),
    (r"/getListInfo", SecurityNewsList),
    (r"/getlist_\w*ajaxResult\w*\.html", ScriptList),
    (r"/api/article/\d+", ArticleAnswer),
    (r"/a/\d+\.html|/news/\d+,\d+\.html", ArticlePage),
    (r"/\d{4}/\d{2}/\d{2}/[^/]+\.html", PostPage),
    (r"\.xml", Feed),
    (r"/category/[^/]+\.html|/index\.html|/[^/.]*", ListPage),
)


def layout_at(address: str) -> Layout | None:
    """Return the page object for what is at an address; None where its form tells none."""
    path = urlsplit(address).path
    found = (layout for form, layout in _BY_PATH if re.search(f"(?:{form})$", path, re.ASCII))
    return next(found, None)


def layout_of(response: Response) -> Layout:
    """The page object for a response; what is nothing else is taken for a list of the mirror."""
    by_type = Feed if isinstance(response, XmlResponse) else ListPage
    return layout_at(response.url) or by_type


def read(layout: Layout, response: Response) -> Any:
    """All that a page object reads from a response.

    :returns: facts, a text, links, or the entries of a list and what asks for its next page.
    :raises PageError: when it cannot read it, or finds that there is no such article.
    :raises InvalidInfoCode: when the address should name an article and does not.
    """
    if layout is ShareAnswer or layout is ArticleAnswer or layout is ArticlePage:
        return layout(response).text(InfoCode.from_address(response.url))
    if layout is PostPage:
        return PostPage(response).facts()
    if issubclass(layout, EastmoneyList):
        page = layout(response)
        return {"entries": page.entries(), "next_page": page.next_page()}
    return Feed(response).links() if layout is Feed else ListPage(response).links()
