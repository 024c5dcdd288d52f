"""Answers of the article API that have no article, or another one, and what stands in them."""

import json
from datetime import datetime
from typing import Any

import pytest
from scrapy.http import TextResponse

from archive.article import SHANGHAI
from archive.article_id import InfoCode
from crawler.pages.article_answer import ArticleAnswer
from crawler.pages.errors import LayoutChanged, NotFound
from crawler.pages.facts import ArticleText

CODE = InfoCode("NW202609183878840472")
URL = f"https://newsinfo.eastmoney.com/kuaixun/v2/api/article/{CODE.digits}?guid=1"
DATA = {"Art_Code": CODE.digits, "Art_Title": "题", "Art_Content": "<p>文</p>"}


def read(answer: object) -> ArticleText:
    return ArticleAnswer(TextResponse(URL, body=json.dumps(answer).encode())).text(CODE)


def of(**fields: Any) -> ArticleText:
    return read({"success": 1, "errorcode": 0, "data": {**DATA, **fields}})


@pytest.mark.parametrize(
    "answer",
    [
        {"success": 0, "errorcode": 0, "data": None},
        {"success": "0", "data": DATA},
        {"success": False},
        {"success": 1, "errorcode": 7, "data": DATA},
        {"success": 1, "errorcode": "0", "data": None},
        {"success": 1, "errorcode": 0, "data": {}},
        {"success": 1, "errorcode": 0, "data": {**DATA, "Art_Content": ""}},
        {"success": 1, "errorcode": 0, "data": {**DATA, "Art_Content": None}},
    ],
)
def test_an_answer_without_an_article_says_that_there_is_none(answer: object) -> None:
    with pytest.raises(NotFound):
        read(answer)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"code": 1}, "it has no data"),
        ({"success": 1, "data": "text"}, "it has no data"),
        ({"success": 1, "data": {"Art_Code": CODE.digits}}, "its data has no Art_Content"),
        ({"data": {**DATA, "Art_Code": "202609183878840473"}}, "answer for '202609183878840473'"),
        ({"data": {"Art_Content": "<p>文</p>"}}, "it is the answer for 'no article'"),
        ({"data": {**DATA, "Art_Content": ["x"]}}, "its Art_Content is not a text"),
        ([], "it is not a JSON object"),
    ],
)
def test_an_answer_of_another_shape_is_a_changed_layout(answer: object, sentence: str) -> None:
    with pytest.raises(LayoutChanged, match=sentence):
        read(answer)


def test_the_code_may_be_said_by_the_address_alone() -> None:
    data = {"Art_Content": "x", "Art_UniqueUrl": f"http://hk.eastmoney.com/a/{CODE.digits}.html"}
    text = read({"data": data})
    assert (text.body, text.page) == ("x", data["Art_UniqueUrl"])


@pytest.mark.parametrize(
    "shown",
    [
        *("2026/09/19 01:09:08", "2026/9/19 1:09:08", "2026-09-19 01:09:08", 1789751348),
        *("2026-09-19T01:09:08+08:00", "2026-09-18T17:09:08Z", 1789751348000, "20260919010908"),
        *("Sep 19, 2026 1:09:08 AM", "Sep 19, 2026 1:09:08\u202fAM"),
        *("2026年09月19日 01:09:08", "2026年9月19日01:09:08"),
    ],
)
def test_times_are_read_in_every_form(shown: object) -> None:
    assert of(Art_ShowTime=shown).published == datetime(2026, 9, 19, 1, 9, 8, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("shown", "time"),
    [
        ("Nov 20, 2026 5:34:39 PM", "2026-11-20 17:34:39"),
        ("2026/11/20 17:34", "2026-11-20 17:34:00"),
        ("2026年11月20日 17:34", "2026-11-20 17:34:00"),
        ("20261120173439", "2026-11-20 17:34:39"),
        ("2026-11-20 24:00:00", "2026-11-21 00:00:00"),
        ("2026/11/20 下午5:34:39", "2026-11-20 17:34:39"),
        ("2026-11-20 17:34:39.0", "2026-11-20 17:34:39"),
    ],
)
def test_times_that_bug_reports_name_are_read(shown: str, time: str) -> None:
    read_time = datetime.fromisoformat(time).replace(tzinfo=SHANGHAI)
    assert of(Art_ShowTime=shown).published == read_time


@pytest.mark.parametrize(
    "shown",
    [
        *("2026-W47-5", "3分钟前", "11-20 17:34", "2026-11-20 25:00", "x"),
        *("2026-11-20", "20261120", "2026年11月20日"),
    ],
)
def test_what_is_no_time_is_none(shown: str) -> None:
    assert of(Art_ShowTime=shown).published is None


def test_the_first_time_stands_in_for_the_latest() -> None:
    text = of(Art_ShowTime="", Art_OrderTime="2026/09/18 21:00:37")
    assert text.published == datetime(2026, 9, 18, 21, 0, 37, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("tips", "codes"),
    [
        ('[{"Type":1005,"Code":"105.NVDA,105.TSLA"},{"Code":"90.BK0800"}]', 3),
        ([{"Code": "105.NVDA, 105.TSLA"}], 2),
        ('[{"Code":"105.NVDA,105.NVDA,nonsense"}, {"Code": 5}, null]', 1),
        *(("", 0), ("[", 0), ("{}", 0), (None, 0), ("[" * 100_000, 0)),
    ],
)
def test_securities_beside_the_body(tips: object, codes: int) -> None:
    found = of(Art_Tip_Info=tips).stock_list
    assert found == ("105.NVDA", "105.TSLA", "90.BK0800")[:codes]


def test_rolling_news_is_marked_as_such() -> None:
    assert of(Art_Fast="1").rolling
    assert not of(Art_Fast="0").rolling
