"""Answers of real sources, as they were recorded, and what a careful reader takes from each."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from archive.errors import InvalidInfoCode
from crawler.checking.answers import response_of
from crawler.pages.article_reading import Reading
from crawler.pages.errors import LayoutChanged
from crawler.pages.reading import UnknownAnswer, read_answer

RECORDED = Path(__file__).parents[2] / "golden" / "recorded"
OF_AN_ENTRY = (
    *("id", "url", "title", "published", "media", "digest", "body_html", "body_text"),
    *("securities", "pictures"),
)
OF_AN_ARTICLE = ("title", "published", "media")
OF_A_BODY = ("body_text", "pictures", "securities")
WHERE_GIVEN = ("id", "url", "digest")
COLUMN = "https://np-listapi.eastmoney.com/comm/web/getNewsByColumns?page_index=1"


def recorded(source: str, kind: str) -> list[Any]:
    """Source, expectation and file of the recorded answers of a kind."""
    expected = json.loads((RECORDED / source / "expected.json").read_text(encoding="utf-8"))
    return [
        pytest.param(source, answer, RECORDED / source / name, id=f"{source}/{name}")
        for name, answer in expected["files"].items()
        if answer["kind"] == kind
    ]


def read_saved(source: str, address: str, data: bytes) -> Reading:
    return read_answer(source, response_of(address, data))


def parts(of: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: of[name] for name in names}


@pytest.mark.parametrize(("source", "expected", "file"), recorded("eastmoney", "list"))
def test_a_recorded_list_is_read(source: str, expected: Mapping[str, Any], file: Path) -> None:
    actual = read_saved(source, expected["address"], file.read_bytes())
    for read, entry in zip(actual["entries"], expected["entries"], strict=True):
        assert parts(read, OF_AN_ENTRY) == parts(entry, OF_AN_ENTRY)
        assert (read["skip"] is None) == (entry["skip"] is None)
    assert actual["next"].items() <= expected["next"].items()


@pytest.mark.parametrize(("source", "expected", "file"), recorded("eastmoney", "article"))
def test_a_recorded_article_is_read(source: str, expected: Mapping[str, Any], file: Path) -> None:
    actual = read_saved(source, expected["address"], file.read_bytes())
    names = OF_AN_ARTICLE + tuple(name for name in WHERE_GIVEN if name in expected)
    assert parts(actual, names) == parts(expected, names)


@pytest.mark.parametrize(("source", "expected", "file"), recorded("eastmoney", "article"))
def test_the_body_of_a_recorded_article_is_read(
    source: str, expected: Mapping[str, Any], file: Path
) -> None:
    actual = read_saved(source, expected["address"], file.read_bytes())
    assert parts(actual, OF_A_BODY) == parts(expected, OF_A_BODY)


def test_what_nothing_reads_is_named() -> None:
    with pytest.raises(UnknownAnswer, match="No source is called 'sina'; there are eastmoney"):
        read_saved("sina", COLUMN, b"{}")
    with pytest.raises(UnknownAnswer, match=r"rss\.xml is no address of a list"):
        read_saved("eastmoney", "https://www.eastmoney.com/rss.xml", b"<rss></rss>")
    with pytest.raises(LayoutChanged, match="ColumnList cannot read"):
        read_saved("eastmoney", COLUMN, b"{}")
    with pytest.raises(InvalidInfoCode):
        read_saved("eastmoney", "https://finance.eastmoney.com/a/12.html", b"<html></html>")
