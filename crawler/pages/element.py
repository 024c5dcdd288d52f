"""An element of an HTML page as it stands in the source; a parser would write it anew."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Without a way back, so that every page is read once: the standard library's parser takes the
# square of an unfinished tag or comment.
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
_RAW = frozenset({"script", "style", "textarea", "title"})
"""Elements whose content is text, whatever it looks like."""


@dataclass(frozen=True, slots=True)
class Element:
    """Where an element is, in characters from the start of the page.

    :param start: of its opening tag; its content begins at `content` and ends at `content_end`.
    :param end: behind its closing tag.
    """

    start: int
    content: int
    content_end: int
    end: int


def find_element(page: str, attribute: str, word: str) -> Element | None:
    """The first element with a word in an attribute; None when there is none, or it has no end.

    Looks where browsers do: not in scripts and comments.

    :param attribute: such as ``class`` or ``id``.
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
