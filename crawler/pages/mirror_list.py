"""The mirror's lists: its home page and its category pages."""

from scrapy.http import TextResponse

from crawler.pages.page import PageObject
from crawler.pages.section import section_of
from crawler.pages.text import absolute


class ListPage(PageObject):
    """The home page (per tag, the newest five posts) or a category page (all its posts)."""

    def links(self) -> list[str]:
        """Return the addresses that the list links to; raises as `entries`."""
        return [address for address, _ in self.entries()]

    def entries(self) -> list[tuple[str, str]]:
        """Return the links of the list, in order; to posts and to others.

        :returns: of each, its address, absolute as far as it is one, and what it shows, which is a
            post's title.

        :raises LayoutChanged: when the page has no list's frame; an empty list is no error.
        """
        if not isinstance(self._response, TextResponse):
            raise self._unreadable("it is not a page of text")
        section = section_of(ListPage, self._response.url, self._response.text)
        return [
            (
                absolute(self._response, link.xpath("string(@href)").get("")),
                " ".join(link.xpath("string(.)").get("").split()),
            )
            for link in section.css("li a[href]")
        ]
