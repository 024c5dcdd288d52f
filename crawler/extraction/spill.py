"""Text that spills out of the head of a page.

A template that writes an article's markup into an attribute, such as the content of
``og:description``, ends that attribute at the markup's first quotation mark. Browsers and parsers
show what follows as the first text of the page, in front of the article.
"""

import re

from lxml import etree

from crawler.declarations.answers import document_in
from crawler.declarations.formats import Format

_BEGINS = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_ENDS = re.compile(r"</head\s*>", re.IGNORECASE)
_BODY = re.compile(r"<body\b", re.IGNORECASE)
#: The elements that a head may have, but for `noscript`, whose images may stand only in a body.
_ELEMENTS = ("base", "link", "meta", "script", "style", "template", "title")


def without_spilled_text(text: str) -> str:
    """Return a page of HTML whose head has nothing but the elements of a head.

    A page that does not state where its head ends and its body begins is returned as it is.
    """
    begins, ends = _BEGINS.search(text), _ENDS.search(text)
    if begins is None or ends is None or _BODY.search(text, ends.end()) is None:
        return text
    head = document_in(f"<html>{text[begins.start() : ends.end()]}</html>", Format.HTML).root
    if head.find("body") is None:
        return text
    elements = (
        etree.tostring(element, encoding="unicode", method="html", with_tail=False)
        for element in head.iter(*_ELEMENTS)
    )
    return text[: begins.end()] + "".join(elements) + text[ends.start() :]
