"""The article pages of Eastmoney."""

import html
import http.client
import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from lxml.html import HtmlElement, document_fromstring

from demo.article_page import NOT_THE_ARTICLE, PAGE_HOST, SIDEBAR_TITLE
from demo.articles import Article
from demo.eastmoney import code_of, summary_of
from demo.exchange import Request
from demo.replica import Replica
from demo.site import MadeUpSite, made_up_site

Get = Callable[[str], tuple[int, str]]


@pytest.fixture(scope="module")
def site() -> MadeUpSite:
    return made_up_site()


@pytest.fixture
def get(site: MadeUpSite) -> Iterator[Get]:
    with Replica(site.sites) as replica:
        wire = http.client.HTTPConnection(urlsplit(replica.proxy_url).netloc, timeout=5)

        def ask(path: str) -> tuple[int, str]:
            wire.request("GET", f"http://{PAGE_HOST}{path}")
            answer = wire.getresponse()
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            return answer.status, answer.read().decode()

        yield ask
        wire.close()


def page(site: MadeUpSite, article: Article) -> str:
    answer = site.sites[PAGE_HOST](Request("GET", PAGE_HOST, f"/a/{code_of(article)}.html"))
    assert answer.status == 200
    return answer.body.decode()


def selected(text: str, xpath: str) -> HtmlElement:
    (element,) = document_fromstring(text).xpath(xpath)
    return element


def test_an_article_has_its_page_at_both_addresses(site: MadeUpSite, get: Get) -> None:
    for article in site.articles:
        code = code_of(article)
        status, text = get(f"/a/{code}.html")
        assert status == 200
        assert text == page(site, article)
        assert get(f"/news/1355,{code}.html") == (200, text)


def test_it_is_the_same_every_time(site: MadeUpSite) -> None:
    again = made_up_site()
    assert all(page(again, article) == page(site, article) for article in site.articles)


@pytest.mark.parametrize(
    "path", ["/a/202112292230175548.html", "/a/NW202611200000000001.html", "/a/", "/robots.txt"]
)
def test_what_is_unknown_is_404(path: str, get: Get) -> None:
    assert get(path)[0] == 404


BOX = "//*[@class='topbox']"


def test_a_title_that_is_none_stands_before_the_articles(site: MadeUpSite) -> None:
    for article in site.articles:
        text = page(site, article)
        assert text.index(f'<div class="title">{SIDEBAR_TITLE}') < text.index('class="topbox"')


def test_the_title_stands_once_in_a_div_or_in_a_heading(site: MadeUpSite) -> None:
    places = set()
    for article in site.articles:
        title = selected(page(site, article), f"{BOX}/*[@class='title'] | {BOX}/h1")
        assert title.text_content() == article.title
        places.add(title.tag)
    assert places == {"div", "h1"}


def test_time_and_source_are_told_to_the_minute(site: MadeUpSite) -> None:
    labelled = set()
    for article in site.articles:
        infos = selected(page(site, article), "//*[@class='infos']")
        time, source = (item.text_content() for item in infos)
        assert time == f"{article.published:%Y年%m月%d日 %H:%M}"
        assert source.removeprefix("来源：") == article.media
        labelled.add(source.startswith("来源："))
    assert labelled == {True, False}


def test_the_body_stands_as_the_share_api_has_it(site: MadeUpSite) -> None:
    for article in site.articles:
        text = page(site, article)
        before, body, after = text.partition(article.api_body)
        assert body
        assert before.count('id="ContentBody">\n') == 1
        assert after.startswith("\n</div>")
        content = selected(text, "//*[@id='ContentBody']")
        (media,) = content.find_class("em_media")
        assert media.text_content() == f"（文章来源：{article.media}）"


def test_most_pages_have_an_abstract_inside_the_body(site: MadeUpSite) -> None:
    having = 0
    for article in site.articles:
        content = selected(page(site, article), "//*[@id='ContentBody']")
        for abstract in content.find_class("abstract"):
            assert abstract.getparent() is content
            (text,) = abstract.find_class("txt")
            assert text.text_content() == summary_of(article)
            having += 1
    assert len(site.articles) > having > len(site.articles) / 2


def test_all_around_it_is_not_the_article(site: MadeUpSite) -> None:
    for article in site.articles:
        tree = document_fromstring(page(site, article))
        read = [
            *tree.xpath("//*[@id='ContentBody']"),
            *tree.xpath("//*[@class='title'] | //h1 | //*[@class='infos']"),
        ]
        assert not any(NOT_THE_ARTICLE in part.text_content() for part in read)
        for part in read:
            part.drop_tree()
        rest = html.unescape(tree.text_content())
        assert rest.count(NOT_THE_ARTICLE) >= 6
        assert tree.find_class("em_media"), "a recommendation looks like the end of the article"
        assert tree.xpath("//img"), "and has a picture"


def test_a_body_that_a_script_writes_is_no_element(site: MadeUpSite) -> None:
    text = page(site, site.articles[0])
    assert len(re.findall('id="ContentBody"', text)) == 2
    assert len(document_fromstring(text).xpath("//*[@id='ContentBody']")) == 1


def test_some_articles_are_only_here(site: MadeUpSite) -> None:
    only = [article for article in site.articles if article.info_code in site.page_only]
    assert len(only) == 3
    assert any(article.is_rolling for article in only)
    for article in only:
        assert article.share_hosts == ()
        page(site, article)
