"""The newest posts of a list as an Atom feed."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from archive.atom import Entry, Feed, atom
from archive.browse.article import kept_pictures, read_safe_body
from archive.browse.selection import Selection

_ENTRIES = 30


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
    feed = Feed(
        name=f"feed {sorted(selection.parameters.items())}",
        title=title,
        address=addresses.feed,
        page=addresses.page,
    )
    return atom(feed, (_entry(connection, post, folder, addresses) for post in posts))


def _entry(
    connection: sqlite3.Connection, post: sqlite3.Row, folder: Path, addresses: Addresses
) -> Entry:
    kept = kept_pictures(connection, post["info_code"], addresses.picture)
    return Entry(
        info_code=post["info_code"],
        title=post["title"],
        published=post["published"],
        updated=post["revised"] or post["first_seen"],
        page=addresses.article(post["info_code"]),
        author=post["media"],
        digest=post["digest"],
        html=read_safe_body(folder, post["path"], addresses.security, kept),
        text=post["text"],
    )
