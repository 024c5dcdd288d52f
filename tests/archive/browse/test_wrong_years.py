"""A post with a wrong year takes no page over."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from parsel import Selector

from archive.archive import Archive
from archive.article import SHANGHAI
from archive.browse.plugin import open_site
from archive.catalog.future_dates import horizon
from archive.catalog.statistics import describe
from tests.archive.browse.conftest import STOCK, article

TODAY = datetime.now(SHANGHAI).replace(microsecond=0)
AHEAD = {
    "NW206205010000000001": TODAY.replace(2062, 5, 1),
    "NW999912310000000001": datetime(9999, 12, 31, tzinfo=SHANGHAI),
}
EARLY = "NW000101020000000001"
Visit = Callable[..., httpx.Response]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An archive of today with posts of the years 1, 2062 and 9999."""
    body = f"<p>{STOCK}</p>"
    with Archive(tmp_path) as archive:
        archive.add_many(
            [
                *(
                    article(
                        f"NW20261129{number:010}",
                        title=f"今天第 {number} 篇",
                        published=TODAY - timedelta(minutes=number),
                        body=body,
                    )
                    for number in range(10)
                ),
                *(
                    article(code, title="日期错了", media="错媒体", published=published, body=body)
                    for code, published in AHEAD.items()
                ),
                article(EARLY, published=datetime(1, 1, 2, tzinfo=SHANGHAI), body=body),
            ]
        )
    return tmp_path


@pytest.fixture
def visit(folder: Path) -> Iterator[Visit]:
    site = open_site(folder)
    yield lambda path, **parameters: asyncio.run(site.client.get(path, params=parameters or None))
    site.close()


def test_the_front_page_is_of_now(visit: Visit) -> None:
    front = Selector(visit("/").text)
    assert "日期错了" not in front.get()
    assert "错媒体" not in front.get()
    assert "2 篇的日期在以后" in front.get()
    rankings = front.css("ol.ranking span::text").getall()
    assert rankings == ["10"]
    assert front.css("ol.moved a::attr(href)").getall() == ["/security/1.600160"]
    assert f"{TODAY:%Y-%m-%d}" in front.css("svg").get("")


@pytest.mark.parametrize(
    "parameters", [{}, {"q": "日期"}, {"security": "1.600160"}, {"media": "错媒体"}]
)
def test_lists_and_feeds_do_not_begin_with_them(visit: Visit, parameters: dict[str, str]) -> None:
    page = visit("/news", **parameters)
    listed = Selector(page.text).css("article h3, article h2, .card").getall()
    assert not any("日期错了" in card for card in listed)
    links = Selector(page.text).css(".stream p.quiet a")
    assert [link.css("::text").get() for link in links] == [
        "2062年5月：1 篇",
        "9999年12月：1 篇",
    ]
    shown = visit(links[0].attrib["href"])
    assert "NW206205010000000001" in shown.text
    assert "日期错了" not in visit("/news.atom", **parameters).text
    assert "日期错了" in visit("/news.atom", month="2062-05").text


def test_they_stand_apart_as_of_a_time_at_which_they_were_archived(visit: Visit) -> None:
    for as_of, months in ((datetime.now(UTC), 2), (TODAY - timedelta(days=1), 0)):
        page = visit("/news", as_of=as_of.isoformat())
        assert page.status_code == 200
        assert len(Selector(page.text).css(".stream p.quiet a[href*='month=']")) == months


def test_every_other_post_is_met_once_by_turning_pages(visit: Visit) -> None:
    page = Selector(visit("/news").text)
    assert page.css(".heading p::text").get("").strip() == "11 篇"
    last = Selector(visit("/news", page="last").text)
    assert len(page.css(".card")) == len(last.css(".card"))


def test_securities_are_bounded(visit: Visit) -> None:
    begun = time.monotonic()
    page = Selector(visit("/security/1.600160").text)
    assert time.monotonic() - begun < 2
    assert "13 篇新闻提到" in page.get()
    assert len(page.css("svg rect, svg a")) < 2_000
    ranked = Selector(visit("/security").text)
    assert "10" in ranked.css("ol span::text").getall()


def test_the_first_and_the_last_year_alone_are_shown(tmp_path: Path) -> None:
    for year, month, day in ((1, 1, 1), (9999, 12, 31)):
        folder = tmp_path / str(year)
        with Archive(folder) as archive:
            published = datetime(year, month, day, 12, tzinfo=SHANGHAI)
            archive.add(article(EARLY, published=published, body=f"<p>{STOCK}</p>"))
        site = open_site(folder)
        for path in ("/", "/news", "/news.atom", "/security", "/security/1.600160", "/media"):
            response = asyncio.run(site.client.get(path))
            assert response.status_code == 200, (year, path)
        site.close()


def test_stats_count_them_apart(folder: Path) -> None:
    told = "\n".join(describe(folder, None, datetime.now(UTC)))
    assert re.search("^future dates +2$", told, re.MULTILINE)
    assert f"0001-01-02 to {TODAY:%Y-%m-%d}" in told
    assert "今天第 0 篇" in told


def test_a_day_ahead_is_believed() -> None:
    now = datetime(2026, 11, 29, 16, tzinfo=UTC)
    assert horizon(now) == "2026-12-01T00:00:00+08:00"
