"""Chinese full-text search over the catalog's posts, exact from one character up.

``posts_search`` is a contentless FTS5 table of `archive.grams`: the rowid is ``posts.id``. SQL
asks it as Datasette does: ``posts_search MATCH escape_fts(:query)``. It is kept by triggers, so a
connection that writes posts needs `register`. ``INSERT OR REPLACE`` fires the delete trigger only
with ``PRAGMA recursive_triggers``, which sqlite-utils switches on; an upsert needs nothing.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from sqlite_utils import Database

from archive.grams import grams, match_expression
from archive.snippet import SNIPPET_WIDTH, marked_snippet

_COLUMNS = ("text", "digest", "title")
"""Of the index. The longest comes first: an FTS5 position names its column except for the first,
which with 20,000 posts made 5.3 kB a post instead of 8.3."""

_INDEXES = {
    "posts_newest": "published, id, media, category",
    "posts_facts": "id, published, media, category, body_source, info_code",
}
"""On posts. They hold all that a search decides by, and what its hits are counted by, so that it
reads rows only of its page."""

_SORT_COST = 2
"""Of one match, in posts walked past; measured with 100,000 posts."""

_BULK_MEMORY = 64 << 20
_MEMORY = 32 << 20
"""Bytes of new postings that FTS5 gathers before it writes a segment. With its own default of one
megabyte, a transaction of a thousand posts makes twenty segments, and a post costs twice as much;
a transaction of few posts needs little, whatever is set here."""

_SEGMENTS = 8
"""Of one level, which FTS5 then begins to merge. With its own default of four, a post costs 1.05
times as much."""


def _grams_of(alias: str) -> str:
    return ", ".join(f"search_grams({alias}.{column})" for column in _COLUMNS)


_FIELDS = f"rowid, {', '.join(_COLUMNS)}"
_ADD = f"INSERT INTO posts_search({_FIELDS}) VALUES (new.id, {_grams_of('new')});"  # noqa: S608
_REMOVE = f"""
    INSERT INTO posts_search(posts_search, {_FIELDS})
    VALUES ('delete', old.id, {_grams_of("old")});
"""  # noqa: S608
_CHANGED = " OR ".join(f"old.{column} IS NOT new.{column}" for column in ("id", *_COLUMNS))
_TRIGGERS = {
    "posts_search_insert": f"AFTER INSERT ON posts BEGIN {_ADD} END",
    "posts_search_delete": f"AFTER DELETE ON posts BEGIN {_REMOVE} END",
    "posts_search_update": f"AFTER UPDATE ON posts WHEN {_CHANGED} BEGIN {_REMOVE} {_ADD} END",
}


def register(connection: sqlite3.Connection, made: Mapping[str, str] | None = None) -> None:
    """Give a connection the SQL functions of the search.

    ``search_grams(text)`` is for the triggers. ``escape_fts(query)`` makes the MATCH expression
    under the name that Datasette calls, and ``marked_snippet(text, query[, width])`` HTML.
    NULL is an empty text, and anything else is the text that it reads as.

    :param made: `grams` of texts that were made beforehand, at the time of the call.
    """
    known = {} if made is None else made
    create = partial(connection.create_function, deterministic=True)
    create("search_grams", 1, lambda text: known.get(text) or grams(_as_text(text)))
    create("escape_fts", 1, lambda query: match_expression(_as_text(query)))
    create("marked_snippet", 2, _marked_snippet)
    create("marked_snippet", 3, _marked_snippet)


def _as_text(value: object) -> str:
    return "" if value is None else str(value)


def _marked_snippet(text: object, query: object, width: object = SNIPPET_WIDTH) -> str:
    characters = max(width, 1) if isinstance(width, int) else None
    return marked_snippet(_as_text(text), _as_text(query), characters)


def create_search(db: Database) -> None:
    """Create the index, empty, its triggers, and the indexes on ``posts`` that `search` uses."""
    db.execute(
        f"CREATE VIRTUAL TABLE posts_search USING fts5("
        f"{', '.join(_COLUMNS)}, content='', columnsize=0, tokenize='ascii')"
    )
    _configure(db, "hashsize", _MEMORY)
    _configure(db, "automerge", _SEGMENTS)
    for name, columns in _INDEXES.items():
        db.execute(f"CREATE INDEX {name} ON posts ({columns})")
    _create_triggers(db)


def _create_triggers(db: Database) -> None:
    for name, body in _TRIGGERS.items():
        db.execute(f"CREATE TRIGGER {name} {body}")


PostText = tuple[int, str, str | None, str]
"""The number of a post and what is indexed of it, in the order of `_COLUMNS`."""

IndexedRow = tuple[int, str, str, str]
"""Likewise, as `archive.grams`."""

Indexing = Callable[[Iterator[PostText]], Iterable[IndexedRow]]


def indexed_row(post: PostText) -> IndexedRow:
    """What the index takes of a post."""
    number, text, digest, title = post
    return number, grams(text), grams(digest or ""), grams(title)


def _index_here(posts: Iterator[PostText]) -> Iterator[IndexedRow]:
    return map(indexed_row, posts)


def rebuild_search(db: Database, indexing: Indexing = _index_here) -> None:
    """Make the index anew from the posts, in one transaction and as small as it gets.

    :param indexing: is `indexed_row` for each of many, in their order.
    """
    with db.atomic():
        _configure(db, "hashsize", _BULK_MEMORY)
        db.execute("INSERT INTO posts_search(posts_search) VALUES ('delete-all')")
        posts = db.execute(f"SELECT id, {', '.join(_COLUMNS)} FROM posts ORDER BY id")  # noqa: S608
        sql = f"INSERT INTO posts_search({_FIELDS}) VALUES (?, ?, ?, ?)"  # noqa: S608
        db.conn.executemany(sql, indexing(posts))
        db.execute("INSERT INTO posts_search(posts_search) VALUES ('optimize')")
        _configure(db, "hashsize", _MEMORY)


def _configure(db: Database, option: str, value: int) -> None:
    db.execute("INSERT INTO posts_search(posts_search, rank) VALUES (?, ?)", [option, value])


@contextmanager
def without_index(db: Database, indexing: Indexing = _index_here) -> Iterator[None]:
    """Load many posts without the index; it is rebuilt at the end, see `rebuild_search`.

    All in one transaction: a kill, or an exception in the block, leaves posts and index as they
    were.
    """
    with db.atomic():
        for name in _TRIGGERS:
            db.execute(f"DROP TRIGGER {name}")
        yield
        rebuild_search(db, indexing)
        _create_triggers(db)


@dataclass(frozen=True, slots=True)
class Hit:
    """A post that was found."""

    id: int
    info_code: str
    title: str
    published: str
    media: str | None
    category: str | None
    digest: str | None
    text: str


_GET_HIT = f"SELECT {', '.join(field.name for field in fields(Hit))} FROM posts WHERE id = ?"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Results:
    """A page of hits, and how many there are on all pages."""

    hits: list[Hit]
    total: int


def search(
    connection: sqlite3.Connection,
    query: str,
    *,
    limit: int = 20,
    offset: int = 0,
    since: str | None = None,
    until: str | None = None,
    media: str | None = None,
    category: str | None = None,
) -> Results:
    """Find posts, the newest publication first; of the same second, the last to arrive.

    :param query: see `archive.grams`.
    :param since: publication time in Shanghai, ISO 8601 or the beginning of it (``2021-12``).
    :param until: likewise; posts of this time and later are left out.
    :param media: its name.
    :param category: its slug.
    """
    wanted = {
        "published >= ?": since,
        "published < ?": until,
        "media = ?": media,
        "category = ?": category,
    }
    conditions = {sql: value for sql, value in wanted.items() if value is not None}
    matches = _Matches(connection, match_expression(query), conditions)
    total = matches.count()
    ids = matches.page(max(0, limit), max(0, offset), total)
    hits = [Hit(*row) for post in ids for row in _rows(connection, _GET_HIT, [post])]
    return Results(hits, total)


@dataclass(frozen=True, slots=True)
class _Matches:
    """The posts that match an expression, and other conditions on ``posts``.

    SQLite cannot know how many posts an expression matches, so it is told the way: CROSS JOIN
    keeps the order of the tables, and ``+posts.id`` keeps the indexes on id out.
    """

    connection: sqlite3.Connection
    expression: str
    conditions: dict[str, str]

    def count(self) -> int:
        """How many there are."""
        source = self._matches_first() if self.conditions else self._matches_only()
        (number,) = self._integers(f"SELECT count(*) {source}")
        return number

    def page(self, limit: int, offset: int, total: int) -> list[int]:
        """The ids of a page, newest first; found from that end of all pages that is nearer."""
        limit = min(limit, total - offset)
        if limit <= 0:
            return []
        from_end = total - offset - limit
        if from_end < offset:
            return self._page(limit, from_end, total, "ASC")[::-1]
        return self._page(limit, offset, total, "DESC")

    def _page(self, limit: int, offset: int, total: int, order: str) -> list[int]:
        """Few matches are sorted; of many, enough are met on a walk through all posts by time.

        With ids that begin at 1 and have hardly a gap, the greatest is the number of posts.
        """
        (posts,) = _integers(self.connection, "SELECT max(id) FROM posts")
        walk = (offset + limit) * posts / total
        source = self._matches_first() if total * _SORT_COST < walk else self._posts_first()
        return self._integers(
            f"SELECT posts.id {source}"
            f" ORDER BY posts.published {order}, posts.id {order} LIMIT {limit} OFFSET {offset}"
        )

    def _matches_only(self) -> str:
        return "FROM posts_search WHERE posts_search MATCH ?"

    def _matches_first(self) -> str:
        return (
            "FROM posts_search CROSS JOIN posts INDEXED BY posts_facts"
            " ON posts.id = posts_search.rowid WHERE posts_search MATCH ?" + self._and_conditions()
        )

    def _posts_first(self) -> str:
        return (
            "FROM posts INDEXED BY posts_newest WHERE +posts.id IN"
            f" (SELECT posts_search.rowid {self._matches_only()})" + self._and_conditions()
        )

    def _and_conditions(self) -> str:
        return "".join(f" AND posts.{condition}" for condition in self.conditions)

    def _integers(self, sql: str) -> list[int]:
        return _integers(self.connection, sql, [self.expression, *self.conditions.values()])


def _integers(connection: sqlite3.Connection, sql: str, values: Sequence[object] = ()) -> list[int]:
    return [row[0] for row in _rows(connection, sql, values)]


def _rows(
    connection: sqlite3.Connection, sql: str, values: Sequence[object]
) -> list[tuple[Any, ...]]:
    """All rows, as tuples whatever the connection's row factory makes of them."""
    cursor = connection.cursor()
    cursor.row_factory = None
    return cursor.execute(sql, values).fetchall()
