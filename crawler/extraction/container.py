"""The element of a page that holds its article."""

import copy
import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from lxml import etree

from archive.content.tree import paragraphs, text_in
from archive.errors import FinewsError
from crawler.extraction.foreign import is_foreign

#: The fewest characters of a line that shows where an article is.
_SHORTEST_LINE = 6

#: The share of the found lines that an element must contain to be the article's.
_MOST_OF_IT = 0.7

_AROUND = frozenset({"p", "span", "strong", "b", "em", "font", "a", "h1", "h2", "h3"})


class ExtractionMissing(FinewsError):
    """The library that extraction needs is not installed; `reason` is a word for statistics."""

    reason = "extraction"

    def __init__(self) -> None:
        super().__init__(
            "Extraction needs the package trafilatura; "
            "install finews-archive with the extra extraction."
        )


def extracted_by_trafilatura(root: etree._Element, address: str) -> Any:
    """Return trafilatura's document of a page; None where it finds none.

    :raises ExtractionMissing: when it is not installed.
    """
    try:
        import trafilatura
    except ImportError as error:
        raise ExtractionMissing from error
    try:
        return trafilatura.bare_extraction(
            copy.deepcopy(root),
            url=address,
            include_comments=False,
            with_metadata=True,
            date_extraction_params={"original_date": True, "outputformat": "%Y-%m-%d %H:%M:%S"},
        )
    except ValueError:  # of lxml, for attributes whose names no XML may have
        return None


def method() -> str:
    """Return the name and version of what extracts, which is stored with the result.

    :raises ExtractionMissing: when it is not installed.
    """
    try:
        return f"trafilatura {version('trafilatura')}"
    except ModuleNotFoundError as error:
        raise ExtractionMissing from error


def container_of(root: etree._Element, text: str) -> etree._Element | None:
    """Return the innermost element that holds most of an extracted text; None where none does."""
    lines = [squeezed(line) for line in text.splitlines() if not is_foreign(line)]
    lines = [line for line in lines if len(line) >= _SHORTEST_LINE]
    whole = "".join(lines)
    weights: dict[etree._Element, int] = {}
    for element in paragraphs(root):
        if weight := _weight(squeezed(text_in(element)), lines, whole):
            for around in (element, *element.iterancestors()):
                weights[around] = weights.get(around, 0) + weight
    if not weights:
        return None
    enough = max(weights.values()) * _MOST_OF_IT
    found = root
    while children := [one for one in found if weights.get(one, 0) >= enough]:
        found = children[0]
    parent = found.getparent()
    return parent if found.tag in _AROUND and parent is not None else found


def squeezed(text: str) -> str:
    """Return a text without white space, and without the characters that have no width."""
    return re.sub(r"[\s\u200b-\u200f\u2060\ufeff\xad]+", "", text)


def _weight(text: str, lines: Iterable[str], whole: str) -> int:
    if len(text) < _SHORTEST_LINE:
        return 0
    return len(text) if text in whole else sum(len(line) for line in lines if line in text)
