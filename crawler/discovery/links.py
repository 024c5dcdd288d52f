"""Where a site leads to feeds and sitemaps."""

import re

from crawler.declarations.answers import Answer, document_in, text_of
from crawler.declarations.formats import Format
from crawler.declarations.paths import PathError, find_all
from crawler.declarations.reading import absolute

_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_FEED_ADDRESS = re.compile(r"(?:/rss|/feed|/atom)(?:[/.?]|$)|\.(?:rss|atom)$|rss\w*\.xml", re.I)
_SITEMAP = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


def feeds_in(page: Answer) -> tuple[str, ...]:
    """Return the addresses of the feeds that a page names; an unreadable page names none."""
    try:
        document = document_in(text_of(page), Format.HTML)
    except PathError:
        return ()
    declared = [
        address
        for kind in _FEED_TYPES
        for address in find_all(document, f"link[type='{kind}']::attr(href)")
    ]
    linked = [one for one in find_all(document, "a::attr(href)") if _FEED_ADDRESS.search(one)]
    return absolute(page.address, [*declared, *linked])


def sitemaps_named_in(robots: Answer) -> tuple[str, ...]:
    """Return the addresses of the sitemaps that a robots.txt names."""
    try:
        text = text_of(robots)
    except PathError:
        return ()
    return absolute(robots.address, [] if "<" in text else _SITEMAP.findall(text))
