"""The mirror's Atom feed: its newest ten posts."""

from scrapy.http import Response, TextResponse

from crawler.pages.errors import LayoutChanged

_ATOM = {"atom": "http://www.w3.org/2005/Atom"}


class Feed:
    """The feed. Its bodies are the mirror's rendering, so only its links are of use."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def links(self) -> list[str]:
        """Absolute addresses of the posts, newest first.

        :raises LayoutChanged: when the answer is no Atom feed.
        """
        url = self._response.url
        if not isinstance(self._response, TextResponse):
            raise LayoutChanged(Feed, url, "it is not a page of text")
        feed = self._response.selector
        if feed.type != "xml" or not feed.xpath("/atom:feed", namespaces=_ATOM):
            raise LayoutChanged(Feed, url, "it is no Atom feed")
        links = feed.xpath("/atom:feed/atom:entry/atom:link/@href", namespaces=_ATOM)
        return [self._response.urljoin(link) for link in links.getall()]
