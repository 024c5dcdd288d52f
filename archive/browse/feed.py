"""Generate an Atom feed of the newest posts of a list."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from archive.browse.article_page import stored_pictures
from archive.browse.post_list import without_future
from archive.browse.rendering import MAX_BYTES_IN_FEED, MAX_CHARACTERS, Renderer
from archive.catalog import time_of_publisher
from archive.content import AtomEntry, AtomFeed
from archive.content.atom import atom
from archive.search import PRESENT, Query, find
from archive.translation import gettext

#: Number of posts in a feed.
_MAX_ENTRIES = 30


@dataclass(frozen=True, slots=True)
class Addresses:
    """The absolute addresses that a feed contains.

    :param feed: address of the feed itself.
    :param page: address of the list page with the same posts.
    :param article: returns the address of an article, from its code.
    :param security: returns the address of a security, from its code.
    :param picture: returns the address of a stored picture, from its file's name.
    """

    feed: str
    page: str
    article: Callable[[str], str]
    security: Callable[[str], str]
    picture: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class FeedPost:
    """A post in a feed.

    :param row: the post's row in the catalog.
    :param stored_pictures: source address → our address of every stored picture.
    """

    row: sqlite3.Row
    stored_pictures: Mapping[str, str]


def read_newest(
    connection: sqlite3.Connection, query: Query, addresses: Addresses, until: str
) -> list[FeedPost]:
    """Return the newest posts of a query, newest first.

    :param until: latest publication time; see `archive.catalog.future_dates`.
    """
    hits = find(connection, without_future(query, until), limit=_MAX_ENTRIES)
    file, updated = "path", time_of_publisher("posts")
    if query.tables is not PRESENT:
        file, updated = "file", time_of_publisher("posts", "as_of")
    rows = connection.execute(
        f"""
        SELECT info_code, title, published, media, digest,
            {file} AS path,
            coalesce(revised, first_seen) AS stored, {updated} AS updated,
            substr(text, 1, {MAX_CHARACTERS}) AS text
        FROM {query.tables.rows} AS posts WHERE id IN (SELECT value FROM json_each(:ids))
        ORDER BY published DESC, id DESC
        """,  # noqa: S608 (a number and our own names)
        query.values | {"ids": json.dumps([hit.id for hit in hits])},
    )
    return [
        FeedPost(row, stored_pictures(connection, row["info_code"], addresses.picture, query.as_of))
        for row in rows
    ]


def generate_feed(
    posts: Sequence[FeedPost],
    query: Query,
    title: str,
    addresses: Addresses,
    renderer: Renderer,
) -> bytes:
    """Return the Atom feed of posts, with their bodies."""
    feed = AtomFeed(
        name=f"feed {sorted(query.parameters.items())}",
        title=title,
        address=addresses.feed,
        page=addresses.page,
    )
    return atom(feed, (_entry(post, addresses, renderer) for post in posts))


def modified(posts: Sequence[FeedPost]) -> str | None:
    """Return when the archive last changed the feed of posts, ISO 8601; None without posts."""
    return max((max(post.row["stored"], post.row["updated"]) for post in posts), default=None)


def _entry(post: FeedPost, addresses: Addresses, renderer: Renderer) -> AtomEntry:
    row = post.row
    page = addresses.article(row["info_code"])
    body = renderer.body(
        row["path"],
        row["text"],
        addresses.security,
        post.stored_pictures,
        max_bytes=MAX_BYTES_IN_FEED,
    )
    html = body.html if body else None
    if body and body.bytes:
        beginning = gettext("The text is too long; here is its beginning.")
        rest = gettext("Read all of it")
        html = f'{body.html}<p>{beginning} <a href="{escape(page)}">{rest}</a></p>'
    return AtomEntry(
        name=row["info_code"],
        title=row["title"],
        published=row["published"],
        updated=row["updated"],
        page=page,
        author=row["media"],
        digest=row["digest"],
        html=html,
        text=row["text"],
    )
