"""The newest posts of a list as an Atom feed."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from archive.browse.article_page import kept_pictures
from archive.browse.post_list import believed
from archive.browse.rendering import MOST_BYTES_IN_FEED, MOST_CHARACTERS, Renderer
from archive.content import AtomEntry, AtomFeed
from archive.content.atom import atom
from archive.search import Query, find

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


@dataclass(frozen=True, slots=True)
class FeedPost:
    """A post in a feed.

    :param row: of the catalog.
    :param kept: our addresses of the pictures that are kept, by the addresses they came from.
    """

    row: sqlite3.Row
    kept: Mapping[str, str]


def read_newest(
    connection: sqlite3.Connection, query: Query, addresses: Addresses, until: str
) -> list[FeedPost]:
    """The newest posts of a query.

    :param until: posts that are dated later are left out; see `archive.catalog.future_dates`.
    """
    hits = find(connection, believed(query, until), limit=_ENTRIES)
    rows = connection.execute(
        f"""
        SELECT info_code, title, published, revised, first_seen, media, digest, path,
            substr(text, 1, {MOST_CHARACTERS}) AS text
        FROM posts WHERE id IN ({", ".join("?" * len(hits))}) ORDER BY published DESC, id DESC
        """,  # noqa: S608 (question marks and a number)
        [hit.id for hit in hits],
    )
    return [
        FeedPost(row, kept_pictures(connection, row["info_code"], addresses.picture))
        for row in rows
    ]


def make_feed(
    posts: Sequence[FeedPost],
    query: Query,
    title: str,
    addresses: Addresses,
    renderer: Renderer,
) -> bytes:
    """A feed of posts with their bodies."""
    feed = AtomFeed(
        name=f"feed {sorted(query.parameters.items())}",
        title=title,
        address=addresses.feed,
        page=addresses.page,
    )
    return atom(feed, (_entry(post, addresses, renderer) for post in posts))


def updated(posts: Sequence[FeedPost]) -> str | None:
    """When the newest version of the posts was archived; None of no posts."""
    return max((_updated(post.row) for post in posts), default=None)


def _updated(row: sqlite3.Row) -> str:
    time: str = row["revised"] or row["first_seen"]
    return time


def _entry(post: FeedPost, addresses: Addresses, renderer: Renderer) -> AtomEntry:
    row = post.row
    page = addresses.article(row["info_code"])
    body = renderer.body(
        row["path"], row["text"], addresses.security, post.kept, most_bytes=MOST_BYTES_IN_FEED
    )
    html = body.html if body else None
    if body and body.bytes:
        html = f'{body.html}<p>正文太长，这里只有开头。<a href="{escape(page)}">看全文</a></p>'
    return AtomEntry(
        info_code=row["info_code"],
        title=row["title"],
        published=row["published"],
        updated=_updated(row),
        page=page,
        author=row["media"],
        digest=row["digest"],
        html=html,
        text=row["text"],
    )
