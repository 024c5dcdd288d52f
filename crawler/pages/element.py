"""Finds an element in the source of an HTML page, which a parser would change."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Possessive quantifiers do not backtrack, so the time is proportional to the length of the page.
# The standard library's parser takes quadratic time for an unfinished tag or comment.
_TOKEN = re.compile(
    r"""
    <!--.*?(?:-->|\Z)
    | <(?P<slash>/?)(?P<tag>[a-z][^\s/>]*+)(?P<rest>(?:=\s*+"[^"]*+"|=\s*+'[^']*+'|[^>])*+)(?:>|\Z)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(
    r"""(?P<name>[^\s"'>/=]++)\s*+(?:=\s*+(?:"(?P<a>[^"]*+)"|'(?P<b>[^']*+)'|(?P<c>[^\s"'>]++)))?"""
)
#: Elements whose content is text, even where it contains tags.
_RAW = frozenset({"script", "style", "textarea", "title"})


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
    for tag in _tags(page):
        if opening is None:
            if not tag["slash"] and word in _value(tag["rest"], attribute).split():
                opening, depth = tag, 1
        elif tag["tag"].lower() == opening["tag"].lower():
            depth += -1 if tag["slash"] else 1
            if not depth:
                return Element(opening.start(), opening.end(), tag.start(), tag.end())
    return None


def _tags(page: str) -> Iterator[re.Match[str]]:
    position = 0
    while token := _TOKEN.search(page, position):
        position = token.end()
        if token["tag"] is None:
            continue
        yield token
        if not token["slash"] and (raw := token["tag"].lower()) in _RAW:
            end = re.compile(f"</{raw}", re.IGNORECASE).search(page, position)
            position = end.start() if end else len(page)


def _value(attributes: str, name: str) -> str:
    for found in _ATTRIBUTE.finditer(attributes):
        if found["name"].lower() == name:
            return found["a"] or found["b"] or found["c"] or ""
    return ""
