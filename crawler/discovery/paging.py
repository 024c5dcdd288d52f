"""How a list goes on: by its link to the next page, a page's number, or a cursor."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from crawler.declarations.paths import find_all
from crawler.declarations.reading import absolute
from crawler.discovery.json_lists import quoted

_NEXT_PAGE = (
    "link[rel=next]::attr(href)",
    "a[rel=next]::attr(href)",
    "//a[starts-with(normalize-space(), '下一页') or normalize-space() = '下页']/@href",
    "//a[normalize-space() = '>' or normalize-space() = '›' or normalize-space() = '»']/@href",
)
_PAGE = re.compile(r"([?&](?:page|p|page_index|pageIndex|page_?no|pn)=)1(?=&|$)", re.IGNORECASE)
#: Names of a cursor in an address and in an answer.
_CURSOR = re.compile(
    r"cursor|sort_?end|(?:next|last|max|min)_?(?:id|time|cursor|token|key)?|before", re.IGNORECASE
)
_OF_TIME = re.compile(r"time|before", re.IGNORECASE)
_DEEPEST = 3


def by_link(address: str, page: Any) -> dict[str, Any]:
    """Return how a page of links goes on: by its link to the next page, where it has one."""
    for path in _NEXT_PAGE:
        following = absolute(address, find_all(page, path)[:1])
        if following and urlsplit(following[0]).hostname == urlsplit(address).hostname:
            return {"paging": {"next": path}}
    return {}


def by_address(address: str, table: Mapping[str, Any], document: Any) -> dict[str, Any]:
    """Return the address and paging of a list whose address has a page's number or a cursor.

    :param document: the answer of JSON, which has the next cursor, or whose oldest entry is it;
        None for other answers.
    """
    if _PAGE.search(address):
        return {"address": _PAGE.sub(r"\1{page}", address), "paging": {"first": 1}}
    for name, value in parse_qsl(urlsplit(address).query, keep_blank_values=True):
        if value not in {"", "0", "-1"} or document is None or not _CURSOR.fullmatch(name):
            continue
        field = "published" if _OF_TIME.search(name) else "id"
        oldest = table["fields"].get(field)
        of_entries = f"{table['entries']}[-1].{oldest}" if isinstance(oldest, str) else None
        if path := next(_cursors(document, ""), None) or of_entries:
            with_cursor = re.sub(
                rf"(?<=[?&]){re.escape(name)}=[^&]*", f"{name}={{cursor}}", address
            )
            return {"address": with_cursor, "paging": {"next": path}}
    return {}


def _cursors(node: Any, path: str, depth: int = 0) -> Iterator[str]:
    """Yield the paths to the cursors in an answer, but for those in its entries."""
    if not isinstance(node, dict) or depth > _DEEPEST:
        return
    for key, value in node.items():
        if _CURSOR.fullmatch(key) and isinstance(value, str | int) and value not in {"", 0}:
            yield f"{path}{quoted(key)}"
        yield from _cursors(value, f"{path}{quoted(key)}.", depth + 1)
