"""The frame that all pages of the mirror share."""

import re

from parsel import Selector

from archive.html_limits import without_overloaded_tags
from crawler.pages.errors import LayoutChanged

_OPENING = re.compile(r'<div class="wrapper">.*?<section>', re.DOTALL | re.IGNORECASE)
_CLOSING = re.compile(r"</section\s*>(?P<of_layout>\s*<footer\b)?", re.IGNORECASE)
_END_OF_PAGE = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)


def section_source(page: type, url: str, html: str) -> str:
    """Return the source of a page's section.

    The page is complete when the section is closed. ``</html>`` does not show this: a cache may
    add a comment after it, and a minifier removes it. An answer without a length can be cut
    unnoticed, and then the section is not closed. The page's own footer follows the section; bodies
    have sections of their own, and so may have what a cache adds.

    :param page: the class of the page object that reads it; errors name it.
    :raises LayoutChanged: when there is no section, or when it is not closed.
    """
    opening = _OPENING.search(html)
    if opening is None:
        raise LayoutChanged(page, url, "it has no <section> in its wrapper")
    closings = list(_CLOSING.finditer(html, opening.end()))
    if not closings:
        raise LayoutChanged(page, url, "it ends before the end of its <section>")
    of_layout = [closing for closing in closings if closing["of_layout"]]
    return html[opening.end() : (of_layout or closings)[-1].start()]


def section_of(page: type, url: str, html: str) -> Selector:
    """Return the part of a page that contains its content.

    The head cannot be used: its ``og:description`` contains the whole rendered body with unescaped
    quotes, so that a parser finds the body a second time before ``<body>``.

    :param page: the class of the page object that reads it; errors name it.
    :raises LayoutChanged: when there is no such part, or when it is not closed.
    """
    section_source(page, url, html)
    html = without_overloaded_tags(_END_OF_PAGE.sub("", html))  # the parser would stop there
    sections = Selector(html or " ", "html").css(".wrapper > section")
    if not sections:
        raise LayoutChanged(page, url, "it has no <section> in its wrapper")
    return sections[0]
