"""The list of articles in a page of HTML, and where its parts are."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Any

from lxml import etree
from parsel import Selector

from archive.content.tree import text_in
from crawler.declarations.markup import shown_text
from crawler.discovery.shown_times import time_in

_LEAST_ENTRIES = 3
_SHORTEST_TITLE, _LONGEST_TITLE = 6, 80
_MOST_ANCESTORS = 4
#: Elements that may be entries; a link that is in none of them may be one itself.
_ENTRIES = frozenset({"li", "tr", "article", "div", "dl", "dt", "dd", "p", "section"})

_BEHIND = "./following-sibling::dd[1]"
#: Times that no element of their own has: as loose text, and in an attribute.
_BARE = ("./text()[normalize-space()]", ".//time/@datetime")
_MOST_GROUPS = 60
_TIME_TAGS = (
    "span",
    "em",
    "i",
    "b",
    "time",
    "p",
    "div",
    "td",
    "dd",
    "dt",
    "small",
    "label",
    "font",
    "strong",
)
_DATE_IN_ADDRESS = re.compile(r"/((?:19|20)\d{2}-?[01]\d-?[0-3]\d)(?:/|\D)")
_CLOCK = re.compile(r"\d{1,2}[:：]\d{2}")
_PLAIN = re.compile(r"[A-Za-z][\w-]*")


def html_lists_in(page: Selector, zone: tzinfo, near: datetime) -> list[dict[str, Any]]:
    """Return the tables of the lists of links in a page, that with the most text first.

    :param near: an instant near the times of the entries, for those that leave out the year.
    """
    groups: dict[str, list[etree._Element]] = defaultdict(list)
    for link in page.root.iter("a"):
        if link.get("href") and len(shown_text(link)) >= _SHORTEST_TITLE:
            for path in _paths_to(link):
                groups[path].append(link)
    largest = sorted(groups.items(), key=lambda group: len(group[1]), reverse=True)[:_MOST_GROUPS]
    found = [one for path, links in largest if (one := _list(page, path, links, zone, near))]
    return [table for _, table in sorted(found, key=lambda one: one[0], reverse=True)]


def _paths_to(link: etree._Element) -> Iterator[str]:
    """Yield paths that lead to the entries that a link may stand for."""
    entry = link
    for _ in range(_MOST_ANCESTORS):
        parent = entry.getparent()
        if parent is None or entry.tag == "body":
            break
        if entry.tag in _ENTRIES:
            yield f"{_place(parent)} > {_step(entry)}"
        entry = parent
    parent = link.getparent()
    if parent is not None and parent.tag not in _ENTRIES - {"div", "p"}:
        yield f"{_place(parent)} > {_step(link)}"


def _place(element: etree._Element) -> str:
    """Return an element as CSS, below the next one around it that has an id or a class."""
    step = _step(element)
    parent = element.getparent()
    if "." in step or "#" in step or parent is None or parent.tag in {"body", "html"}:
        return step
    return f"{_place(parent)} > {step}"


def _step(element: etree._Element) -> str:
    """Return an element as CSS: its name, and its id or its first class."""
    tag = str(element.tag)
    name = tag if _PLAIN.fullmatch(tag) else "*"  # a parser takes nearly all for a name
    own_id = element.get("id") or ""
    if _PLAIN.fullmatch(own_id):
        return f"{name}#{own_id}"
    classes = [one for one in (element.get("class") or "").split() if _PLAIN.fullmatch(one)]
    return f"{name}.{classes[0]}" if classes else name


def _list(
    page: Selector, path: str, links: list[etree._Element], zone: tzinfo, near: datetime
) -> tuple[tuple[bool, int], dict[str, Any]] | None:
    """Return the table of a list, and whether it has times, and how many links."""
    if len(links) < _LEAST_ENTRIES:
        return None
    entries = page.css(path)
    if not _LEAST_ENTRIES <= len(entries) <= 2 * len(links):
        return None
    longest = [max(entry.css("a"), key=_likeness, default=None) for entry in entries]
    found = [link for link in longest if link is not None and _length(link) >= _SHORTEST_TITLE]
    addresses = [link.root.get("href", "") for link in found]
    if len(set(addresses)) < max(_LEAST_ENTRIES, len(entries) / 2):
        return None
    steps = Counter(_step(link.root) for link in found)
    title: str | list[str]
    title, count = steps.most_common(1)[0]
    if count < len(found):  # some have another class
        title = "a"
    fields: dict[str, Any] = {"address": f"{title}::attr(href)"}
    titles = [link.root.get("title", "").strip() for link in found]
    if all(len(whole) >= _length(link) for whole, link in zip(titles, found, strict=True)):
        title = [f"{title}::attr(title)", title]
    fields["title"] = title
    time, pattern = _time_path(entries, zone, near)
    if time:
        fields["published"] = _published(time, pattern, addresses)
    return (time is not None, len(addresses)), {"entries": path, "fields": fields}


def _published(path: str, pattern: str | None, addresses: Sequence[str]) -> dict[str, Any]:
    """Return the time of an entry; its day or year may be in the address alone."""
    dated = all(_DATE_IN_ADDRESS.search(address) for address in addresses)
    near = {"near": {"in": "address", "pattern": _DATE_IN_ADDRESS.pattern}} if dated else {}
    return {"path": path, **({"pattern": pattern} if pattern else {}), **near}


def _likeness(link: Selector) -> int:
    """Return how much the text of a link is like a title: the longest that is no digest yet."""
    length = _length(link)
    return length if length <= _LONGEST_TITLE else -length


def _length(link: Selector) -> int:
    return len(shown_text(link.root))


def _time_path(
    entries: list[Selector], zone: tzinfo, near: datetime
) -> tuple[str | None, str | None]:
    """Return the path to a time that most entries have, and its pattern if other text is there."""
    counts: Counter[tuple[str, str | None]] = Counter()
    for entry in entries:
        elements = [(_step(one), one) for one in entry.root.iter(*_TIME_TAGS)]
        elements += [(_BEHIND, one.root) for one in entry.xpath(_BEHIND)]
        bare = [(path, one.get()) for path in _BARE for one in entry.xpath(path)[:1]]
        counts.update({found for path, one in elements for found in _times(path, one, zone, near)})
        counts.update(
            (path, found[1]) for path, text in bare if (found := time_in(text.strip(), zone, near))
        )
    enough = [
        found
        for found in counts
        if counts[found] >= len(entries) / 2 and not _is_of_several_days(entries, found[0])
    ]
    return min(
        enough, key=lambda found: (found[1] is not None, -counts[found]), default=(None, None)
    )


def _is_of_several_days(entries: list[Selector], path: str) -> bool:
    """Report whether a place shows times of day that begin again: the day is elsewhere."""
    places = [one for entry in entries for one in _at(entry, path)[:1]]
    shown = [one.get() if path in _BARE else text_in(one.root) for one in places]
    clocks = [text.strip().zfill(5) for text in shown if _CLOCK.fullmatch(text.strip())]
    return 0 < len(clocks) == len(shown) and clocks != sorted(clocks, reverse=True)


def _at(entry: Selector, path: str) -> list[Selector]:
    return entry.xpath(path) if path.startswith(".") else entry.css(path)


def _times(
    path: str, element: etree._Element, zone: tzinfo, near: datetime
) -> Iterator[tuple[str, str | None]]:
    """Yield where an element has a time: as a whole, or among other words, but no addresses."""
    text = " ".join(shown_text(element).split())
    if found := time_in(text, zone, near):
        _, pattern = found
        if pattern is None or next(element.iter("a", "img"), None) is None:
            yield path, pattern
