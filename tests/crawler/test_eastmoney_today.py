"""Eastmoney as it answers today: where bodies come from, and lists of every shape."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from demo.article_api import ARTICLE_API_HOST, article_api_site
from demo.article_page import PAGE_HOST, SIDEBAR_TITLE
from demo.articles import SHANGHAI, Article
from demo.eastmoney import (
    COLUMNS_PATH,
    LISTAPI_HOST,
    SCRIPT_HOST,
    WEBLIST_HOST,
    list_site,
    securities_in,
)
from demo.exchange import Answer, Request
from demo.faults import Fault, status
from demo.replica import Replica, Site
from demo.share import share_api_site
from tests.conftest import SHARE_HOSTS, Crawl, posts_in
from tests.support.eastmoney import ALL, LONG_AGO, SITE, eastmoney, sources_of
from tests.support.sample_site import asked, rows

LISTED = SITE.columns["350"]
COLUMN = ("-a", "column=350")
NOBODY = dict.fromkeys(SHARE_HOSTS, share_api_site({}))
SINCE = f"since={LISTED[-1].published:%Y-%m-%d}"


@pytest.fixture
def replica() -> Iterator[Replica]:
    with Replica(SITE.sites) as replica:
        yield replica


def codes(articles: Sequence[Article]) -> set[str]:
    return {article.info_code for article in articles}


def titles_in(archive: Path) -> dict[str, str]:
    return dict(rows(archive, "SELECT info_code, title FROM posts"))


def test_bodies_are_those_of_the_article_api_then_of_the_page(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    ended = eastmoney(crawl, *ALL, "-a", "column=快讯,350")
    assert ended.status == 0, ended.log
    assert not replica.unknown
    known = codes(LISTED) | {news.info_code for news in SITE.fast_news}
    assert sources_of(archive) == (
        dict.fromkeys(known, "article_api")
        | dict.fromkeys(SITE.page_only & known, "article_page")
        | dict.fromkeys(SITE.summary_only, "summary")
    )
    posts = posts_in(archive)
    shared = {name: posts[name] for name in posts.keys() & SITE.posts.keys()}
    assert shared == {name: SITE.posts[name] for name in shared}
    assert len(shared) == len(known - SITE.page_only - SITE.summary_only)
    assert rows(archive, "SELECT count(*) FROM posts WHERE body_provisional") == [(0,)]
    for host in SHARE_HOSTS:
        wanted = [url for url in asked(replica, host) if "GetNewsText" in url]
        assert len(wanted) == len(SITE.summary_only)


def other_article(article: Article) -> bytes:
    site = article_api_site([article])
    path = f"/kuaixun/v2/api/article/{article.info_code[2:]}"
    return site(Request("GET", ARTICLE_API_HOST, path)).body


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": null, "errorcode": 0, "success": 0}',
        b'{"data": {}, "errorcode": "404", "success": "1"}',
        b'{"errorcode": 0, "success": 1}',
        b'{"success": 1, "data": {"Art_Code": "1"}}',
        other_article(LISTED[0]),
    ],
    ids=["no success", "an error", "no data", "no article", "another article"],
)
def test_what_the_article_api_does_not_have_comes_from_the_page(
    crawl: Crawl, replica: Replica, archive: Path, body: bytes
) -> None:
    replica.sites |= {ARTICLE_API_HOST: lambda _: Answer(200, body, {})}
    ended = eastmoney(crawl, *LONG_AGO, *COLUMN, "-a", "pages=1", "-s", "LOG_LEVEL=INFO")
    assert ended.status == 0, ended.log
    taken = sources_of(archive)
    if body == other_article(LISTED[0]):
        assert taken.pop(LISTED[0].info_code) == "article_api"
    assert set(taken.values()) == {"article_page"}
    assert taken.keys() <= codes(LISTED)


def test_no_article_is_called_as_the_sidebar(crawl: Crawl, replica: Replica, archive: Path) -> None:
    replica.sites |= NOBODY | {ARTICLE_API_HOST: article_api_site([])}
    assert eastmoney(crawl, *ALL, *COLUMN).status == 0
    assert set(sources_of(archive).values()) == {"article_page"}
    assert titles_in(archive) == {article.info_code: article.title for article in LISTED}
    media = rows(archive, "SELECT info_code, media FROM posts")
    assert dict(media) == {article.info_code: article.media for article in LISTED}


def with_one_heading(site: Site) -> Site:
    """Pages whose only heading is one that all have, and that have no title either."""

    def answer(request: Request) -> Answer:
        good = site(request)
        text = re.sub(r"<title>.*?</title>", "", good.body.decode(), flags=re.DOTALL)
        text = re.sub(r'(?s)(<div class="topbox">\n).*?\n', rf"\1<h1>{SIDEBAR_TITLE}</h1>\n", text)
        return replace(good, body=text.encode())

    return answer


def test_one_title_of_many_articles_is_an_error(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    page = with_one_heading(SITE.sites[PAGE_HOST])
    replica.sites |= NOBODY | {ARTICLE_API_HOST: article_api_site([]), PAGE_HOST: page}
    ended = eastmoney(crawl, *ALL, *COLUMN)
    assert ended.status == 4, ended.log
    assert f"3 articles with different titles have the title '{SIDEBAR_TITLE}' there" in ended.log
    assert len(titles_in(archive)) == 2
    assert SIDEBAR_TITLE not in titles_in(archive).values()


def test_rolling_news_comes_from_the_script_where_both_lists_fail(
    crawl: Crawl, replica: Replica, archive: Path, sources: Path
) -> None:
    sources.write_text(sources.read_text().replace("page_size = 50", "page_size = 13"))
    replica.faults = [Fault(h, "/comm/", failure=status(404)) for h in (WEBLIST_HOST, LISTAPI_HOST)]
    ended = eastmoney(crawl, *LONG_AGO, "-a", "column=rolling")
    assert ended.status == 0, ended.log
    assert sources_of(archive).keys() == {news.info_code for news in SITE.fast_news}
    categories = rows(archive, "SELECT DISTINCT category FROM posts")
    assert categories == [("emnews",)]
    assert len([url for url in asked(replica, SCRIPT_HOST) if "getlist_102" in url]) > 1


@pytest.mark.parametrize("security", ["1.699901", "699901.SH", "sh699901"])
def test_the_news_of_one_security(
    crawl: Crawl, replica: Replica, archive: Path, sources: Path, security: str
) -> None:
    sources.write_text(sources.read_text().replace("page_size = 50", "page_size = 13"))
    ended = eastmoney(crawl, *LONG_AGO, "-a", f"security={security}")
    assert ended.status == 0, ended.log
    named = [article for article in LISTED if "1.699901" in securities_in(article.api_body)]
    assert sources_of(archive).keys() == codes(named)
    assert "was refused" not in ended.log
    mentions = rows(archive, "SELECT DISTINCT info_code FROM mentions WHERE security = '1.699901'")
    assert {code for (code,) in mentions} == codes(named)


Told = Callable[[dict[str, Any], Mapping[str, str]], bytes]


def column_told(tell: Told, articles: Sequence[Article] = LISTED, most: int = 1000) -> Site:
    """A column whose answers are told otherwise; it gives no more than `most` articles a page."""
    site = list_site((), {"350": articles})

    def answer(request: Request) -> Answer:
        query = dict(part.partition("=")[::2] for part in request.query.split("&"))
        size = min(int(query.get("page_size", "20")), most)
        cut = re.sub(r"page_size=\d+", f"page_size={size}", request.query)
        good = site(replace(request, query=cut))
        if good.status != 200 or request.path != COLUMNS_PATH:
            return good
        return replace(good, body=tell(json.loads(good.body), query))

    return answer


def changed(**changes: object) -> Told:
    def tell(answer: dict[str, Any], _: Mapping[str, str]) -> bytes:
        data = {**answer["data"], **changes}
        data = {name: value for name, value in data.items() if value is not ...}
        return json.dumps({**answer, "data": data}).encode()

    return tell


def null_behind_the_end(answer: dict[str, Any], _: Mapping[str, str]) -> bytes:
    data = {**answer["data"], "totle_hits": None}
    return json.dumps({**answer, "data": data if data["list"] else None}).encode()


def asked_size(answer: dict[str, Any], query: Mapping[str, str]) -> bytes:
    """A source that cuts pages in silence: it says the size that was asked for."""
    return changed(page_size=int(query["page_size"]))(answer, query)


def without_extent(answer: dict[str, Any], _: Mapping[str, str]) -> bytes:
    return json.dumps({"code": 1, "data": {"list": answer["data"]["list"]}}).encode()


def in_a_script(answer: dict[str, Any], _: Mapping[str, str]) -> bytes:
    return f"jQuery3_1({json.dumps(answer)});".encode()


def as_texts(answer: dict[str, Any], _: Mapping[str, str]) -> bytes:
    data = answer["data"]
    listed = [{**entry, "code": int(entry["code"])} for entry in data["list"]]
    numbers = {name: str(data[name]) for name in ("page_index", "page_size", "totle_hits")}
    return json.dumps({"code": 1, "data": {**numbers, "list": listed}}).encode()


@pytest.mark.parametrize(
    ("tell", "most"),
    [
        (changed(totle_hits=..., total_hits=len(LISTED)), 50),
        (changed(totle_hits=...), 50),
        (null_behind_the_end, 50),
        (asked_size, 20),
        (without_extent, 20),
        (in_a_script, 50),
        (as_texts, 50),
    ],
    ids=["spelt right", "no total", "null", "cut in silence", "no extent", "script", "texts"],
)
def test_a_column_is_read_to_its_end_however_it_is_told(
    crawl: Crawl, replica: Replica, archive: Path, sources: Path, tell: Told, most: int
) -> None:
    sources.write_text(sources.read_text().replace("page_size = 50", "page_size = 25"))
    replica.sites |= {LISTAPI_HOST: column_told(tell, most=most)}
    ended = eastmoney(crawl, *LONG_AGO, *COLUMN)
    assert ended.status == 0, ended.log
    assert sources_of(archive).keys() == codes(LISTED)
    assert len([url for url in asked(replica, LISTAPI_HOST) if "column=" in url]) < 12


def shuffled(site_of: Callable[[Sequence[Article]], Site], orders: Sequence[str]) -> Site:
    """A column that is in no order when one of `orders` is asked for."""
    mixed = sorted(LISTED, key=lambda article: article.info_code[::-1])
    disorder, order = site_of(mixed), site_of(LISTED)

    def answer(request: Request) -> Answer:
        asked_for = re.search(r"order=(\d)", request.query)
        return (disorder if asked_for and asked_for[1] in orders else order)(request)

    return answer


def test_a_column_in_no_order_is_asked_for_in_the_other_one(
    crawl: Crawl, replica: Replica, archive: Path, sources: Path
) -> None:
    sources.write_text(sources.read_text().replace("page_size = 50", "page_size = 13"))
    replica.sites |= {LISTAPI_HOST: shuffled(lambda a: list_site((), {"350": a}), ["1"])}
    ended = eastmoney(crawl, *COLUMN, "-a", SINCE)
    assert ended.status == 0, ended.log
    assert sources_of(archive).keys() == codes(LISTED)
    orders = re.findall(r"order=(\d)", " ".join(asked(replica, LISTAPI_HOST)))
    assert orders[0] == "1"
    assert set(orders[1:]) == {"2"}


def test_a_column_in_no_order_at_all_is_read_to_its_end(
    crawl: Crawl, replica: Replica, archive: Path, sources: Path
) -> None:
    sources.write_text(sources.read_text().replace("page_size = 50", "page_size = 13"))
    replica.sites |= {LISTAPI_HOST: shuffled(lambda a: list_site((), {"350": a}), ["1", "2"])}
    day = LISTED[len(LISTED) // 2].published
    ended = eastmoney(crawl, *COLUMN, "-a", f"since={day:%Y-%m-%d}")
    assert ended.status == 0, ended.log
    assert "is not newest first" in ended.log
    ((verdict,),) = rows(archive, "SELECT verdict FROM crawls")
    assert "1 lists were not newest first, and were read to their ends" in verdict
    wanted = [article for article in LISTED if article.published.date() >= day.date()]
    assert len(wanted) < len(LISTED)
    assert sources_of(archive).keys() == codes(wanted)


def test_a_list_that_ends_before_since_is_reported(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    day = LISTED[0].published
    few = [article for article in LISTED if article.published.date() == day.date()]
    replica.sites |= {LISTAPI_HOST: list_site((), {"350": few})}
    ended = eastmoney(crawl, *COLUMN, "-a", "since=2015-01-01")
    assert ended.status == 3
    sentence = rf"The list 国内经济 ends at {day:%Y-%m-%d} .* does not go back to since=2015-01-01"
    assert re.search(sentence, ended.log), ended.log
    assert "1 lists of the source do not go back as far" in ended.log
    assert sources_of(archive).keys() == codes(few)


def test_an_article_that_is_published_anew_under_its_code_gets_its_title_and_time(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    some = LISTED[:4]
    replica.sites |= {LISTAPI_HOST: list_site((), {"350": some})}
    assert eastmoney(crawl, *LONG_AGO, *COLUMN).status == 0
    later = (datetime.now(SHANGHAI) + timedelta(minutes=5)).replace(microsecond=0)
    again = replace(some[2], title=f"{some[2].title}（续）", published=later)
    anew = [again, *some[:2], *some[3:]]
    replica.sites |= {
        LISTAPI_HOST: list_site((), {"350": anew}),
        ARTICLE_API_HOST: article_api_site(anew),
    }
    ended = eastmoney(crawl, *LONG_AGO, *COLUMN)
    assert ended.status == 0, ended.log
    found = rows(archive, "SELECT title, published FROM posts WHERE version = 2")
    assert found == [(again.title, later.isoformat())]


def endless(request: Request) -> Answer:
    """Rolling news with new codes and a new cursor on each page."""
    cursor = re.search(r"sortEnd=(\d*)", request.query)
    if not cursor:
        return Answer(404)
    at = int(cursor[1] or 10**6)
    news = [replace(SITE.fast_news[0], code=f"2026{at - n:014}", article=None) for n in range(5)]
    good = list_site(news)(replace(request, query="fastColumn=102&req_trace=1&pageSize=50"))
    answer = json.loads(good.body)
    answer["data"]["sortEnd"] = str(at - 5)
    return replace(good, body=json.dumps(answer).encode())


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("FINEWS_LIST_PAGES=5", "it does not end after 5 pages; FINEWS_LIST_PAGES allows no more"),
        ("FINEWS_LIST_SECONDS=0.5", "seconds; FINEWS_LIST_SECONDS allows no more"),
    ],
)
def test_rolling_news_without_end_is_left(
    crawl: Crawl, replica: Replica, archive: Path, setting: str, sentence: str
) -> None:
    replica.sites |= dict.fromkeys((WEBLIST_HOST, LISTAPI_HOST), endless)
    ended = eastmoney(
        crawl, *LONG_AGO, "-a", "column=rolling", "-s", setting, "-s", "CLOSESPIDER_PAGECOUNT=3000"
    )
    assert ended.status == 3, ended.log
    assert sentence in ended.log
    assert len(sources_of(archive)) >= 5
