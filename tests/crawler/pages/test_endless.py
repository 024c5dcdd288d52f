"""Page objects come to an end with every page, and say whether they could read it."""

import json
from collections.abc import Callable
from contextlib import suppress

import pytest
from scrapy.http import HtmlResponse, Response, TextResponse, XmlResponse

from archive.article_id import InfoCode
from archive.errors import Refused
from crawler.pages.eastmoney_article import ArticlePage
from crawler.pages.errors import PageError
from crawler.pages.feed import Feed
from crawler.pages.mirror_list import ListPage
from crawler.pages.mirror_post import PostPage
from crawler.pages.numbered_list import ColumnList
from crawler.pages.rolling_list import FastNewsList
from crawler.pages.share_answer import ShareAnswer
from tests.support.endless import FRAGMENTS, filled, in_time

CODE = InfoCode("NW202112292230175548")
SHARE = f"http://finews.zning.xyz/html_News/NewsShare.html?infoCode={CODE}"
PAGE = (
    '<html><body><div class="wrapper"><section>'
    "<small>(GMT+8, Asia/Shanghai, CST) 2021-12-29 17:34:39</small>\n<h1>题</h1>\n\n"
    "{}\n\n"
    f'<p><a href="{SHARE}">{SHARE}</a></p>\n\n'
    '<p><a href="//finews.withounder.com/category/x.html">返回x新闻</a>｜'
    '<a href="//finews.withounder.com/">返回首页</a></p>\n</section><footer></footer></body></html>'
)
POST = f"http://finews.withounder.com/x/2021/12/29/{CODE}.html"


def read_or_refused(read: Callable[[], object]) -> None:
    with in_time(), suppress(PageError, Refused):
        read()


def html(text: str, url: str = POST) -> Response:
    return HtmlResponse(url, body=text.encode(), encoding="utf-8")


@pytest.mark.parametrize("fragment", FRAGMENTS.values(), ids=list(FRAGMENTS))
def test_every_page_ends(fragment: str) -> None:
    for text in (PAGE.format(fragment), PAGE.partition("<small>")[0] + fragment):
        read_or_refused(PostPage(html(text)).facts)
        read_or_refused(ListPage(html(text, "http://finews.withounder.com/")).links)
    body = json.dumps({"text": fragment, "title": fragment, "from": fragment})
    answer = ShareAnswer(TextResponse(SHARE, body=body.encode()))
    read_or_refused(lambda: answer.text(CODE))


@pytest.mark.parametrize(
    "text",
    [filled("["), filled('{"a":'), f'{{"text":{filled("9")}}}', filled(" "), filled('"')],
    ids=["sequences", "objects", "digits", "white space", "quotes"],
)
def test_every_answer_ends(text: str) -> None:
    answer = ShareAnswer(TextResponse(SHARE, body=text.encode()))
    read_or_refused(lambda: answer.text(CODE))


ATOM = '<feed xmlns="http://www.w3.org/2005/Atom">'


@pytest.mark.parametrize(
    ("text", "links"),
    [
        (f"{ATOM}{filled('<entry>')}", None),
        (f"{ATOM}{filled('<entry></entry>')}</feed>", None),
        (f"{ATOM}<entry><content>{filled('&amp;')}</content></entry></feed>", [""]),
        (
            '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
            f'{ATOM}<entry><link href="/&e;"/><content>&e;</content></entry></feed>',
            [""],
        ),
        (
            f'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "{filled("&a;", 3000)}">'
            f'<!ENTITY c "{filled("&b;", 3000)}"><!ENTITY d "{filled("&c;", 3000)}">]>'
            f"{ATOM}<entry><content>&d;</content></entry></feed>",
            [""],
        ),
    ],
    ids=["nested", "too many", "entities", "a file of this machine", "a billion laughs"],
)
def test_every_feed_ends(text: str, links: list[str] | None) -> None:
    feed = Feed(XmlResponse("http://finews.withounder.com/", body=text.encode()))
    read_or_refused(lambda: list(feed.posts()))
    if links is None:
        with in_time(), pytest.raises(PageError):
            feed.links()
    else:
        assert feed.links() == ["http://finews.withounder.com/" + link for link in links]


def test_a_tag_with_too_many_attributes_is_left_out_alone() -> None:
    facts = PostPage(html(PAGE.format(FRAGMENTS["attributes"] + "<p>正文</p>"))).facts()
    assert facts.title == "题"
    assert facts.body.endswith("<p>正文</p>")


ARTICLE = f"https://finance.eastmoney.com/a/{CODE.digits}.html"
OPENING = '<h1>题</h1><div class="infos">2021-12-29 17:34</div><div id="ContentBody">'


@pytest.mark.parametrize("fragment", FRAGMENTS.values(), ids=list(FRAGMENTS))
def test_every_article_page_and_list_ends(fragment: str) -> None:
    for text in (f"{OPENING}<p>文</p>{fragment}</div>", OPENING + fragment, fragment):
        page = ArticlePage(html(text, ARTICLE))
        read_or_refused(lambda page=page: page.text(CODE))  # type: ignore[misc]
    entry = {"code": CODE, "title": fragment, "summary": fragment, "showTime": fragment}
    entry |= {"image": fragment, "stockList": [fragment, f"https://{fragment}"]}
    for page_object, name in ((FastNewsList, "fastNewsList"), (ColumnList, "list")):
        answer = json.dumps({"code": "1", "data": {name: [entry], "page_index": 1}})
        listed = page_object(TextResponse(SHARE, body=answer.encode()))
        read_or_refused(lambda listed=listed: [e.facts() for e in listed.entries()])  # type: ignore[misc]
