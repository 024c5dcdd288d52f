"""Every recorded answer comes out as a careful reader takes it."""

import json
from typing import Any

import pytest

from crawler.declarations.articles import read_article
from crawler.declarations.facts import facts_of_article, facts_of_list
from crawler.declarations.lists import read_list
from crawler.declarations.places import list_at
from crawler.extraction.saved import read_saved, read_undeclared
from tests.crawler.declarations.recorded import LISTS, RECORDED, answer_of, declaration

#: What a careful reader notes beside the parameter of the next page.
REMARKS = {"end", "rule", "last"}


def _expected(kind: str) -> list[Any]:
    found = []
    for source in LISTS:
        files = json.loads((RECORDED / source / "expected.json").read_text(encoding="utf-8"))
        found += [
            pytest.param(source, name, expected, id=f"{source}-{name}")
            for name, expected in files["files"].items()
            if expected["kind"] == kind
        ]
    return found


def compared(facts: dict[str, Any], expected: dict[str, Any]) -> tuple[Any, Any]:
    """Return what both have; reasons to leave an entry out are in words of their own."""
    common = facts.keys() & expected.keys() - {"entries", "next"}
    return tuple(
        {
            key: bool(one[key]) if key in {"skip", "important"} else one[key]
            for key in sorted(common)
        }
        for one in (facts, expected)
    )


@pytest.mark.parametrize(("source", "name", "expected"), _expected("list"))
def test_a_list(source: str, name: str, expected: dict[str, Any]) -> None:
    declared, listed = declaration(source), LISTS[source][name]
    answer = answer_of(source, name, expected["address"])

    facts = facts_of_list(declared.lists[listed], read_list(declared, listed, answer))

    assert len(facts["entries"]) == len(expected["entries"])
    for entry, wanted in zip(facts["entries"], expected["entries"], strict=True):
        taken, truth = compared(entry, wanted)
        assert taken == truth
    following = expected["next"] or {}
    noted = {key: str(value) for key, value in following.items() if key not in REMARKS}
    found = {key: str(value) for key, value in (facts["next"] or {}).items()}
    assert list(found.values()) == list(noted.values())
    # Its expectation has the name of a field of the answer, which is no parameter.
    assert found.keys() == noted.keys() or name == "listinfo_1.600519.json"


@pytest.mark.parametrize(("source", "name", "expected"), _expected("article"))
def test_an_article(source: str, name: str, expected: dict[str, Any]) -> None:
    answer = answer_of(source, name, expected["address"])
    facts = facts_of_article(read_article(declaration(source), answer))
    found, truth = compared(facts, expected)
    assert found == truth
    assert len(found) >= 8


@pytest.mark.parametrize(("source", "name", "expected"), _expected("list") + _expected("article"))
def test_an_address_says_what_an_answer_is(
    source: str, name: str, expected: dict[str, Any]
) -> None:
    declared = declaration(source)
    assert list_at(declared, expected["address"]) == LISTS[source].get(name)

    facts = read_saved(declared, answer_of(source, name, expected["address"]))

    assert facts["kind"] == expected["kind"]
    assert json.loads(json.dumps(facts)) == facts


def test_the_second_page_of_a_list_is_of_it() -> None:
    ths = declaration("ths")
    assert list_at(ths, "http://news.10jqka.com.cn/today_list/index_2.shtml") == "today"
    assert list_at(ths, "http://news.10jqka.com.cn/cjzx_list/") is None


def test_a_page_of_any_source() -> None:
    address = "https://news.10jqka.com.cn/20260930/c680400243.shtml"
    facts = read_undeclared(answer_of("ths", "article_page.html", address))
    assert facts["title"] == "央行“四箭齐发”，带来哪些利好"
    assert json.loads(json.dumps(facts)) == facts
