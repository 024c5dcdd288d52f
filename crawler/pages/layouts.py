"""Which page object reads an answer, by the form of its address."""

import re
from urllib.parse import urlsplit

from scrapy.http import Response, XmlResponse

from crawler.pages.article_answer import ArticleAnswer
from crawler.pages.eastmoney_article import ArticlePage
from crawler.pages.feed import Feed
from crawler.pages.mirror_list import ListPage
from crawler.pages.mirror_post import PostPage
from crawler.pages.numbered_list import ColumnList, ScriptList, SecurityNewsList
from crawler.pages.page import PageObject
from crawler.pages.rolling_list import FastNewsList
from crawler.pages.share_answer import ShareAnswer

Layout = type[PageObject]

#: The ends of paths, and the page objects for them; the first that matches counts.
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

LAYOUTS = {layout.__name__: layout for _, layout in _BY_PATH}


def layout_at(address: str) -> Layout | None:
    """Return the page object for what is at an address; None where its form is unknown."""
    path = urlsplit(address).path
    found = (layout for form, layout in _BY_PATH if re.search(f"(?:{form})$", path, re.ASCII))
    return next(found, None)


def layout_of(response: Response) -> Layout:
    """Return the page object for a response; by default, a list of the mirror."""
    by_type = Feed if isinstance(response, XmlResponse) else ListPage
    return layout_at(response.url) or by_type
