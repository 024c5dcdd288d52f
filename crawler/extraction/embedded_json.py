"""JSON in the scripts of a page, which draws its list of articles or its article with it."""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree
from parsel import Selector

from archive.content.tree import parse
from crawler.declarations.answers import is_json, json_in
from crawler.declarations.paths import PathError, objects_in

_SHORTEST = 200
_BODY = re.compile(
    r"(?:article|news|detail|full|rich)?[_-]?(?:body|content|html|text)", re.IGNORECASE
)
#: The fewest characters of a body: a shorter one may be that of a comment.
_SHORTEST_BODY = 60
_ID = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_VARIABLE = re.compile(r"\s*(?:var |let |const )?\s*([\w$.]+)\s*=", re.ASCII)


def embedded_json(page: Selector) -> Iterator[tuple[str, Any]]:
    """Yield the documents in the scripts of a page, each with the path that leads to its script."""
    for script, document in _documents(page):
        place = _place(script.get("id") or "", script.text or "")
        if place is not None:
            yield place, document


def body_in_scripts(page: Selector) -> etree._Element | None:
    """Return the longest body of an article in the scripts of a page; None where there is none."""
    in_json = (body for _, document in _documents(page) for body in _bodies(document))
    in_forms = (text for text in page.css("textarea::text").getall() if "</p>" in text)
    longest = max((*in_json, *in_forms), key=len, default="")
    if len(longest) < _SHORTEST_BODY:
        return None
    if "<" not in longest:
        longest = "".join(f"<p>{line}</p>" for line in longest.splitlines())
    return parse(longest).find("body")


def _documents(page: Selector) -> Iterator[tuple[etree._Element, Any]]:
    for script in page.css("script"):
        text = script.root.text or ""
        if len(text) < _SHORTEST or not is_json(text):
            continue
        try:
            yield script.root, json_in(text)
        except PathError:
            continue


def _bodies(document: Any) -> Iterator[str]:
    for node in objects_in(document):
        yield from (
            value for key, value in node.items() if isinstance(value, str) and _BODY.fullmatch(key)
        )


def _place(own_id: str, text: str) -> str | None:
    """Return the path to a script that has an id, or assigns to a variable; None for others."""
    if _ID.fullmatch(own_id):
        return f"script#{own_id}::text"
    variable = _VARIABLE.match(text)
    return f"//script[contains(., '{variable[1]}')]/text()" if variable else None
