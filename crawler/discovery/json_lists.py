"""The list of articles in an answer of JSON, and which of its fields is what."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from archive.article import SHANGHAI
from crawler.declarations.times import read_time

_IDS = ("id", "seq", "docid", "code", "newsid", "news_id", "article_id", "aid", "art_code", "uuid")
_TITLES = ("title", "headline", "art_title", "name", "subject")
_TIMES = re.compile(r"time|date|publish|created|showtime", re.IGNORECASE)
_PUBLISHED = re.compile(r"pub|show|display|ctime|create|issue", re.IGNORECASE)
_ADDRESSES = re.compile(r"ur[il]|link|href|address|route|docurl", re.IGNORECASE)
_ANY = re.compile("")
_PAGE = re.compile(
    r"(?:https?://[^/]+/|/(?=.*\d))(?!.*\.(?:jpe?g|png|gif|webp|svg|mp[34])\b)", re.IGNORECASE
)
#: What shows a title or a time where no name does.
_TITLE = re.compile(r"(?=.*[\u4e00-\u9fff]{4})[^<>\n]{8,80}")
_DATE = re.compile(
    r"(?:20\d\d[-/.年])?\d\d?[-/.月]\d\d?日?[T\s].*:.*|1[5-9]\d{8}(?:\d{3})?", re.ASCII
)
_DAY = re.compile(r"\d{4}[-/.年]?\d\d?[-/.月]?\d\d?日?", re.ASCII)
_CLOCK = re.compile(r"\d\d?:\d\d(?::\d\d)?", re.ASCII)
_MEDIA = ("media_name", "mediaName", "source_name", "source", "media", "from")
_AUTHORS = ("author", "author_name", "writer", "editor_name")
_DIGESTS = ("digest", "summary", "intro", "brief", "introduction", "description", "content_short")
_BODIES = ("content", "body", "rich_text", "content_html", "text", "short", "html", "detail")
#: Characters of a name that may be a part of a key, such as that of ``contentHtml``.
_PART = 4
_LEAST_ENTRIES = 2
_DEEPEST, _DEEPEST_IN_ENTRY = 6, 2

Entries = Sequence[Mapping[str, Any]]


def lists_in(document: Any) -> list[tuple[str, Entries]]:
    """Return the lists of objects in a document with the paths to them, the longest first."""
    found = sorted(_lists(document, (), 0), key=lambda one: _richness(one[1]), reverse=True)
    return [(".".join(path) or "@", entries) for path, entries in found]


def fields_of(
    entries: Entries, near: datetime | None = None, *, inside: bool = True
) -> dict[str, str]:
    """Return which path in the entries is which field, as far as names and values show it.

    :param near: an instant near the times, some of which are without a year.
    :param inside: whether objects in the entries have fields, too.
    """
    depth = 0 if inside else _DEEPEST_IN_ENTRY
    entries = [dict(_flat(entry, depth=depth)) for entry in entries]
    digest = _named(entries, _DIGESTS, _is_text)
    fields = {
        "id": _named(entries, _IDS, _is_id),
        "title": _named(entries, _TITLES, _is_title) or _like_titles(entries),
        "published": _time_of(entries, near),
        "address": _first(entries, _ADDRESSES, _is_address)
        or _first(entries, _ANY, _is_address_of_a_page),
        "media": _named(entries, _MEDIA, _is_line),
        "author": _named(entries, _AUTHORS, _is_line),
        "digest": digest,
        "body": _named(entries, _BODIES, _is_text, but=digest),
    }
    return {name: key for name, key in fields.items() if key}


def with_clock(fields: Mapping[str, str], entries: Entries) -> Mapping[str, Any]:
    """Return fields whose time is joined of a day and of the time of day that is beside it."""
    day = fields.get("published", "")
    clocks = [key for key in entries[0] if all(_CLOCK.fullmatch(str(e.get(key))) for e in entries)]
    if not clocks or not all(_DAY.fullmatch(str(entry.get(day))) for entry in entries):
        return fields
    return {**fields, "published": {"join": [day, quoted(clocks[0])], "by": " "}}


def _flat(entry: Mapping[str, Any], path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield the values of an entry, and of the objects in it behind these, with their paths."""
    inner = []
    for key, value in entry.items():
        whole = f"{path}{quoted(key)}"
        if isinstance(value, dict) and depth < _DEEPEST_IN_ENTRY:
            inner.append((whole, value))
        else:
            yield whole, value
    for whole, value in inner:
        yield from _flat(value, f"{whole}.", depth + 1)


def _lists(
    node: Any, path: tuple[str, ...], depth: int
) -> Iterator[tuple[tuple[str, ...], Entries]]:
    if depth > _DEEPEST:
        return
    if isinstance(node, list):
        objects = [one for one in node if isinstance(one, dict)]
        if len(objects) >= _LEAST_ENTRIES and len(objects) == len(node):
            yield path, objects
    elif isinstance(node, dict):
        values = list(node.values())
        if len(values) >= _LEAST_ENTRIES and all(isinstance(one, dict) for one in values):
            yield (*path, "values(@)"), values
        for key, value in node.items():
            yield from _lists(value, (*path, quoted(key)), depth + 1)


def _richness(entries: Entries) -> int:
    """Return how much text the entries have: a list of menus has little."""
    return sum(
        len(value) for entry in entries for _, value in _flat(entry) if isinstance(value, str)
    )


def _named(
    entries: Entries,
    names: Sequence[str],
    fits: Callable[[list[Any]], bool],
    but: str | None = None,
) -> str | None:
    """Return the key that has one of the names, or else one as a part.

    :param but: a key that is another field.
    """
    keys: dict[str, str] = {}
    for key in (key for entry in entries for key in entry if key != but):
        keys.setdefault(_plain(key), key)
    wanted = [_plain(name) for name in names]
    known = [keys[name] for name in wanted if name in keys]
    parts = [keys[key] for name in wanted if len(name) >= _PART for key in keys if name in key]
    return next((key for key in (*known, *parts) if fits(_values(entries, key))), None)


def _plain(path: str) -> str:
    """Return the name at the end of a path, in small letters."""
    return path.rpartition(".")[2].strip('"').lower().replace("_", "")


def _first(
    entries: Entries, named: re.Pattern[str], fits: Callable[[list[Any]], bool]
) -> str | None:
    keys = sorted((key for key in entries[0] if named.search(_plain(key))), key=len)
    return next((key for key in keys if fits(_values(entries, key))), None)


def _like_titles(entries: Entries) -> str | None:
    """Return the key whose values look like titles, whatever its name."""
    found = [key for key in entries[0] if _look_like_titles(_values(entries, key))]
    return max(found, key=lambda key: sum(map(len, _values(entries, key))), default=None)


def _look_like_titles(values: list[Any]) -> bool:
    texts = [value for value in values if isinstance(value, str) and _TITLE.fullmatch(value)]
    return len(texts) == len(values) and len(set(texts)) > len(values) / 2


def _time_of(entries: Entries, near: datetime | None) -> str | None:
    keys = [key for key in entries[0] if _TIMES.search(_plain(key))]
    keys.sort(key=lambda key: (not _PUBLISHED.search(_plain(key)), len(key)))
    # Dates with a clock, or seconds near now, whatever their name is.
    keys += [
        key for key in entries[0] if all(_DATE.fullmatch(str(one)) for one in _values(entries, key))
    ]
    return next((key for key in keys if _are_times(_values(entries, key), near)), None)


def _values(entries: Entries, key: str) -> list[Any]:
    return [entry.get(key) for entry in entries]


def _are_times(values: list[Any], near: datetime | None) -> bool:
    return all(
        isinstance(value, str | int)
        and not _CLOCK.fullmatch(str(value))  # which may be of another day
        and read_time(str(value), SHANGHAI, near=near) is not None
        for value in values
    )


def _is_id(values: list[Any]) -> bool:
    plain = all(isinstance(value, str | int) and str(value).strip() for value in values)
    return plain and len(set(values)) > len(values) / 2


def _is_title(values: list[Any]) -> bool:
    return any(isinstance(value, str) and value.strip() for value in values)


def _is_line(values: list[Any]) -> bool:
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    return bool(texts) and len(texts) == sum(isinstance(value, str) for value in values)


def _is_text(values: list[Any]) -> bool:
    texts = [value for value in values if isinstance(value, str) and len(value) > 10]
    return len(texts) >= len(values) / 2


def _is_address_of_a_page(values: list[Any]) -> bool:
    return _is_address(values) and all(_PAGE.match(value) for value in values)


def _is_address(values: list[Any]) -> bool:
    texts = [value for value in values if isinstance(value, str)]
    addresses = [text for text in texts if re.match(r"(?:https?:)?//|/\w", text)]
    return len(addresses) == len(values) and len(set(addresses)) > len(values) / 2


def quoted(key: str) -> str:
    """Return a key as a step of a path."""
    return key if re.fullmatch(r"[A-Za-z_]\w*", key, re.ASCII) else json.dumps(key)
