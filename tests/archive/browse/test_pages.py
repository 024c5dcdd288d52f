"""Every page over a real archive, through Datasette."""

import asyncio
import csv
import json
import re
import shutil
import sqlite3
import tomllib
from codecs import BOM_UTF8
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from parsel import Selector

from archive.archive import Archive
from archive.browse import filters, pages
from archive.browse.database import with_total_order
from archive.browse.plugin import open_site
from archive.browse.site import Site
from archive.search.index import register
from archive.search.language import parse

Visit = Callable[..., httpx.Response]

REVISED = "NW202112299000000001"
GONE = "NW202112299000000002"
HOSTILE = "NW202112299000000003"
PICTURES = "NW202112299000000004"
ROLLING = "NW202112299000000005"
POSTS = 95
PAGES = (
    "/",
    "/news",
    "/news?q=央行",
    "/news?media=财联社&month=2021-12",
    "/media",
    "/security",
    "/security/1.600160",
    f"/catalog/posts/{REVISED}",
    f"/catalog/posts/{REVISED}/changes",
    f"/catalog/posts/{HOSTILE}",
    "/catalog",
    "/catalog/posts",
    "/catalog/posts?_search=央行",
    "/catalog/posts?_sort=length&published__gt=2021-12-01",
    "/catalog/revisions",
    f"/catalog/revisions/{REVISED},media,1",
    "/catalog/securities/1~2E600160",
    "/catalog/crawls",
    "/catalog/posts_per_day",
    "/catalog/posts_per_media",
    "/catalog/posts_per_security",
    "/catalog/on_this_day?month_day=12-29",
    "/catalog/public_at?minute=2021-12-29 17:34",
    "/catalog/revised",
    "/catalog/gone",
    "/catalog/busiest_hours",
)


def titles(response: httpx.Response) -> list[str]:
    """The titles of the cards of a page."""
    cards = Selector(response.text).css(".card h3")
    return ["".join(card.css("::text").getall()).strip() for card in cards]


@pytest.mark.parametrize("path", PAGES)
def test_page_is_whole(visit: Visit, path: str) -> None:
    response = visit(path)
    page = Selector(response.text)
    assert response.status_code == 200
    assert page.css("html::attr(lang)").get() == "zh-CN"
    assert len(page.css("main h1, .masthead h1")) == 1
    assert page.css("a.skip::attr(href)").get() == "#main"
    assert not page.css("script, [style], [onclick], [onerror], iframe, object, base")
    hosts = {
        re.sub(r"^(https?:)?//([^/]*).*", r"\2", address)
        for address in page.css("link::attr(href), img::attr(src)").getall()
        if "//" in address
    }
    assert hosts <= {"localhost", "127.0.0.1:9"}
    ids = page.css("::attr(id)").getall()
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", [*PAGES, "/nothing", "/news.atom", "/catalog/posts.json"])
def test_headers_are_safe(visit: Visit, path: str) -> None:
    headers = visit(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert "set-cookie" not in headers


def test_front_page_shows_what_is_new(visit: Visit) -> None:
    page = visit("/")
    assert len(titles(page)) == len(set(addresses(page))) == 17
    assert "<span>95 篇</span>" in page.text
    shown = Selector(page.text)
    assert "经济观察网" in shown.css(".ranking").get("")
    assert len(shown.css(".chart .bar")) >= 30
    assert shown.css(".corrections a::attr(href)").getall() == [
        f"/catalog/posts/{GONE}",
        f"/catalog/posts/{REVISED}/changes",
    ]
    sections = shown.css(".sections section")
    assert len(sections) > 3
    assert not set(sections.css("li a::attr(href)").getall()) & set(addresses(page))
    older = visit(shown.css(".turn a[rel=next]::attr(href)").get(""))
    assert not set(addresses(older)) & set(shown.css(".stream h3 a::attr(href)").getall())
    assert "尚无抓取记录" in page.text


@pytest.mark.parametrize(
    ("minutes", "status", "notice"),
    [
        (10, 0, None),
        (180, 0, "上次抓取在 3 小时前结束。"),
        (5, 1, "上次抓取失败"),
    ],
)
def test_front_page_says_when_the_archive_is_stale_or_failing(
    tmp_path: Path, news: Path, minutes: int, status: int, notice: str | None
) -> None:
    folder = shutil.copytree(news, tmp_path / "news")
    then = datetime.now(UTC) - timedelta(minutes=minutes)
    with Archive(folder, clock=lambda: then) as archive:
        crawl = archive.begin_crawl("finews", {})
        archive.end_crawl(crawl, status, "源站打不开 <b>", {"added": 7})
    with closing(open_site(folder)) as site:
        page = Selector(asyncio.run(site.client.get("/")).text)
    shown = page.css(".notice").xpath("string()").get()
    assert (notice is None) == (shown is None)
    if shown:
        assert str(notice) in shown
        assert ("源站打不开 <b>" in shown) == bool(status)
    assert (
        "失败" in page.css(".crawls").get("") if status else "新增 7" in page.css(".crawls").get("")
    )


def test_search_marks_its_hits(visit: Visit) -> None:
    page = visit("/news", q="央行")
    assert page.status_code == 200
    assert set(Selector(page.text).css("mark::text").getall()) == {"央行"}
    assert all("央行" in Selector(card).xpath("string()").get("") for card in cards_of(page))


def cards_of(response: httpx.Response) -> list[str]:
    """The cards of a page as HTML."""
    return Selector(response.text).css(".card").getall()


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"q": "央行"},
        {"q": "后市"},
        {"media": "财联社"},
        {"security": "1.600160"},
        {"month": "2021-12"},
        {"day": "2021-12-29"},
        {"source": "mirror"},
        {"q": "市场", "media": "财联社", "month": "2021-12"},
        {"q": "巨化", "security": "1.600160"},
        {"q": "巨化股份公告", "security": "1.600160", "source": "share_api"},
        {"since": "2021-12", "until": "2021-12-29T18"},
        {"month": "2021-12", "since": "2021-12-29", "security": "1.600160"},
    ],
)
def test_paging_meets_every_post_once_both_ways(visit: Visit, parameters: dict[str, str]) -> None:
    """And they are the posts that Datasette's own JSON gives for the list's link."""

    def walk(start: dict[str, str], direction: str) -> list[str]:
        page = visit("/news", **parameters, **start)
        seen = addresses(page)
        while link := Selector(page.text).css(f".turn a[rel={direction}]::attr(href)").get():
            page = visit(link)
            assert page.status_code == 200
            seen = [*seen, *addresses(page)] if direction == "next" else addresses(page) + seen
        return seen

    forwards = walk({}, "next")
    assert len(forwards) == len(set(forwards)) > 0
    assert walk({"page": "last"}, "prev") == forwards

    page = visit("/news", **parameters)
    assert f"{len(forwards)} 篇" in page.text
    json_link = Selector(page.text).css("link[type='application/json']::attr(href)").get("")
    posts = visit(f"{json_link}&_size=max").json()
    times = [row["published"] for row in posts["rows"]]
    assert times == sorted(times, reverse=True)
    assert {f"/catalog/posts/{row['info_code']}" for row in posts["rows"]} == set(forwards)


def addresses(response: httpx.Response) -> list[str]:
    """Where the cards of a page lead."""
    return Selector(response.text).css(".card h3 a::attr(href)").getall()


def test_facets_narrow_a_list_to_their_count(visit: Visit) -> None:
    page = Selector(visit("/news", q="后市").text)
    names = page.css(".facets h2::text").getall()
    assert names == ["月份", "媒体", "证券", "正文来源"]
    values = page.css(".facets li")
    assert len(values) > 8
    for value in values:
        narrowed = visit(value.css("a::attr(href)").get(""))
        assert f"{value.css('span::text').get()} 篇" in narrowed.text
        assert Selector(narrowed.text).css(".facets .chosen")


def test_chosen_facet_is_taken_back(visit: Visit) -> None:
    page = visit("/news", q="后市", media="财联社")
    assert Selector(page.text).css(".facets .chosen::attr(href)").get() == (
        "/news?q=%E5%90%8E%E5%B8%82"
    )


def test_a_chosen_time_is_taken_back(visit: Visit) -> None:
    page = visit("/news", since="2021-12", until="2022")
    links = Selector(page.text).css(".facets .chosen::attr(href)").getall()
    assert links == ["/news?until=2022", "/news?since=2021-12"]


@pytest.mark.parametrize("text", ["1.600160", "600160", "巨化股份"])
def test_search_for_a_security_leads_to_its_page(visit: Visit, text: str) -> None:
    assert "/security/1.600160" in visit("/news", q=text).text


def test_search_for_a_code_counts_its_mentions_and_links_to_its_page(visit: Visit) -> None:
    page = Selector(visit("/news", q="jhgf").text)
    link = page.xpath("//aside//a[@href='/security/1.600160']/..")
    mentions = Selector(visit("/news", security="1.600160").text)
    posts = mentions.css(".heading p::text").re_first(r"([\d,]+) 篇")
    assert " ".join(link.xpath("string()").get("").split()) == f"巨化股份600160 {posts}"
    assert page.css(".heading p::text").re_first(r"([\d,]+) 篇") == posts != "0"
    assert set(page.css("mark::text").getall()) == {"巨化股份"}


def test_a_security_that_nothing_names_is_a_list_without_posts(visit: Visit) -> None:
    for code in ("1.000000", "title:", "(" * 200):
        response = visit("/news", security=code)
        assert response.status_code == 200
        assert "没有找到" in response.text
        assert visit("/news.atom", security=code).status_code == 200


def test_search_can_be_sorted_by_relevance(visit: Visit) -> None:
    by_time = Selector(visit("/news", q="央行").text)
    link = by_time.xpath("//a[.='最相关的在前']/@href").get("")
    best = Selector(visit(link).text)
    titles = best.css("article.card h3").xpath("string()").getall()
    in_title = ["央行" in title for title in titles]
    assert in_title == sorted(in_title, reverse=True)
    assert len(titles) > 10
    assert best.css("nav.turn").get() is None
    assert best.xpath("//a[.='新的在前']/@href").get() == "/news?q=%E5%A4%AE%E8%A1%8C"


@pytest.mark.parametrize(
    ("language", "summary"), [("zh", "有新文章时通知我"), ("en", "Get messages")]
)
def test_a_search_shows_the_lines_of_a_watch_and_its_feed(
    visit: Visit, language: str, summary: str
) -> None:
    searched = {"q": '"央行" OR \'降准\\"', "media": "财联社", "day": "2021-12-29"}
    page = visit(f"/news?{urlencode({**searched, 'lang': language})}")
    shown = Selector(page.text).css("details.watch")
    assert summary in shown.css("summary::text").get("")
    (watch,) = tomllib.loads(shown.css("pre code::text").get(""))["watch"]
    assert parse(watch["query"]) == parse(f"({searched['q']}) media:财联社")
    feed = shown.css("p code::text").getall()[-1]
    assert feed.endswith(f"/news.atom?{urlencode(searched)}")
    assert feed.startswith("http://localhost/")
    answer = visit(feed.removeprefix("http://localhost"))
    assert answer.headers["content-type"].startswith("application/atom+xml")
    for without in ("/news", "/news?q=央行&as_of=2026", "/news?category=cailianshe"):
        assert not Selector(visit(without).text).css("details.watch")


def test_search_without_a_hit_offers_what_has_hits(visit: Visit) -> None:
    page = Selector(visit("/news", q="央行 没有这个").text)
    assert page.xpath("//p[contains(., '没有一篇新闻有：没有这个')]")
    offered = page.xpath("//li[starts-with(., '试试：')]/a/@href").get("")
    assert "没有找到" not in visit(offered).text
    named = Selector(visit("/news", q="巨化股份大涨价").text)
    assert named.xpath("//li[starts-with(., '证券：')]/a/@href").get() == "/security/1.600160"


def test_a_query_that_cannot_be_understood_is_refused_with_its_place(visit: Visit) -> None:
    for path, parameters in (
        ("/news", {"q": "央行 date:2026-13"}),
        ("/news.atom", {"q": "央行 title:"}),
        ("/catalog/posts", {"_search": "央行 title:"}),
        ("/catalog/posts", {"_search_title": "media:x"}),
        ("/catalog/posts", {"_search": "(" * 10_000}),
    ):
        response = visit(path, **parameters)
        assert response.status_code == 400, path
    assert "title: 后面没有值（搜索词的第 4 个字符）。" in visit("/news", q="央行 title:").text
    english = visit("/news", q="央行 title:", lang="en").text
    assert "The field title: has no value (character 4 of the query)." in english


def endless(connection: sqlite3.Connection, _: object) -> int:
    """Run until SQLite is interrupted."""
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    ((number,),) = connection.execute(f"{numbers} SELECT count(*) FROM n")  # noqa: S608
    return int(number)


def test_what_cannot_be_counted_in_time_is_estimated(
    news: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "count_in_time", endless)
    monkeypatch.setattr(pages, "read_facets", endless)
    monkeypatch.setattr(filters, "has_at_least", lambda *_: True)
    with closing(open_site(news)) as site:
        response = asyncio.run(site.client.get("/news?q=央行"))
        table = asyncio.run(site.client.get("/catalog/posts.json?_search=央行&_shape=array"))
        page = asyncio.run(site.client.get("/catalog/posts?_search=央行&_nocount=1"))
    assert response.status_code == table.status_code == 200
    (total,) = Selector(response.text).css(".heading p::text").re(r"^约 (\d+) 篇")
    assert "没有来得及分类统计" in response.text
    assert len(table.json()) == min(20, int(total))
    assert f"至多约 {total} 行" in page.text


def test_datasettes_search_has_the_same_language(visit: Visit) -> None:
    for query in ("央行 OR 巨化", "media:财联社", "jhgf", "-gone: 央行", "date:2021-12-29 央行"):
        rows = visit("/catalog/posts.json", _search=query, _shape="array", _size="max").json()
        page = Selector(visit("/news", q=query).text)
        total = page.css(".heading p::text").re_first(r"([\d,]+) 篇")
        assert f"{len(rows):,}" == total != "0", query


@pytest.mark.parametrize(
    "text",
    [
        REVISED,
        REVISED[2:],
        f"http://finews.zning.xyz/html_News/NewsShare.html?infoCode={REVISED}",
        f"https://finance.eastmoney.com/a/{REVISED[2:]}.html",
    ],
)
def test_search_for_an_address_leads_to_the_article(visit: Visit, text: str) -> None:
    response = visit("/news", q=text)
    assert response.status_code == 302
    assert response.headers["location"] == f"/catalog/posts/{REVISED}"


def test_security_page_has_timeline_and_articles(visit: Visit) -> None:
    page = visit("/security/1.600160")
    assert "<h1>巨化股份" in page.text
    assert "19 篇新闻提到" in page.text
    assert len(Selector(page.text).css(".chart .bar")) > 5
    assert len(titles(page)) == 19


def test_article_page(visit: Visit) -> None:
    page = visit(f"/catalog/posts/{PICTURES}")
    body = Selector(page.text).css(".body")
    assert body.css("a.security::attr(href)").get() == "/security/1.600160"
    assert [dict(image.attrib) for image in body.css("img")] == [
        {
            "src": "http://127.0.0.1:9/gone.jpg",
            "alt": "图片",
            "loading": "lazy",
            "referrerpolicy": "no-referrer",
        }
    ]
    assert body.css("a:has(img)::attr(href)").get() == "http://127.0.0.1:9/gone.jpg"
    assert body.css("table td::text").getall() == ["项目", "数值"]
    assert "2021年12月29日 17:29" in page.text
    assert "GetNewsText.do?id=" + PICTURES in page.text
    assert re.search(r"<code>[0-9a-f]{64}</code>", page.text)
    assert len(Selector(page.text).css(".neighbours a")) == 2


def test_every_version_names_what_it_was_read_from_and_what_changed(visit: Visit) -> None:
    page = Selector(visit(f"/catalog/posts/{REVISED}").text)
    assert "存档，改了数字。" in page.css(".notice").xpath("string()").get("")
    versions = page.css(".versions > li")
    (row,) = visit(f"/catalog/posts/{REVISED}.json", _shape="array").json()
    kept = visit("/catalog/revisions.json", _shape="array", info_code=REVISED, _sort_desc="version")
    assert len(versions) == 3
    for version, stored, hour in zip(versions, [row, *kept.json()], (21, 20, 19), strict=True):
        captures = json.loads(stored["captures"])
        assert version.css("a[href^=http]::attr(href)").getall() == [
            f"http://{host}.test/GetNewsText.do?id={REVISED}" for host in "ab"
        ]
        shown = "".join(version.css("dd").xpath("string()").getall())
        for capture in captures:
            assert f"warc/{capture['file']}，第 {capture['offset']:,} 字节起" in shown
        assert f"2021年12月29日 {hour}:00" in shown
    assert [
        version.xpath("string(.//dt[.='改了什么']/following-sibling::dd[1])").get()
        for version in versions
    ] == ["数字：200亿元 300亿元", "数字：100亿元 200亿元", ""]


def test_rolling_news_has_its_digest(visit: Visit) -> None:
    page = visit(f"/catalog/posts/{ROLLING}")
    assert Selector(page.text).css(".digest::text").get() == "这是一条滚动新闻的摘要。"


def test_gone_article_says_so(visit: Visit) -> None:
    assert "来源已经撤下这篇文章" in visit(f"/catalog/posts/{GONE}").text
    assert GONE in visit("/catalog/gone").text


def test_article_without_its_file_shows_the_text(site: Site, visit: Visit, news: Path) -> None:
    (row,) = visit(f"/catalog/posts/{ROLLING}.json", _shape="array").json()
    path = news / row["path"]
    moved = path.rename(path.with_suffix(".away"))
    try:
        page = visit(f"/catalog/posts/{ROLLING}")
    finally:
        moved.rename(path)
    assert "文件读不到" in page.text
    assert "维护流动性" in page.text


@pytest.mark.parametrize("code", [REVISED, REVISED[2:]])
def test_short_address(visit: Visit, code: str) -> None:
    assert visit(f"/{code}").headers["location"] == f"/catalog/posts/{REVISED}"


def test_changes_between_any_two_versions(visit: Visit) -> None:
    page = Selector(visit(f"/catalog/posts/{REVISED}/changes").text)
    assert page.css(".changes del::text").getall() == ["200"]
    assert page.css(".changes ins::text").getall() == ["300"]
    page = Selector(visit(f"/catalog/posts/{REVISED}/changes", old="3", new="1").text)
    assert page.css(".changes del::text").getall() == ["300"]
    assert page.css(".changes ins::text").getall() == ["100"]
    assert "只有一个版本" in visit(f"/catalog/posts/{GONE}/changes").text
    assert "文字没有改动。" in visit(f"/catalog/posts/{REVISED}/changes", old="2", new="2").text


@pytest.mark.parametrize(("version", "amount"), [(1, "100亿元"), (2, "200亿元"), (3, "300亿元")])
def test_post_file_is_given_as_it_is(visit: Visit, news: Path, version: int, amount: str) -> None:
    response = visit(f"/catalog/posts/{REVISED}/versions/{version}")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["content-disposition"].startswith("attachment")
    assert amount in response.text
    assert response.content in {path.read_bytes() for path in news.rglob(f"*{REVISED}*.md")}


def test_datasette_json_and_csv(visit: Visit) -> None:
    found = visit("/catalog/posts.json", _search="央行", _shape="array").json()
    assert {"info_code", "text", "sha256"} <= set(found[0])
    assert visit("/catalog/posts.csv", _search="央行").text.startswith("id,info_code,")
    downloaded = visit("/catalog/posts.csv", _search="央行", _dl="1").content
    assert downloaded.startswith(BOM_UTF8 + b"id,info_code,")
    assert downloaded.count(BOM_UTF8) == 1
    article = visit(f"/catalog/posts/{REVISED}.json").json()
    assert article["rows"][0][article["columns"].index("version")] == 3


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"_search": "市场"},
        {"_search": "后市", "media": "财联社"},
        {"_search_title": "央行"},
        {"_sort": "version"},
        {"_sort_desc": "length"},
        {"_security": "1.600160", "_sort": "length"},
    ],
)
def test_pages_of_datasettes_json_lose_nothing(
    visit: Visit, news: Path, parameters: dict[str, str]
) -> None:
    """Also where posts are alike in what they are sorted by."""
    link = f"/catalog/posts.json?{urlencode({**parameters, '_size': '3', '_shape': 'objects'})}"
    codes: list[str] = []
    answer: dict[str, Any] = {"next_url": link}
    while answer["next_url"]:
        answer = visit(answer["next_url"].removeprefix("http://localhost")).json()
        codes += [row["info_code"] for row in answer["rows"]]
    assert len(codes) == len(set(codes)) == answer["filtered_table_rows_count"] > 6


def test_a_streamed_csv_is_whole(visit: Visit) -> None:
    streamed = visit("/catalog/posts.csv", _stream="1", _size="3", _dl="1").content
    assert streamed.count(BOM_UTF8) == 1
    rows = list(csv.reader(streamed.decode("utf-8-sig").splitlines()))
    assert len({row[1] for row in rows[1:]}) == POSTS


@pytest.mark.parametrize(
    "sql",
    [
        "select media from posts group by media order by media desc",
        "select a, b from posts order by info_code desc limit 21",
        "select a from posts where b union select c from posts order by a limit 21",
        "select distinct a from posts order by a limit 21",
        "select a from crawls order by a limit 21",
        "select a from posts order by a limit 21 offset 40",
    ],
)
def test_other_sql_is_left_as_it_is(sql: str) -> None:
    assert with_total_order(sql) == sql


def test_datasettes_search_takes_one_column(visit: Visit) -> None:
    def found(**parameters: str) -> set[str]:
        rows = visit("/catalog/posts.json", _shape="array", _size="max", **parameters).json()
        return {row["title"] for row in rows}

    assert found(_search_title="利率不变") == {"央行开展逆回购操作：利率不变"}
    assert found(_search_text="利率不变") == set()
    assert found(_search_digest="滚动新闻") == {"滚动新闻一则"}
    assert found(_search_title="央行", _search="滚动新闻") == set()
    assert len(found(_search="")) == POSTS
    refused = visit("/catalog/posts.json", _search_media="财联社")
    assert refused.status_code == 400
    assert "_search_title" in refused.json()["error"]


def test_search_finds_posts_by_their_number(news: Path, tmp_path: Path) -> None:
    """The number of a post, not where SQLite keeps its row: a repair and VACUUM part the two."""
    with closing(sqlite3.connect(news / "catalog.db")) as whole:
        whole.execute("VACUUM INTO ?", [str(tmp_path / "catalog.db")])
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as catalog, catalog:
        register(catalog)
        catalog.execute("UPDATE posts SET id = id + 1000")
    with closing(open_site(tmp_path)) as site:
        for parameter in ("_search", "_search_title"):
            address = f"/catalog/posts.json?_shape=array&{parameter}=滚动新闻"
            answer = asyncio.run(site.client.get(address))
            assert [row["info_code"] for row in answer.json()] == [ROLLING]


def test_datasette_table_shows_cards(visit: Visit) -> None:
    page = visit("/catalog/posts", _search="后市")
    assert len(titles(page)) == 20
    assert set(Selector(page.text).css("mark::text").getall()) == {"后市"}
    assert Selector(page.text).css(".turn a[rel=next]")
    assert Selector(page.text).css(".facets li a")


@pytest.mark.parametrize(
    ("query", "parameters", "rows"),
    [
        ("on_this_day", {"month_day": "12-29"}, {REVISED, GONE}),
        ("on_this_day", {"month_day": "01-01"}, set()),
        ("public_at", {"minute": "2021-12-29 19:00"}, {REVISED, GONE}),
        ("public_at", {"minute": "2021-12-29 18:59"}, {PICTURES}),
        ("public_at", {"minute": "2021-12-30 09:01"}, {REVISED}),
        ("public_at", {"minute": "2000-01-01 00:00"}, set()),
        ("public_at", {"minute": "nonsense"}, set()),
        ("revised", {}, {REVISED}),
        ("gone", {}, {GONE}),
        ("found_changed", {"what": ""}, {REVISED, GONE}),
        ("found_changed", {"what": "figures"}, {REVISED}),
        ("found_changed", {"what": "title"}, set()),
    ],
)
def test_canned_queries(
    visit: Visit, query: str, parameters: dict[str, str], rows: set[str]
) -> None:
    found = visit(f"/catalog/{query}.json", _shape="array", **parameters).json()
    codes = {row["info_code"] for row in found}
    assert rows <= codes
    if not rows:
        assert not codes or query == "public_at"
    if parameters.get("minute") == "2021-12-29 18:59":
        assert REVISED not in codes
    if parameters.get("minute") == "2021-12-30 09:01":
        assert GONE not in codes


def test_busiest_hours(visit: Visit) -> None:
    found = visit(
        "/catalog/busiest_hours.json", _shape="array", first_day="2021-12-29", last_day="2021-12-29"
    ).json()
    assert found[0] == {"hour": "2021-12-29 17:00", "posts": 5}


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/catalog/nothing",
        "/catalog/posts/NW000000000000000000",
        "/catalog/posts/NW000000000000000000/changes",
        f"/catalog/posts/{REVISED}/versions/9",
        f"/catalog/posts/{REVISED}/versions/..%2F..%2Fcatalog.db",
        "/catalog/posts/..%2F..%2Fetc%2Fpasswd/versions/1",
        "/-/finews/..%2Fplugin.py",
        "/-/finews/%2e%2e/plugin.py",
        "/security/1.999999",
        "/NW202112299999999999",
        "/-/databases",
        "/-/databases.json",
        "/-/threads.json",
        "/-/plugins",
        "/-/settings",
        "/-/settings.json",
        "/-/versions",
        "/-/versions.json",
        "/-/patterns",
        "/-/allow-debug",
        "/_internal",
        "/_memory",
    ],
)
def test_missing_pages_say_so(visit: Visit, path: str, news: Path) -> None:
    response = visit(path)
    if response.status_code == 302:  # Datasette writes % as ~
        response = visit(response.headers["location"])
    assert response.status_code in {403, 404}
    assert str(news) not in response.text


@pytest.mark.parametrize("path", ["/catalog?sql=select+1", "/catalog.json?sql=select+1"])
def test_arbitrary_sql_is_off(visit: Visit, path: str) -> None:
    assert visit(path).status_code == 403


def test_where_is_off(visit: Visit) -> None:
    assert visit("/catalog/posts.json", _where="1=1").status_code == 403


def test_catalog_is_not_downloaded(visit: Visit) -> None:
    assert visit("/catalog.db").status_code == 403


def test_the_folder_is_told_nowhere(visit: Visit, news: Path) -> None:
    for path in (*PAGES, "/-/metadata.json", "/.json"):
        assert str(news) not in visit(path).text


def test_sort_both_ways_at_once_is_the_visitors_fault(visit: Visit) -> None:
    response = visit("/catalog/posts", _sort="length", _sort_desc="length")
    assert response.status_code == 400
    assert "<h1>看不懂这个地址</h1>" in response.text


def test_json_errors_are_json(visit: Visit) -> None:
    response = visit("/catalog/posts.json", _timelimit="soon")
    assert response.status_code == 400
    assert json.loads(response.text)["ok"] is False
