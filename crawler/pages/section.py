"""The frame that all pages of the mirror share."""

from parsel import Selector
from scrapy.http import TextResponse

from crawler.pages.errors import LayoutChanged


def section_of(page: type, response: TextResponse) -> Selector:
    """The part of a page that holds its content.

    The head is no place to read from: ``og:description`` holds the whole rendered body with its
    quotes unescaped, so that the body spills out a second time before ``<body>``.

    :raises LayoutChanged: in the name of `page`, when there is no such part.
    """
    sections = response.css(".wrapper > section")
    if not sections:
        raise LayoutChanged(page, response.url, "it has no <section> in its wrapper")
    return sections[0]
