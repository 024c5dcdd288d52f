"""Where a site leads to feeds and sitemaps."""

import re
from dataclasses import dataclass

from crawler.declarations.answers import Answer, document_in, text_of
from crawler.declarations.formats import Format
from crawler.declarations.paths import PathError, find_all
from crawler.declarations.reading import absolute

_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_FEED_ADDRESS = re.compile(r"(?:/rss|/feed|/atom)(?:[/.?]|$)|\.(?:rss|atom)$|rss\w*\.xml", re.I)
_SITEMAP = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of feeds and of sitemaps, each once."""

    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()


def links_in(answer: Answer) -> Links:
    """Find the feeds that a page names, or the sitemaps of a robots.txt.

    An answer that cannot be read leads nowhere.
    """
    try:
        text = text_of(answer)
        if "<" not in text:
            return Links(sitemaps=absolute(answer.address, _SITEMAP.findall(text)))
        page = document_in(text, Format.HTML)
    except PathError:
        return Links()
    declared = [
        address
        for kind in _FEED_TYPES
        for address in find_all(page, f"link[type='{kind}']::attr(href)")
    ]
    linked = [one for one in find_all(page, "a::attr(href)") if _FEED_ADDRESS.search(one)]
    return Links(feeds=absolute(answer.address, [*declared, *linked]))
