"""Eastmoney's lists that would lead a crawl on without end, or to another host."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from scrapy.http import TextResponse

from crawler.pages.errors import LayoutChanged
from crawler.pages.numbered_list import ColumnList
from crawler.pages.rolling_list import FastNewsList
from demo.articles import MIN_ARTICLES
from demo.eastmoney import LISTAPI_HOST, WEBLIST_HOST, list_site
from demo.exchange import Answer, Request, Site
from demo.replica import Replica
from demo.site import made_up_site
from tests.conftest import Crawl
from tests.support.eastmoney import LONG_AGO, eastmoney, share_first
from tests.support.sample_site import asked

SITE = made_up_site(articles=MIN_ARTICLES)
URL = f"https://{LISTAPI_HOST}/list"
LONG = "9" * 3000
NEWS = SITE.fast_news[:3]


def leading_on(data: Mapping[str, object]) -> Site:
    """Return a list with the same articles on every page, without an end."""
    first = list_site(NEWS, {"350": SITE.columns["350"][:3]})

    def answer(request: Request) -> Answer:
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        if "req_trace" not in query:
            return Answer(404)
        page = query.get("sortEnd") or query.get("page_index") or "1"
        asked_first = request.query.replace(f"sortEnd={page}", "sortEnd=")
        asked_first = asked_first.replace(f"page_index={page}", "page_index=1")
        told = json.loads(first(Request("GET", request.host, request.path, asked_first)).body)
        told["data"] |= {"page_index": int(page), "sortEnd": str(int(page) + 1)} | dict(data)
        return Answer(200, json.dumps(told).encode(), {"Content-Type": "application/json"})

    return answer


@pytest.fixture
def sources(sources: Path) -> Path:
    return share_first(sources)


@pytest.fixture
def replica() -> Iterator[Replica]:
    with Replica(SITE.sites) as replica:
        yield replica


@pytest.mark.parametrize(
    ("data", "sentences"),
    [
        (
            {"totle_hits": 10**9},
            ["10 of its pages brought nothing new", "it repeats an earlier page"],
        ),
        (
            {"sortEnd": "9" * 3000, "page_index": "9" * 3000, "totle_hits": "9" * 4000},
            ["cannot read", "cannot read"],
        ),
    ],
    ids=["the same again", "long"],
)
def test_a_list_that_leads_on_for_ever_or_away_is_told_and_left(
    crawl: Crawl, replica: Replica, archive: Path, data: Mapping[str, object], sentences: list[str]
) -> None:
    replica.sites |= dict.fromkeys((WEBLIST_HOST, LISTAPI_HOST), leading_on(data))
    ended = eastmoney(crawl, *LONG_AGO, "-s", "CLOSESPIDER_PAGECOUNT=200")
    lists = [url for host in (WEBLIST_HOST, LISTAPI_HOST) for url in asked(replica, host)]
    assert len(lists) < 16, ended.log
    assert ended.status in (3, 4), ended.log
    told = re.findall(r" was not read: (.*)", ended.log)
    assert len(told) == 2, ended.log
    for line, sentence in zip(sorted(told), sorted(sentences), strict=True):
        assert sentence in line


@pytest.mark.parametrize("cursor", ["1#", "1&fastColumn=7", "../", {"a": 1}, ["1"], "一", LONG])
def test_what_is_no_cursor_is_not_asked_for(cursor: object) -> None:
    answer = {"code": "1", "data": {"fastNewsList": [], "sortEnd": cursor}}
    page = FastNewsList(TextResponse(URL, body=json.dumps(answer).encode()))
    with pytest.raises(LayoutChanged, match="its sortEnd is no cursor"):
        page.next_page()


@pytest.mark.parametrize("place", [(0, 50), (-5, 50), (10**7, 50), (1, -50), (LONG, 50), ([], 50)])
def test_what_is_no_page_is_not_asked_for(place: tuple[object, object]) -> None:
    index, size = place
    data = {"list": [{}], "page_index": index, "page_size": size, "totle_hits": 10**9}
    page = ColumnList(TextResponse(URL, body=json.dumps({"code": "1", "data": data}).encode()))
    with pytest.raises(LayoutChanged, match="page_index"):
        page.next_page()
