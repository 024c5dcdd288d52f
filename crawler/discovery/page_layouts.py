"""The layout of pages of articles: selectors that give title, time and text on every page."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from functools import partial
from typing import Any

from lxml import etree
from parsel import Selector

from archive.content.tree import text_in
from crawler.declarations.answers import Answer, document_in, text_of
from crawler.declarations.formats import Format
from crawler.declarations.lists import Entry
from crawler.declarations.markup import shown_text
from crawler.declarations.paths import PathError
from crawler.declarations.times import TimeUnit
from crawler.discovery.shown_times import LONGEST_TEXT, PATTERNS, time_in
from crawler.extraction.bylines import AUTHOR, MEDIA

_LEAST_PAGES = 3
_APART = timedelta(days=1)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,40}")
_CLOCK = re.compile(r"\d{1,2}[:：]\d{2}")
_LONGEST_TITLE = 120
_SHORTEST_TEXT = 60
#: The share of an article's lines that its element has.
_SHARE = 0.9
#: Lines at the beginning and at the end of texts that may be no part of the articles.
_EDGE = 3
_LONGEST_EDGE = 200
#: Patterns of the medium and the author, as pages name them.
_NAMES = {"media": MEDIA.pattern, "author": AUTHOR.pattern}
_IGNORED = frozenset({"script", "style", "head", "title", "meta", "link", "noscript", "html"})


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of an article, and what a list and extraction state of it.

    :param text: that extraction found; None where it found none.
    """

    document: Selector
    entry: Entry
    text: str | None


def page_layout(
    pages: Iterable[tuple[Entry, Answer, str | None]], zone: tzinfo
) -> dict[str, Any] | None:
    """Return the table of a layout that reads pages; None where no selectors fit all of them.

    A selector is one that gives on every page the title that the list gives, a time to the minute
    near the list's, or the text that extraction found.

    :param pages: each with the entry that leads to it, and the text that extraction found.
    """
    try:
        parsed = [
            _Page(document_in(text_of(answer), Format.HTML), entry, text)
            for entry, answer, text in pages
        ]
    except PathError:
        return None
    if len(parsed) < _LEAST_PAGES:
        return None
    title = _common(parsed, _is_title)
    body = _common(parsed, _is_body, innermost=True)
    if title is None or body is None:
        return None
    fields: dict[str, Any] = {"title": title, "body": body}
    for form in (None, *PATTERNS):
        if path := _common(parsed, partial(_is_time, form, zone), innermost=form is not None):
            fields["published"] = {"path": path, "pattern": form} if form else path
            break
    for name, pattern in _NAMES.items():
        if path := _common(parsed, partial(_names, pattern), innermost=True):
            fields[name] = {"path": path, "pattern": pattern}
    places = [one["path"] if isinstance(one, dict) else one for one in fields.values()]
    above = [
        place
        for place in dict.fromkeys(places)
        if all(_is_once_inside(page, place, body) for page in parsed)
    ]
    texts = [shown_text(page.document.css(body)[0].root) for page in parsed]
    drop = {"drop": above} if above else {}
    return {"format": "html", **drop, **without_repeated(texts), "fields": fields}


def without_repeated(texts: Sequence[str]) -> dict[str, Any]:
    """Return what leaves out the lines with which most texts begin or end; nothing without any."""
    edges: Counter[str] = Counter()
    for text in texts:
        lines = [" ".join(line.split()) for line in text.splitlines()]
        edges.update(list(dict.fromkeys((*lines[:_EDGE], *lines[_EDGE:][-_EDGE:]))))
    most = len(texts) // 2 + 1
    repeated = [line for line, n in edges.items() if n >= most and 1 < len(line) <= _LONGEST_EDGE]
    patterns = [f"^{re.escape(line)}$".replace(r"\ ", " ") for line in repeated]
    return {"drop_text": patterns} if patterns and len(texts) >= _LEAST_PAGES else {}


def _common(
    pages: Sequence[_Page],
    fits: Callable[[_Page, etree._Element], bool],
    *,
    innermost: bool = False,
) -> str | None:
    """Return a selector whose first element fits on every page, the most certain one.

    :param innermost: prefer the last of the elements that fit to the first.
    """
    first, *others = pages
    elements = [one for one in first.document.root.iter(etree.Element) if _may_be(one)]
    fitting = [one for one in elements if fits(first, one)]
    for element in reversed(fitting) if innermost else fitting:
        for selector in _selectors_of(element):
            if _leads_to(first, selector, element) and all(
                (found := page.document.css(selector)) and fits(page, found[0].root)
                for page in others
            ):
                return selector
    return None


def _may_be(element: etree._Element) -> bool:
    return isinstance(element.tag, str) and element.tag not in _IGNORED


def _leads_to(page: _Page, selector: str, element: etree._Element) -> bool:
    found = page.document.css(selector)
    return bool(found) and found[0].root is element


def _selectors_of(element: etree._Element) -> Iterator[str]:
    """Yield selectors of an element, those first that name it alone."""
    own = list(_names_of(element))
    yield from (name for name in own if name != element.tag)
    parent = element.getparent()
    while parent is not None and parent.tag != "body":
        for name in _names_of(parent):
            if name != parent.tag:
                yield from (f"{name} {one}" for one in own)
        parent = parent.getparent()
    yield str(element.tag)


def _names_of(element: etree._Element) -> Iterator[str]:
    if _NAME.fullmatch(own_id := element.get("id", "")) and not re.search(r"\d{3}", own_id):
        yield f"#{own_id}"
    for name in element.get("class", "").split():
        if _NAME.fullmatch(name) and not re.search(r"\d{3}", name):
            yield f"{element.tag}.{name}"
    yield str(element.tag)


def _is_title(page: _Page, element: etree._Element) -> bool:
    shown, listed = _squeezed(text_in(element)), _squeezed(page.entry.title or "")
    if not shown or len(shown) > _LONGEST_TITLE or not listed:
        return False
    return shown == listed or shown.startswith(listed.rstrip(".…"))


def _is_once_inside(page: _Page, selector: str, body: str) -> bool:
    """Report whether a selector leads to one part of the article's own element."""
    return len(page.document.css(body)[0].css(selector)) == 1 and selector != body


def _is_time(form: str | None, zone: tzinfo, page: _Page, element: etree._Element) -> bool:
    """Report whether an element shows the time of an article, in a form among other words."""
    text = " ".join(text_in(element).split())
    if len(text) > LONGEST_TEXT or not _CLOCK.search(text):
        return False
    found = time_in(text, zone)
    if found is None or found[1] != form:
        return False
    moment, _ = found
    if moment.precision is TimeUnit.DAY:
        return False
    listed = page.entry.published
    return listed is None or abs(moment.time - listed.time) <= _APART


def _names(pattern: str, _: _Page, element: etree._Element) -> bool:
    text = " ".join(text_in(element).split())
    return len(text) <= LONGEST_TEXT and re.search(pattern, text) is not None


def _is_body(page: _Page, element: etree._Element) -> bool:
    text = shown_text(element)
    if page.text is None:  # extraction found nothing here: others pages show where the text is
        return len(text) >= _SHORTEST_TEXT
    lines = [line for line in page.text.splitlines() if line.strip()]
    held = {_squeezed(line) for line in text.splitlines()}
    return bool(lines) and sum(_squeezed(one) in held for one in lines) >= _SHARE * len(lines)


def _squeezed(text: str) -> str:
    return "".join(text.split())
