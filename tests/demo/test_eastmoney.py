"""Eastmoney's own lists, asked through the proxy and by themselves."""

import http.client
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.articles import MIN_ARTICLES, SHANGHAI, SHARE_HOSTS, Article
from demo.eastmoney import (
    ABROAD,
    COLUMNS_PATH,
    COMPANIES,
    ECONOMY,
    FAST_NEWS_PATH,
    GUIDE,
    HEADLINES,
    INDUSTRY,
    LISTAPI_HOST,
    MORNING,
    SCRIPT_HOST,
    SECURITIES,
    SECURITY_PATH,
    WEBLIST_HOST,
    code_of,
    list_site,
    pictures_in,
    securities_in,
)
from demo.exchange import Request
from demo.pictures import PICTURE_HOST
from demo.replica import Replica
from demo.site import MadeUpSite, made_up_site

FAST_FIELDS = {"code", "title", "summary", "showTime", "stockList", "image", "realSort"}
COLUMN_FIELDS = {
    *("code", "title", "summary", "showTime"),
    *("mediaName", "uniqueUrl", "url", "image"),
}

FIRST = (ECONOMY, HEADLINES, ABROAD, MORNING)
OTHERS = (GUIDE, COMPANIES, SECURITIES, INDUSTRY)
MARKUP = re.compile(r"</?(?:p|a|span|strong)\b|-->|\u3000")
SMALLEST = made_up_site(articles=MIN_ARTICLES)

Get = Callable[..., Any]


@pytest.fixture(scope="module", params=[150, MIN_ARTICLES])
def site(request: pytest.FixtureRequest) -> MadeUpSite:
    """The site by default, and the smallest there is."""
    return made_up_site(articles=request.param)


@pytest.fixture
def wire(site: MadeUpSite) -> Iterator[http.client.HTTPConnection]:
    with Replica(site.sites) as replica:
        connection = http.client.HTTPConnection(urlsplit(replica.proxy_url).netloc, timeout=5)
        yield connection
        connection.close()
        assert replica.unknown == []


@pytest.fixture
def get(wire: http.client.HTTPConnection) -> Get:
    """What `data` a list answers."""

    def ask(host: str, path: str, **parameters: object) -> Any:
        query = urlencode({"client": "web", "req_trace": "1", **parameters})
        wire.request("GET", f"http://{host}{path}?{query}")
        answer = wire.getresponse()
        facts = json.loads(answer.read())
        assert (answer.status, facts["code"]) == (200, "1")
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        return facts["data"]

    return ask


def fast_page(get: Get, *, after: str = "", size: int = 50, host: str = WEBLIST_HOST) -> Any:
    return get(host, FAST_NEWS_PATH, biz="web_724", fastColumn=102, sortEnd=after, pageSize=size)


def column_page(get: Get, column: str, *, index: int = 1, size: int = 50) -> Any:
    return get(
        LISTAPI_HOST,
        COLUMNS_PATH,
        biz="web_news_col",
        column=column,
        order=1,
        needInteractData=0,
        page_index=index,
        page_size=size,
    )


def time_in(entry: dict[str, str]) -> datetime:
    return datetime.strptime(entry["showTime"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)


def test_it_is_the_same_every_time(site: MadeUpSite) -> None:
    again = made_up_site(articles=len(site.articles))
    assert again.fast_news == site.fast_news
    assert again.columns == site.columns


@pytest.mark.parametrize("host", [WEBLIST_HOST, LISTAPI_HOST])
def test_both_hosts_tell_the_rolling_news(host: str, site: MadeUpSite, get: Get) -> None:
    page = fast_page(get, host=host, size=1000)
    assert [entry["code"] for entry in page["fastNewsList"]] == [n.code for n in site.fast_news]
    assert page["sortEnd"] == ""


def test_every_entry_of_rolling_news_tells_its_facts(site: MadeUpSite, get: Get) -> None:
    entries = fast_page(get, size=1000)["fastNewsList"]
    for entry, news in zip(entries, site.fast_news, strict=True):
        assert entry.keys() >= FAST_FIELDS
        assert re.fullmatch(r"\d{15,20}", entry["code"])
        assert entry["title"] == news.title
        assert entry["summary"] == f"【{news.title}】{news.digest}"
        assert entry["summary"].rpartition("】")[2] == news.digest != ""
        assert time_in(entry) == news.published
        assert all(re.fullmatch(r"\d+\.\w+", stock) for stock in entry["stockList"])
        assert all(urlsplit(image).hostname == PICTURE_HOST for image in entry["image"])


def test_rolling_news_have_the_facts_of_their_articles(site: MadeUpSite) -> None:
    articles = [news.article for news in site.fast_news if news.article]
    assert articles == [article for article in reversed(site.articles) if article.is_rolling]
    for news in site.fast_news:
        if news.article:
            assert news.info_code == news.article.info_code
            assert news.title == news.article.title
            assert news.digest == news.article.digest
            assert news.published == news.article.published


def test_the_newest_comes_first(site: MadeUpSite, get: Get) -> None:
    entries = fast_page(get, size=1000)["fastNewsList"]
    assert all(int(a["realSort"]) > int(b["realSort"]) for a, b in pairwise(entries))
    assert all(time_in(a) >= time_in(b) for a, b in pairwise(entries))
    assert any(time_in(a) == time_in(b) for a, b in pairwise(entries)), "some share a second"


@pytest.mark.parametrize("size", [1, 7, 50])
def test_the_cursor_leads_to_the_end(size: int, site: MadeUpSite, get: Get) -> None:
    codes, after, pages = [], "", 0
    while pages == 0 or after:
        page = fast_page(get, after=after, size=size)
        codes += [entry["code"] for entry in page["fastNewsList"]]
        assert 0 < len(page["fastNewsList"]) <= size
        after, pages = page["sortEnd"], pages + 1
    assert codes == [news.code for news in site.fast_news]
    assert pages == -(-len(codes) // size)


@pytest.mark.parametrize("after", ["1", "nonsense"])
def test_there_is_nothing_beyond_the_end(after: str, get: Get) -> None:
    page = fast_page(get, after=after)
    assert (page["fastNewsList"], page["sortEnd"]) == ([], "")


@given(sizes=st.lists(st.integers(1, 9), min_size=1), fresh=st.integers(0, 5))
def test_news_that_arrive_meanwhile_move_no_cursor(sizes: list[int], fresh: int) -> None:
    known = SMALLEST.fast_news
    newer = tuple(
        replace(known[0], code=f"{turn:018}", real_sort=known[0].real_sort + turn)
        for turn in range(fresh, 0, -1)
    )
    codes, after = [], ""
    for turn in range(len(known)):
        request = Request(
            *("GET", WEBLIST_HOST, FAST_NEWS_PATH),
            f"fastColumn=102&sortEnd={after}&pageSize={sizes[turn % len(sizes)]}&req_trace=1",
        )
        news = (*newer, *known) if turn else known
        page = json.loads(list_site(news)(request).body)["data"]
        codes += [entry["code"] for entry in page["fastNewsList"]]
        after = page["sortEnd"]
        if not after:
            break
    assert codes == [news.code for news in known]


def test_stocks_are_those_of_the_body(site: MadeUpSite, get: Get) -> None:
    bodies = {code_of(article): article.api_body for article in site.articles}
    stocks = set()
    for entry in fast_page(get, size=1000)["fastNewsList"]:
        for stock in entry["stockList"]:
            market, code = stock.split(".")
            if entry["code"] in bodies:
                assert f'data-code="{market},{code}"' in bodies[entry["code"]]
        assert len(set(entry["stockList"])) == len(entry["stockList"])
        stocks |= {stock.split(".")[0] for stock in entry["stockList"]}
    assert {"0", "1", "90", "105", "106", "107", "116"} == stocks


def test_securities_are_read_in_every_form() -> None:
    body = (
        '<span id="stock_1.699901"><a data-code="1,699901">云</a></span>'
        '<span id="bk_90.BK9901"><a data-code="90,BK9901">算</a></span>'
        '<span class="em_stock_key_common" data-code="106,ZQXB">长</span>'
        '<a data-code="1,699901">again</a><a data-code="0.399981">a chart</a>'
    )
    assert securities_in(body) == ("1.699901", "90.BK9901", "106.ZQXB")


def test_some_news_exist_only_as_their_summary(site: MadeUpSite) -> None:
    assert len(site.summary_only) >= 4
    only = [news for news in site.fast_news if news.article is None]
    assert {news.info_code for news in only} == site.summary_only
    assert not site.summary_only & {article.info_code for article in site.articles}
    assert any(news.pictures for news in only)
    assert any(news.securities for news in only)
    for news in only:
        assert news.code.startswith(f"{news.published:%Y%m%d}")
        page = Request("GET", "finance.eastmoney.com", f"/a/{news.code}.html")
        assert site.sites[page.host](page).status == 404
        for host in SHARE_HOSTS:
            api = Request("GET", host, "/NewsData/GetNewsText.do", f"id={news.info_code}")
            assert json.loads(site.sites[host](api).body)["text"] == ""


def test_every_column_is_some_of_all(site: MadeUpSite) -> None:
    assert site.columns.keys() == {*FIRST, *OTHERS}
    everything = set(site.columns[ECONOMY])
    for column, articles in site.columns.items():
        assert len(articles) > 2
        assert everything >= set(articles)
        assert column == ECONOMY or everything > set(articles)
        assert all(a.published > b.published for a, b in pairwise(articles))


def test_the_lists_together_have_every_article(site: MadeUpSite) -> None:
    rolling = {news.article for news in site.fast_news if news.article}
    columns = set(site.columns[ECONOMY])
    assert rolling | columns == set(site.articles)
    both = rolling & columns
    assert both, "some rolling news are in a column too"
    assert all(article.share_hosts for article in both)


@pytest.mark.parametrize("column", [*FIRST, *OTHERS])
@pytest.mark.parametrize("size", [7, 50])
def test_pages_of_a_column_lead_to_its_end(
    column: str, size: int, site: MadeUpSite, get: Get
) -> None:
    articles = site.columns[column]
    codes = []
    for index in range(1, len(articles) // size + 2):
        page = column_page(get, column, index=index, size=size)
        assert (page["page_index"], page["totle_hits"]) == (index, len(articles))
        codes += [entry["code"] for entry in page["list"]]
    assert codes == [code_of(article) for article in articles]
    assert column_page(get, column, index=len(articles) // size + 2, size=size)["list"] == []


def test_every_entry_of_a_column_tells_its_facts(site: MadeUpSite, get: Get) -> None:
    entries = column_page(get, ECONOMY, size=1000)["list"]
    for entry, article in zip(entries, site.columns[ECONOMY], strict=True):
        assert entry.keys() == COLUMN_FIELDS
        assert f"NW{entry['code']}" == article.info_code
        assert (entry["title"], entry["mediaName"]) == (article.title, article.media)
        assert time_in(entry) == article.published
        assert entry["uniqueUrl"] == f"http://finance.eastmoney.com/a/{entry['code']}.html"
        assert len(entry["summary"]) > 0
        assert entry["image"] in (pictures_in(article.api_body) or ("",))
    assert {entry["summary"] for entry in entries} >= digests(site.columns[ECONOMY])
    assert not any(
        re.search(r"</?(?:p|a|span|strong)\b|-->|\u3000", entry["summary"]) for entry in entries
    )


def digests(articles: tuple[Article, ...]) -> set[str]:
    return {article.digest for article in articles if article.is_rolling}


def test_the_news_of_a_security_is_told_between_posts_that_are_none(
    site: MadeUpSite, wire: http.client.HTTPConnection
) -> None:
    security = site.fast_news[0].securities[0] if site.fast_news[0].securities else "90.BK9901"
    query = urlencode({"mTypeAndCode": security, "pageSize": 500, "req_trace": 1})
    wire.request("GET", f"http://{LISTAPI_HOST}{SECURITY_PATH}?{query}")
    answer = json.loads(wire.getresponse().read())
    assert answer["code"] == 1
    entries = answer["data"]["list"]
    news = [entry["Art_Code"] for entry in entries if entry["Np_dst"] == "CMS"]
    named = [a for a in site.columns[ECONOMY] if security in securities_in(a.api_body)]
    assert news == [code_of(article) for article in named]
    assert len(entries) == answer["data"]["totle_hits"] == 2 * len(news) > 0


def test_the_script_tells_the_rolling_news_too(
    site: MadeUpSite, wire: http.client.HTTPConnection
) -> None:
    codes: list[str] = []
    for number in range(1, len(site.fast_news) // 10 + 2):
        path = f"/kuaixun/v1/getlist_102_ajaxResult_10_{number}_.html"
        wire.request("GET", f"http://{SCRIPT_HOST}{path}")
        script = wire.getresponse().read().decode()
        assert script.startswith("var ajaxResult={")
        lives = json.loads(script.removeprefix("var ajaxResult=").removesuffix(";"))["LivesList"]
        codes += [live["id"] for live in lives]
    assert codes == [news.code for news in site.fast_news]


def test_unknown_columns_are_empty(get: Get) -> None:
    page = column_page(get, "999")
    assert (page["list"], page["totle_hits"]) == ([], 0)
    page = get(WEBLIST_HOST, FAST_NEWS_PATH, fastColumn=999, sortEnd="", pageSize=50)
    assert (page["fastNewsList"], page["sortEnd"]) == ([], "")


def test_sizes_that_are_none_are_the_usual_one(get: Get) -> None:
    for size in ("", "0", "-3", "many"):
        assert len(get(WEBLIST_HOST, FAST_NEWS_PATH, fastColumn=102, pageSize=size)) > 0
        page = get(LISTAPI_HOST, COLUMNS_PATH, column=ECONOMY, page_index="x", page_size=size)
        assert (page["page_index"], len(page["list"])) == (1, 20)


@pytest.mark.parametrize("path", [FAST_NEWS_PATH, COLUMNS_PATH])
@pytest.mark.parametrize("query", ["", "?column=350", "?column=350&req_trace="])
def test_without_a_trace_it_is_forbidden(
    path: str, query: str, wire: http.client.HTTPConnection
) -> None:
    wire.request("GET", f"http://{LISTAPI_HOST}{path}{query}")
    answer = wire.getresponse()
    assert (answer.status, answer.read()) == (403, b"")


def test_what_a_host_does_not_have_is_404(wire: http.client.HTTPConnection) -> None:
    for host, path in (
        (WEBLIST_HOST, f"{COLUMNS_PATH}?column=350&req_trace=1"),
        (WEBLIST_HOST, "/robots.txt"),
        (LISTAPI_HOST, "/"),
    ):
        wire.request("GET", f"http://{host}{path}")
        answer = wire.getresponse()
        answer.read()
        assert answer.status == 404


def test_it_moves_with_the_build_date() -> None:
    built = datetime(2027, 1, 5, 8, 0, tzinfo=SHANGHAI)
    site = made_up_site(articles=MIN_ARTICLES, built=built)
    assert all(built - timedelta(days=3) < news.published < built for news in site.fast_news)
