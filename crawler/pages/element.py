"""Finds an element in the source of an HTML page, which a parser would change."""

import re
from dataclasses import dataclass

from crawler.declarations.served import tags_of

_TAGS = tags_of(r"[a-z][^\s/>]*+")
_ATTRIBUTE = re.compile(
    r"""(?P<name>[^\s"'>/=]++)\s*+(?:=\s*+(?:"(?P<a>[^"]*+)"|'(?P<b>[^']*+)'|(?P<c>[^\s"'>]++)))?"""
)


@dataclass(frozen=True, slots=True)
class Element:
    """The positions of an element, in characters from the start of the page.

    :param start: the start of its opening tag.
    :param content: the start of its content.
    :param content_end: the end of its content.
    :param end: the end of its closing tag.
    """

    start: int
    content: int
    content_end: int
    end: int


def find_element(page: str, attribute: str, word: str) -> Element | None:
    """Return the first element with a word in an attribute; None when there is none, or no end.

    Scripts and comments are not searched.

    :param attribute: the attribute's name, such as ``class`` or ``id``.
    """
    opening: re.Match[str] | None = None
    depth = 0
    for tag in _TAGS.finditer(page):
        if tag["tag"] is None:
            continue
        if opening is None:
            if not tag["slash"] and word in _value(tag["rest"], attribute).split():
                opening, depth = tag, 1
        elif tag["tag"].lower() == opening["tag"].lower():
            depth += -1 if tag["slash"] else 1
            if not depth:
                return Element(opening.start(), opening.end(), tag.start(), tag.end())
    return None


def _value(attributes: str, name: str) -> str:
    for found in _ATTRIBUTE.finditer(attributes):
        if found["name"].lower() == name:
            return found["a"] or found["b"] or found["c"] or ""
    return ""
