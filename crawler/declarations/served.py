"""The markup of an element as the source wrote it; a parser would write it anew."""

import re

from lxml import etree

from archive.content.tree import parse
from crawler.declarations.markup import shown_text

_RAW = r"<(?P<raw>script|style|textarea|title)\b.*?(?:</(?P=raw)\s*+>|\Z)"
# Possessive quantifiers do not backtrack, so the time is proportional to the length of the page.
_ATTRIBUTES = r"(?P<rest>(?:=\s*+\"[^\"]*+\"|=\s*+'[^']*+'|[^>])*+)(?:>|\Z)"


def served_markup(page: str, element: etree._Element) -> str | None:
    """Return what an element holds, as it stands in the page that it was parsed of.

    :returns: None where the page has no such place, as markup that a parser corrects has none.
    """
    tag = element.tag
    number = int(element.xpath(f"count(ancestor::{tag} | preceding::{tag})"))
    depth, met, start = 0, 0, None
    for token in tags_of(re.escape(tag)).finditer(page):
        if token["tag"] is None:
            continue
        if start is None:
            if not token["slash"]:
                met += 1
                if met > number:
                    start, depth = token.end(), 1
            continue
        depth += -1 if token["slash"] else 1
        if not depth:
            markup = page[start : token.start()]
            return markup if shown_text(parse(markup)) == shown_text(element) else None
    return None


def tags_of(name: str) -> re.Pattern[str]:
    """Return the pattern of the tags of elements, and of comments and scripts, which have no tags.

    :param name: the pattern of the elements' names.
    """
    return re.compile(
        rf"<!--.*?(?:-->|\Z)|{_RAW}|<(?P<slash>/?)(?P<tag>{name})(?=[\s/>]){_ATTRIBUTES}",
        re.DOTALL | re.IGNORECASE,
    )
