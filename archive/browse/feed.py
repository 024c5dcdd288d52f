"""Atom feeds (RFC 4287)."""

import re
import sqlite3
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from archive.browse.article import kept_pictures, read_safe_body
from archive.browse.selection import Selection

_ENTRIES = 30
_ATOM = "http://www.w3.org/2005/Atom"
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

ElementTree.register_namespace("", _ATOM)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where things are, absolutely.

    :param feed: of the feed itself.
    :param page: of the list that it follows.
    :param article: of an article from its code.
    :param security: of a security from its code.
    :param picture: of a picture that is kept, from its file's name.
    """

    feed: str
    page: str
    article: Callable[[str], str]
    security: Callable[[str], str]
    picture: Callable[[str], str]


def read_feed(
    connection: sqlite3.Connection,
    folder: Path,
    selection: Selection,
    title: str,
    addresses: Addresses,
) -> bytes:
    """The newest posts of a selection as a feed with their bodies."""
    hits = selection.hits(connection)
    posts = connection.execute(
        f"""
        SELECT * FROM posts WHERE id IN (
            SELECT p.id FROM {hits.tables} {hits.where()}
            ORDER BY {hits.published} DESC, p.id DESC LIMIT {_ENTRIES}
        ) ORDER BY published DESC, id DESC
        """,  # noqa: S608 (our own words)
        hits.parameters,
    ).fetchall()
    feed = ElementTree.Element(f"{{{_ATOM}}}feed", {"xml:lang": "zh-CN"})
    _add(feed, "id", _urn(f"feed {sorted(selection.parameters.items())}"))
    _add(feed, "title", title)
    _add(feed, "updated", max(map(_updated, posts), default="1970-01-01T00:00:00Z"))
    _add(feed, "link", rel="self", type="application/atom+xml", href=addresses.feed)
    _add(feed, "link", rel="alternate", type="text/html", href=addresses.page)
    for post in posts:
        kept = kept_pictures(connection, post["info_code"], addresses.picture)
        _add_entry(feed, post, folder, addresses, kept)
    document: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return document


def _add_entry(
    feed: ElementTree.Element,
    post: sqlite3.Row,
    folder: Path,
    addresses: Addresses,
    kept: Mapping[str, str],
) -> None:
    entry = ElementTree.SubElement(feed, f"{{{_ATOM}}}entry")
    _add(entry, "id", _urn(post["info_code"]))
    _add(entry, "title", post["title"])
    _add(entry, "published", post["published"])
    _add(entry, "updated", _updated(post))
    page = addresses.article(post["info_code"])
    _add(entry, "link", rel="alternate", type="text/html", href=page)

    author = ElementTree.SubElement(entry, f"{{{_ATOM}}}author")
    _add(author, "name", post["media"] or "未注明")
    if post["digest"]:
        _add(entry, "summary", post["digest"])
    body = read_safe_body(folder, post["path"], addresses.security, kept)
    if body is None:
        _add(entry, "content", post["text"], type="text")
    else:
        _add(entry, "content", body, type="html")


def _add(parent: ElementTree.Element, tag: str, text: str = "", **attributes: str) -> None:
    element = ElementTree.SubElement(parent, f"{{{_ATOM}}}{tag}", attributes)
    element.text = _NOT_IN_XML.sub("", text)


def _updated(post: sqlite3.Row) -> str:
    return str(post["revised"] or post["first_seen"])


def _urn(name: str) -> str:
    """An identity that stays when the archive moves to another host."""
    return uuid5(NAMESPACE_URL, f"finews:{name}").urn
