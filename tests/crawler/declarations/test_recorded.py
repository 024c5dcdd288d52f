"""Every recorded answer comes out as a careful reader takes it."""

import json
from typing import Any

import pytest

from crawler.declarations.articles import ArticleFacts, read_article
from crawler.declarations.lists import Entry, read_list
from crawler.declarations.mentions import Mention
from crawler.declarations.times import Moment
from tests.crawler.declarations.recorded import LISTS, RECORDED, answer_of, declaration


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


@pytest.mark.parametrize(("source", "name", "expected"), _expected("list"))
def test_a_list(source: str, name: str, expected: dict[str, Any]) -> None:
    answer = answer_of(source, name, expected["address"])
    page = read_list(declaration(source), LISTS[source][name], answer)

    assert len(page.entries) == len(expected["entries"])
    for entry, wanted in zip(page.entries, expected["entries"], strict=True):
        facts = facts_of_entry(entry)
        assert {key: facts[key] for key in facts if key in wanted} == {
            **{key: wanted[key] for key in facts if key in wanted},
            "skip": bool(wanted["skip"]),
            **({"important": bool(wanted["important"])} if "important" in wanted else {}),
        }
    assert page.next == next_of(expected)


@pytest.mark.parametrize(("source", "name", "expected"), _expected("article"))
def test_an_article(source: str, name: str, expected: dict[str, Any]) -> None:
    article = read_article(declaration(source), answer_of(source, name, expected["address"]))

    facts = facts_of_article(article)
    assert {key: facts[key] for key in facts if key in expected} == {
        key: expected[key] for key in facts if key in expected
    }


def facts_of_entry(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "url": entry.address,
        "title": entry.title,
        "published": written(entry.published),
        "modified": written(entry.modified),
        "media": entry.media,
        "author": entry.author,
        "digest": entry.digest,
        "body_html": entry.body and entry.body.html,
        "body_text": entry.body and entry.body.text,
        "securities": securities(entry.securities),
        "pictures": list(entry.pictures),
        "tags": list(entry.tags),
        "important": entry.important,
        "paid": entry.paid,
        "skip": entry.skip is not None,
    }


def facts_of_article(article: ArticleFacts) -> dict[str, Any]:
    return {
        "id": article.id,
        "url": article.address,
        "title": article.title,
        "published": written(article.published),
        "media": article.media,
        "author": article.author,
        "digest": article.digest,
        "body_text": article.body.text,
        "securities": securities([one for one in article.securities if one.name]),
        "charts": [f"{one.market}.{one.code}" for one in article.securities if not one.name],
        "pictures": list(article.pictures),
        "tags": list(article.tags),
        "paid": article.paid,
        "complete": article.complete,
    }


def written(moment: Moment | None) -> str | None:
    return str(moment) if moment else None


def securities(mentions: Any) -> list[dict[str, str | None]]:
    return [_security(mention) for mention in mentions]


def _security(mention: Mention) -> dict[str, str | None]:
    known = None if mention.eastmoney is None else str(mention.eastmoney)
    return {"market": mention.market, "code": mention.code, "name": mention.name, "em": known}


def next_of(expected: dict[str, Any]) -> str | None:
    """Return the cursor, number or address among what a careful reader notes of the next page."""
    noted = expected["next"] or {}
    remarks = {"end", "rule", "last"}
    return next((str(value) for key, value in noted.items() if key not in remarks), None)
