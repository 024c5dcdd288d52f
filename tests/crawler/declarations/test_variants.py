"""Answers as those that were recorded, with what their sources are known to vary."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from crawler.declarations.answers import Answer
from crawler.declarations.articles import read_article
from crawler.declarations.errors import UnreadableAnswer
from crawler.declarations.lists import NO_TEXT, Entry, read_list
from tests.crawler.declarations.recorded import answer_of, declaration

Change = Callable[[Any], None]


def listed(source: str, name: str, file: str, change: Change) -> tuple[Entry, ...]:
    """Read a recorded list of JSON after a change."""
    document = json.loads(answer_of(source, file, "").body)
    change(document)
    answer = Answer("https://example.cn/", json.dumps(document).encode())
    return read_list(declaration(source), name, answer).entries


def test_a_figure_of_the_calendar_and_an_advert_are_no_articles() -> None:
    def change(document: Any) -> None:
        document["data"][0] |= {"type": 1, "data": {"name": "CPI", "actual": "0.8"}}
        document["data"][2]["extras"]["ad"] = True

    entries = listed("jin10", "flash", "flash_page1.json", change)
    assert entries[0].skip == "a figure of the calendar, without a text"
    assert entries[2].skip == "an advert"


def test_an_entry_without_text_is_left_out_of_a_list_of_whole_articles() -> None:
    def change(document: Any) -> None:
        document["result"][0]["content"] = "  "

    assert listed("gelonghui", "lives", "lives_page1.json", change)[0].skip == NO_TEXT


def test_pictures_in_an_unknown_form_are_no_error() -> None:
    def change(document: Any) -> None:
        document["result"][0]["pictures"] = [{"url": "https://e.cn/1.jpg"}, "//e.cn/2.jpg", 5, None]

    entries = listed("gelonghui", "lives", "lives_page1.json", change)
    assert entries[0].pictures == ("https://e.cn/2.jpg",)


def test_a_signature_that_is_out_of_date_is_reported_in_the_sources_words() -> None:
    answer = Answer("https://www.cls.cn/v1/", '{"errno":10012,"msg":"签名错误"}'.encode())
    with pytest.raises(UnreadableAnswer, match=r"errno == `0` does not hold; .* '签名错误'\.$"):
        read_list(declaration("cls"), "roll", answer)


def test_the_year_turns_between_an_address_and_its_time() -> None:
    text = answer_of("ths", "article_list_today.html", "").body.decode("gb18030")
    text = text.replace("20260930", "20270101").replace("09月30日 13:10", "12月31日 23:59")
    answer = Answer("https://news.10jqka.com.cn/today_list/", text.encode("gb18030"))
    first = read_list(declaration("ths"), "today", answer).entries[0]
    assert str(first.published) == "2026-12-31T23:59:00+08:00"


@pytest.mark.parametrize(
    ("name", "media", "author"),
    [
        ("财联社 周明远", "财联社", "周明远"),
        ("财联社", "财联社", None),
        ("科创板日报 李明 王芳", "科创板日报", "李明 王芳"),
        ("科创板日报", "科创板日报", None),
        ("周明远", None, "周明远"),
    ],
)
def test_the_byline_of_the_cailian_press(name: str, media: str | None, author: str | None) -> None:
    body = (
        answer_of("cls", "detail_page.html", "")
        .body.decode()
        .replace('"财联社 周明远"', f'"{name}"')
    )
    article = read_article(
        declaration("cls"), Answer("https://www.cls.cn/detail/2492814", body.encode())
    )
    assert (article.media, article.author) == (media, author)


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("每经记者｜王小水    每经编辑｜李文艺", "王小水"),
        ("每经记者 王小水    每经编辑 李文艺", "王小水"),
        ("每经记者：王小水", "王小水"),
        ("每经评论员 王小水", "王小水"),
        ("每经编辑｜李文艺", None),
    ],
)
def test_the_byline_of_the_business_daily(line: str, author: str | None) -> None:
    body = answer_of("nbd", "article_page.html", "").body.decode()
    start = body.index("每经记者｜王小水")
    end = body.index("</p>", start)
    answer = Answer(
        "https://www.nbd.com.cn/articles/2026-09-29/4595080.html",
        (body[:start] + line + body[end:]).encode(),
    )
    article = read_article(declaration("nbd"), answer)
    assert article.author == author
    assert article.body.text.startswith("百万吨动力电池退役潮将至")


def test_the_page_of_a_channel_is_no_article() -> None:
    body = answer_of("chinanews", "scroll-news.xml", "").body.decode()
    body = body.replace("/gj/2026/04-19/10606399.shtml", "/finance/")
    body = body.replace("06:22:34 +0800", "06:22:34")
    entries = read_list(
        declaration("chinanews"), "scroll", Answer("https://e.cn/", body.encode())
    ).entries
    assert entries[0].skip == "the page of a channel"
    assert str(entries[0].published) == "2026-04-19T06:22:34+08:00"
    assert entries[1].skip is None


def test_an_answer_with_nothing_is_not_one_of_another_shape() -> None:
    eastmoney, address = declaration("eastmoney"), "https://np-weblist.eastmoney.com/"
    empty = Answer(address, b'{"code": "1", "data": null}')
    assert read_list(eastmoney, "fast", empty).entries == ()
    renamed = Answer(address, b'{"code": "1", "data": {"list": [{"code": "1"}]}}')
    with pytest.raises(UnreadableAnswer, match=r"it has no data\.fastNewsList\.$"):
        read_list(eastmoney, "fast", renamed)


def test_a_list_ends_at_its_last_page() -> None:
    ths = declaration("ths")
    answer = answer_of("ths", "article_list_today.html", "https://news.10jqka.com.cn/today_list/")
    assert read_list(ths, "today", answer, page=19).next
    assert read_list(ths, "today", answer, page=20).next is None


def test_a_number_of_any_size_is_a_text() -> None:
    def change(document: Any) -> None:
        document["result"][0]["id"] = 10**400
        document["result"][1]["id"] = 1.0

    entries = listed("gelonghui", "lives", "lives_page1.json", change)
    assert [entries[0].id, entries[1].id] == ["1" + "0" * 400, "1"]


def test_a_cut_body_is_known_as_such() -> None:
    document = json.loads(answer_of("wscn", "article_detail.json", "").body)
    document["data"] |= {"is_need_pay": True, "is_priced": True}
    address = "https://api-one-wscn.awtmt.com/apiv1/content/articles/3782700?extract=0"
    article = read_article(declaration("wscn"), Answer(address, json.dumps(document).encode()))
    assert (article.paid, article.complete) == (True, False)


@pytest.mark.parametrize("value", [False, True])
def test_a_truth_value_is_no_text(value: bool) -> None:
    def change(document: Any) -> None:
        document["data"]["items"][0] |= {"title": value, "content": value, "content_more": value}
        document["data"]["items"][1]["id"] = value

    entries = listed("wscn", "lives", "lives_page1.json", change)
    assert (entries[0].title, entries[0].body) == (None, None)
    assert entries[1].id != str(value).lower()


@pytest.mark.parametrize(
    ("source", "name", "file"),
    [
        ("sina", "column", "column_56592.html"),
        ("nbd", "headlines", "column_1161.html"),
        ("people", "politics", "politics.xml"),
    ],
)
@pytest.mark.parametrize("share", [0.4, 0.6, 0.8])
def test_a_list_that_is_cut_off_is_named(source: str, name: str, file: str, share: float) -> None:
    body = answer_of(source, file, "").body
    answer = Answer("https://e.cn/", body[: int(len(body) * share)])
    with pytest.raises(UnreadableAnswer, match=r"cut off|not in utf-8"):
        read_list(declaration(source), name, answer)
