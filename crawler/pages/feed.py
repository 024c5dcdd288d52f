"""The mirror's Atom feed, with its ten newest posts as a whole."""

import re
from collections.abc import Iterator
from datetime import datetime

from parsel import Selector
from scrapy.http import Response

from archive.article import Edition
from archive.article_id import InfoCode
from crawler.pages.errors import LayoutChanged
from crawler.pages.page import PageObject
from crawler.pages.rendering import PostFacts, read_rendering
from crawler.pages.text import HTML_WHITE_SPACE, absolute, text_of

_MOST_ENTRIES = 1_000
_END = re.compile(r"</(?:[\w.-]+:)?feed\s*>")
_ALTERNATE = "string(atom:link[not(@rel) or @rel='alternate']/@href)"
_ATOM = {"atom": "http://www.w3.org/2005/Atom"}


class Feed(PageObject):
    """The feed. It has all that post pages have, except titles, which it changes."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def links(self) -> list[str]:
        """Return the absolute addresses of the posts, newest first.

        :raises LayoutChanged: when the answer is no Atom feed.
        """
        return [self._link(entry) for entry in self._entries()]

    def posts(self) -> Iterator[PostFacts]:
        """Yield the posts, newest first, without those that cannot be read; these have pages.

        Titles are None: Jekyll's feed writes “ for " and removes markup.

        :raises LayoutChanged: when the answer is no Atom feed.
        """
        for entry in self._entries():
            url = self._link(entry)
            content = entry.xpath("string(atom:content)", namespaces=_ATOM).get("")
            published = entry.xpath("string(atom:published)", namespaces=_ATOM).get("")
            try:
                time = datetime.fromisoformat(published.strip(HTML_WHITE_SPACE))
                post = read_rendering(Feed, url, content, None, time)
            except (LayoutChanged, ValueError):
                continue
            if time.tzinfo is not None:
                yield post

    def facts_of(self, info_code: InfoCode, edition: Edition) -> PostFacts | None:
        """Return the facts of a post; None where the feed does not have it."""
        post = info_code, edition
        return next((each for each in self.posts() if (each.info_code, each.edition) == post), None)

    def _entries(self) -> list[Selector]:
        url = self._response.url
        xml = text_of(Feed, self._response)
        feed = Selector(text=xml, type="xml")
        if not feed.xpath("/atom:feed", namespaces=_ATOM):
            raise LayoutChanged(Feed, url, "it is no Atom feed")
        if not _END.search(xml):  # a cache may add something after it
            raise LayoutChanged(Feed, url, "it ends before the end of its <feed>")
        entries = feed.xpath("/atom:feed/atom:entry", namespaces=_ATOM)
        if len(entries) > _MOST_ENTRIES:
            raise LayoutChanged(Feed, url, f"it has {len(entries)} posts")
        return list(entries)

    def _link(self, entry: Selector) -> str:
        href = entry.xpath(_ALTERNATE, namespaces=_ATOM).get("")
        return absolute(self._response, href)
