"""JSON in the scripts of a page, which draws its list of articles with it."""

import re
from collections.abc import Iterator
from typing import Any

from parsel import Selector

from crawler.declarations.answers import is_json, json_in
from crawler.declarations.paths import PathError

_SHORTEST = 200
_ID = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_VARIABLE = re.compile(r"\s*(?:var |let |const )?\s*([\w$.]+)\s*=", re.ASCII)


def embedded_json(page: Selector) -> Iterator[tuple[str, Any]]:
    """Yield the documents in the scripts of a page, each with the path that leads to its script."""
    for script in page.css("script"):
        text = script.root.text or ""
        place = _place(script.root.get("id") or "", text)
        if len(text) < _SHORTEST or place is None or not is_json(text):
            continue
        try:
            yield place, json_in(text)
        except PathError:
            continue


def _place(own_id: str, text: str) -> str | None:
    """Return the path to a script that has an id, or assigns to a variable; None for others."""
    if _ID.fullmatch(own_id):
        return f"script#{own_id}::text"
    variable = _VARIABLE.match(text)
    return f"//script[contains(., '{variable[1]}')]/text()" if variable else None
