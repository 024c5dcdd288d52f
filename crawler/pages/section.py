"""The frame that all pages of the mirror share."""

from parsel import Selector

from archive.markup import without_overloaded_tags
from crawler.pages.errors import LayoutChanged


def check_end(page: type, url: str, html: str) -> None:
    """See whether a page is all there: an answer without a length can be cut without a trace.

    :raises LayoutChanged: in the name of `page`, when it ends before its end.
    """
    if not html.rstrip().endswith("</html>"):
        raise LayoutChanged(page, url, "it ends before its end")


def section_of(page: type, url: str, html: str) -> Selector:
    """The part of a page that holds its content.

    The head is no place to read from: ``og:description`` holds the whole rendered body with its
    quotes unescaped, so that the body spills out a second time before ``<body>``.

    :raises LayoutChanged: in the name of `page`, when there is no such part, or the page ends
        before its end.
    """
    check_end(page, url, html)
    sections = Selector(without_overloaded_tags(html) or " ", "html").css(".wrapper > section")
    if not sections:
        raise LayoutChanged(page, url, "it has no <section> in its wrapper")
    return sections[0]
