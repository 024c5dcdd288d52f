"""Elements of HTML: the text that they show, and what they hold."""

import copy
import re
from html import escape

from lxml import etree

from archive.content.text import plain_text

_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|<!--|&(?:#\d+|#[xX][\da-fA-F]+|[a-zA-Z]\w+);")


def has_markup(text: str) -> bool:
    """Report whether a text is written in HTML."""
    return _MARKUP.search(text) is not None


def shown_text(element: etree._Element) -> str:
    """Return the text that an element shows, a line for each block, without what follows it."""
    if not element.tail:
        return plain_text(element)
    alone = copy.deepcopy(element)
    alone.tail = None
    return plain_text(alone)


def inner_markup(element: etree._Element) -> str:
    """Return what an element holds, as HTML; of one without elements inside, its plain text."""
    text = element.text or ""
    if len(element) == 0:
        return text
    inside = (etree.tostring(one, encoding="unicode", method="html") for one in element)
    return escape(text, quote=False) + "".join(inside)
