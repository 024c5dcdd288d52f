"""The mirror's lists: its home page and its category pages."""

from scrapy.http import Response, TextResponse

from crawler.pages.errors import LayoutChanged
from crawler.pages.section import section_of
from crawler.pages.text import absolute


class ListPage:
    """The home page (per tag, the newest five posts) or a category page (all its posts)."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def links(self) -> list[str]:
        """Absolute addresses that the list links to, in order; posts and others.

        :raises LayoutChanged: when the page has no list's frame; an empty list is no error.
        """
        if not isinstance(self._response, TextResponse):
            raise LayoutChanged(ListPage, self._response.url, "it is not a page of text")
        section = section_of(ListPage, self._response.url, self._response.text)
        return [absolute(self._response, href) for href in section.css("li a::attr(href)").getall()]
