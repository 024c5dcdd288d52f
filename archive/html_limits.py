"""What parsers can take of HTML, and of Markdown with HTML in it."""

import re
import sys

MOST_ATTRIBUTES = 250
"""Of one tag; real ones have less than twenty."""

MOST_LEVELS = 500
"""Of tags in a post; Jekyll's Markdown dies of 2,000."""

NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""A character that no XML document may have (XML 1.0, 2.2), nor a text that lxml is given."""

_REFERENCE = re.compile("&#(?:[xX]([0-9a-fA-F]++)|([0-9]++));?")
_LONGEST_REFERENCE = 7
"""Digits of the last character there is, in decimal."""

_MOST_MARKERS = 100
_LONG_PAGE, _LONG_TAG = 20_000, 1_000
_TAG = re.compile(r"""<[A-Za-z](?:=\s*+"[^"]*+"|=\s*+'[^']*+'|[^>])*+>?""")
_ATTRIBUTE = re.compile(r"""=\s*+"[^"]*+"|=\s*+'[^']*+'|[\s/]+[^\s/>]""")

_START_OR_END = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")
_ALONE = frozenset(
    "area base br col embed hr img input link meta param source wbr".split()  # noqa: SIM905
)
_MARKERS = re.compile(rf"^ *(?:(?:>|[-*+]|[0-9]+\.) *){{{_MOST_MARKERS},}}", re.MULTILINE)


def in_xml(html: str) -> str:
    """Replace characters that XML has no place for by spaces, written as references or not.

    libxml2's HTML parser keeps them, and lxml then refuses to move the text that they are in.
    """
    html = NOT_IN_XML.sub(" ", html)
    return _REFERENCE.sub(_space_unless_in_xml, html) if "&#" in html else html


def _space_unless_in_xml(reference: re.Match[str]) -> str:
    digits, base = (reference[1], 16) if reference[1] else (reference[2], 10)
    digits = digits.lstrip("0") or "0"
    if len(digits) > _LONGEST_REFERENCE or int(digits, base) > sys.maxunicode:
        return reference[0]
    return " " if NOT_IN_XML.match(chr(int(digits, base))) else reference[0]


def without_overloaded_tags(html: str) -> str:
    """The same HTML, without start tags that have more than `MOST_ATTRIBUTES` attributes.

    libxml2 walks through all attributes of a tag to add one: half a megabyte of them takes twelve
    seconds, eight megabytes an hour.
    """
    return html if len(html) < _LONG_PAGE else _TAG.sub(_unless_overloaded, html)


def _unless_overloaded(tag: re.Match[str]) -> str:
    if tag.end() - tag.start() < _LONG_TAG:
        return tag[0]
    attributes = sum(1 for _ in _ATTRIBUTE.finditer(tag[0]))
    return "" if attributes > MOST_ATTRIBUTES else tag[0]


def is_nested_too_deep(body: str) -> bool:
    """Whether Jekyll's Markdown, which calls itself for each level, could not build a body.

    It takes a tag that is not closed for one around all that follows.
    """
    if body.count("<") > MOST_LEVELS:
        depth = 0
        for tag in _START_OR_END.finditer(body):
            if tag[1]:
                depth = max(depth - 1, 0)
            elif tag[2].lower() not in _ALONE:
                depth += 1
            if depth > MOST_LEVELS:
                return True
    return _MARKERS.search(body) is not None
