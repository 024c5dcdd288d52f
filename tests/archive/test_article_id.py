"""The identity of articles of any source."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.addresses import InvalidAddress, canonical_address
from archive.article_id import ArticleId, InvalidArticleId
from archive.errors import InvalidInfoCode, Refused

_SOURCES = st.from_regex(r"[a-df-z][a-z0-9]{0,9}", fullmatch=True)
_NATIVE = st.text(min_size=1, max_size=200).filter(str.strip)


def test_eastmoneys_articles_keep_their_info_code() -> None:
    assert ArticleId.of("eastmoney", "202112292230175548") == "NW202112292230175548"
    assert ArticleId("NW202112292230175548").native == "202112292230175548"
    assert ArticleId("NW202112292230175548").source == "eastmoney"


@pytest.mark.parametrize(
    ("source", "native", "written"),
    [
        ("cls", "2487646", "cls-2487646"),
        ("jin10", "20260919110459969800", "jin10-20260919110459969800"),
        ("people", "c1001-31836276", "people-c1001-31836276"),
        ("caixun", "cx-2026-000123", "caixun-cx-2026-000123"),
    ],
)
def test_all_others_have_their_sources_name(source: str, native: str, written: str) -> None:
    assert ArticleId.of(source, native) == written
    assert (ArticleId(written).source, ArticleId(written).native) == (source, native)
    assert not ArticleId(written).is_info_code


@given(_SOURCES, _NATIVE)
def test_an_id_is_a_file_name_and_a_part_of_an_address(source: str, native: str) -> None:
    article_id = ArticleId.of(source, native)

    assert re.fullmatch(r"[A-Za-z0-9._~-]{3,200}", article_id)
    assert Path(article_id).name == article_id
    assert not article_id.startswith("NW")
    assert ArticleId(article_id) == article_id
    assert article_id.source == source


@given(_SOURCES, _NATIVE, _NATIVE)
def test_different_ids_stay_different_even_without_capitals(
    source: str, one: str, other: str
) -> None:
    same = one.strip() == other.strip()
    first, second = ArticleId.of(source, one), ArticleId.of(source, other)
    assert (first == second) is same
    assert (first.lower() == second.lower()) is same


@given(st.text(max_size=60))
def test_every_other_text_is_refused_by_name(text: str) -> None:
    try:
        article_id = ArticleId(text)
    except InvalidArticleId:
        return
    assert article_id == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "202112292230175548",
        "NW1",
        "cls-",
        "-1",
        "eastmoney-1",
        "Cls-1",
        "cls-a/b",
        "cls-..",
        "cls-1.",
    ],
)
def test_these_are_no_ids(text: str) -> None:
    with pytest.raises(InvalidArticleId):
        ArticleId(text)


def test_an_id_of_eastmoneys_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInfoCode):
        ArticleId.of("eastmoney", "2026070210111374700136000")


@pytest.mark.parametrize(
    "address",
    [
        "http://www.example.cn/a/1.html",
        "https://WWW.Example.cn/a/1.html",
        "https://www.example.cn:443/a/1.html#comments",
        "https://www.example.cn/a/1.html?utm_source=x&spm=1.2.3&from=timeline&isappinstalled=0",
    ],
)
def test_addresses_of_one_page_are_one(address: str) -> None:
    assert canonical_address(address) == "https://www.example.cn/a/1.html"
    assert ArticleId.of_address("example", address) == ArticleId.of_address(
        "example", "https://www.example.cn/a/1.html"
    )


def test_parameters_that_name_the_article_stay() -> None:
    first = canonical_address("https://e.cn/a?type=news&id=1")
    assert first == canonical_address("https://e.cn/a?id=1&type=news&utm_medium=rss")
    assert first != canonical_address("https://e.cn/a?id=2&type=news")


@given(st.text(max_size=80).map("https://example.cn/{}".format))
def test_a_canonical_address_is_its_own(address: str) -> None:
    try:
        canonical = canonical_address(address)
    except InvalidAddress:
        return
    assert canonical_address(canonical) == canonical


@pytest.mark.parametrize(
    "text",
    ["", "ftp://e.cn/", "https://", "https://[", "javascript:1", "https://a:b@e.cn/", "//e.cn/"],
)
def test_what_is_no_address_of_the_web_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="is no address of the web"):
        ArticleId.of_address("example", text)
