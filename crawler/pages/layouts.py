"""Which page object reads an answer, by the form of its address."""

import re
from urllib.parse import urlsplit

from scrapy.http import Response, XmlResponse

from crawler.pages.article_page import ArticlePage
from crawler.pages.eastmoney_list import ColumnList, FastNewsList
from crawler.pages.feed import Feed
from crawler.pages.list_page import ListPage
from crawler.pages.post_page import PostPage
from crawler.pages.share_answer import ShareAnswer

Layout = type[ArticlePage | ColumnList | FastNewsList | Feed | ListPage | PostPage | ShareAnswer]

_BY_PATH: tuple[tuple[str, Layout], ...] = (
    (r"/GetNewsText\.do", ShareAnswer),
    (r"/getFastNewsList", FastNewsList),
    (r"/getNewsByColumns", ColumnList),
    (r"/a/\d+\.html|/news/\d+,\d+\.html", ArticlePage),
    (r"/\d{4}/\d{2}/\d{2}/[^/]+\.html", PostPage),
    (r"\.xml", Feed),
)


def layout_of(response: Response) -> Layout:
    """The page object for a response; what is nothing else is taken for a list of the mirror."""
    path = urlsplit(response.url).path
    for pattern, layout in _BY_PATH:
        if re.search(f"(?:{pattern})$", path, re.ASCII):
            return layout
    return Feed if isinstance(response, XmlResponse) else ListPage
