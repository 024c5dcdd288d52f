"""The frame that all pages of the mirror share."""

import re

from parsel import Selector

from archive.html_limits import without_overloaded_tags
from crawler.pages.errors import LayoutChanged

_OPENING = re.compile(r'<div class="wrapper">.*?<section>', re.DOTALL | re.IGNORECASE)
_CLOSING = re.compile(r"</section\s*>", re.IGNORECASE)


def section_source(page: type, url: str, html: str) -> str:
    """Return the content of a page's section as it stands in the source.

    The end of the section is the end of what is read: a cache may add a comment behind
    ``</html>``, and a minifier leaves that out. An answer without a length can be cut without a
    trace, and then the section is not closed.

    :raises LayoutChanged: in the name of `page`, when there is no section, or when it is not
        closed.
    """
    opening = _OPENING.search(html)
    if opening is None:
        raise LayoutChanged(page, url, "it has no <section> in its wrapper")
    closings = list(_CLOSING.finditer(html, opening.end()))
    if not closings:
        raise LayoutChanged(page, url, "it ends before the end of its <section>")
    return html[opening.end() : closings[-1].start()]


def section_of(page: type, url: str, html: str) -> Selector:
    """The part of a page that holds its content.

    The head is no place to read from: ``og:description`` holds the whole rendered body with its
    quotes unescaped, so that the body spills out a second time before ``<body>``.

    :raises LayoutChanged: in the name of `page`, when there is no such part, or the page ends
        before that does.
    """
    section_source(page, url, html)
    sections = Selector(without_overloaded_tags(html) or " ", "html").css(".wrapper > section")
    if not sections:
        raise LayoutChanged(page, url, "it has no <section> in its wrapper")
    return sections[0]
