"""The addresses at which a declared source is asked."""

from datetime import UTC, datetime

import pytest

from crawler.declarations.addresses import article_address, first_address, next_address
from crawler.declarations.lists import Entry, ListAnswer, read_list
from tests.crawler.declarations.recorded import LISTS, answer_of, declaration

NOW = datetime(2026, 9, 30, 6, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("source", "name", "first", "second"),
    [
        (
            "wscn",
            "lives",
            "https://api-one.wallstcn.com/apiv1/content/lives?channel=global-channel&client=pc"
            "&limit=20&cursor=",
            "https://api-one.wallstcn.com/apiv1/content/lives?channel=global-channel&client=pc"
            "&limit=20&cursor=1789782018",
        ),
        (
            "jin10",
            "flash",
            "https://flash-api.jin10.com/get_flash_list?channel=-8200&vip=1&max_time=",
            "https://flash-api.jin10.com/get_flash_list?channel=-8200&vip=1"
            "&max_time=2026-09-19%2009:09:33",
        ),
        (
            "gelonghui",
            "lives",
            "https://www.gelonghui.com/api/live-channels/all/lives/v4?category=all&liveId="
            "&limit=15&timestamp=1790748300000",
            "https://www.gelonghui.com/api/live-channels/all/lives/v4?category=all"
            "&liveId=2694746&limit=15&timestamp=1790748300000",
        ),
        (
            "sina",
            "roll",
            "https://feed.mix.sina.com.cn/api/roll/get?pageid=153&lid=2516&k=&num=50&page=1",
            "https://feed.mix.sina.com.cn/api/roll/get?pageid=153&lid=2516&k=&num=50&page=2",
        ),
        (
            "ths",
            "today",
            "https://news.10jqka.com.cn/today_list/",
            "http://news.10jqka.com.cn/today_list/index_2.shtml",
        ),
        ("people", "politics", "http://www.people.com.cn/rss/politics.xml", None),
        ("nbd", "headlines", "https://www.nbd.com.cn/columns/1161/", None),
    ],
)
def test_the_first_two_pages(source: str, name: str, first: str, second: str | None) -> None:
    declared = declaration(source)
    table = declared.lists[name]
    file = next(file for file, listed in LISTS[source].items() if listed == name)

    assert first_address(table, NOW) == first
    page = read_list(declared, name, answer_of(source, file, first))
    assert next_address(table, page, NOW) == second


def test_a_signature_is_of_the_whole_request() -> None:
    table = declaration("cls").lists["roll"]
    address = next_address(table, ListAnswer((), next="1789746672"), NOW)
    assert address
    assert address.startswith("https://www.cls.cn/v1/roll/get_roll_list?app=CailianpressWeb&last")
    assert address.endswith("&sv=8.7.9&sign=897c2024b398d0b5da85a7de8dcdc9f2")


def test_a_short_page_is_the_last_where_the_declaration_says_so() -> None:
    table = declaration("ths").lists["flash"]
    entry = Entry(id="1", address=None)
    assert next_address(table, ListAnswer((entry,) * 49, next="2"), NOW) is None
    assert next_address(table, ListAnswer((entry,) * 50, next="2"), NOW)


@pytest.mark.parametrize(
    ("source", "entry", "address"),
    [
        (
            "wscn",
            Entry(id="3782700", address="https://wallstreetcn.com/articles/3782700"),
            "https://api-one-wscn.awtmt.com/apiv1/content/articles/3782700?extract=0",
        ),
        ("nbd", Entry(id="1", address="https://www.nbd.com.cn/a/1"), "https://www.nbd.com.cn/a/1"),
        ("people", Entry(id="c1-1", address="http://e.cn/1"), "http://e.cn/1"),
        ("gelonghui", Entry(id="1", address="https://www.gelonghui.com/live/1"), None),
    ],
)
def test_where_an_article_is_asked_for(source: str, entry: Entry, address: str | None) -> None:
    assert article_address(declaration(source), entry, NOW) == address
