"""HTML that a parser can take, whatever it is."""

import re

MOST_ATTRIBUTES = 250
"""Of one tag; real ones have less than twenty."""

_LONG_PAGE, _LONG_TAG = 20_000, 1_000
_TAG = re.compile(r"""<[A-Za-z](?:=\s*+"[^"]*+"|=\s*+'[^']*+'|[^>])*+>?""")
_ATTRIBUTE = re.compile(r"""=\s*+"[^"]*+"|=\s*+'[^']*+'|[\s/]+[^\s/>]""")


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
