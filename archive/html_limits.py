"""Limits of the parsers of HTML, and of Markdown with HTML in it."""

import re
import sys

# Most attributes of one tag; real tags have less than twenty.
MOST_ATTRIBUTES = 250

# Most levels of nested tags in a post; 2,000 levels crash Jekyll's Markdown parser.
MOST_LEVELS = 500

# A character that XML does not allow (XML 1.0, 2.2), and lxml does not accept.
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_REFERENCE = re.compile("&#(?:[xX]([0-9a-fA-F]++)|([0-9]++));?")
# Digits of the highest code point in decimal.
_LONGEST_REFERENCE = 7

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
    """Replace the characters that XML does not allow, and references to them, with spaces.

    libxml2's HTML parser accepts these characters, but lxml then refuses to move their text.
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
    """Remove the start tags that have more than `MOST_ATTRIBUTES` attributes.

    libxml2 reads all attributes of a tag again for each one that it adds: half a megabyte of
    attributes takes twelve seconds, eight megabytes an hour.
    """
    return html if len(html) < _LONG_PAGE else _TAG.sub(_unless_overloaded, html)


def _unless_overloaded(tag: re.Match[str]) -> str:
    if tag.end() - tag.start() < _LONG_TAG:
        return tag[0]
    attributes = sum(1 for _ in _ATTRIBUTE.finditer(tag[0]))
    return "" if attributes > MOST_ATTRIBUTES else tag[0]


def is_nested_too_deep(body: str) -> bool:
    """Return whether a body has more levels than Jekyll's recursive Markdown parser can read.

    For that parser, a tag that is never closed contains all that follows.
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
