"""The formats of answers, and what those of feeds and sitemaps hold without being described."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Format(StrEnum):
    """What an answer is written in."""

    JSON = "json"
    HTML = "html"
    RSS = "rss"
    ATOM = "atom"
    JSON_FEED = "json feed"
    SITEMAP = "sitemap"

    @property
    def is_xml(self) -> bool:
        """Whether paths into it are XPath, without prefixes."""
        return self in {Format.RSS, Format.ATOM, Format.SITEMAP}


#: The paths of the entries of each format.
ENTRIES: Mapping[Format, str] = {
    Format.RSS: "//item",
    Format.ATOM: "//entry",
    Format.JSON_FEED: "items",
    Format.SITEMAP: "/urlset/url",
}

#: Where an index of sitemaps names them.
SITEMAPS = "/sitemapindex/sitemap"

#: The fields of each format that a declaration may leave out; a field that it states replaces the
#: one here.
FIELDS: Mapping[Format, Mapping[str, Any]] = {
    Format.RSS: {
        "address": ["link", "guid[not(@isPermaLink='false')]", "link/@href"],
        "title": "title",
        "published": ["pubDate", "date"],
        "author": ["creator", "author"],
        "media": "source",
        "digest": "description",
        "body": "encoded",
        "pictures": "enclosure[starts-with(@type, 'image/')]/@url",
        "tags": "category",
    },
    Format.ATOM: {
        "address": "link[not(@rel) or @rel='alternate']/@href",
        "title": "title",
        "published": ["published", "updated"],
        "modified": "updated",
        "author": "author/name",
        "digest": "summary",
        "body": "content[not(@src)]",
        "tags": "category/@term",
    },
    Format.JSON_FEED: {
        "address": "url",
        "title": "title",
        "published": ["date_published", "date_modified"],
        "modified": "date_modified",
        "author": ["authors[0].name", "author.name"],
        "digest": "summary",
        "body": ["content_html", "content_text"],
        "pictures": "image",
        "tags": "tags",
    },
    Format.SITEMAP: {
        "address": "loc",
        "title": "news/title",
        "published": ["news/publication_date", "lastmod"],
        "modified": "lastmod",
        "media": "news/publication/name",
        "pictures": "image/loc",
    },
}
