"""The index of the Chinese full-text search over posts, exact from one character up.

``posts_search`` is a contentless FTS5 table of `archive.search.tokenizer`; its rowid is
``posts.id``. SQL queries it as Datasette does: ``posts_search MATCH escape_fts(:query)``. Triggers
keep it up to date, so a connection that writes posts needs `register`. ``INSERT OR
REPLACE`` fires the delete trigger only with ``PRAGMA recursive_triggers``, which sqlite-utils
switches on; an upsert needs nothing.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from sqlite_utils import Database

from archive.search.snippet import SNIPPET_WIDTH, marked_snippet
from archive.search.tokenizer import grams, match_expression

# Of the index. The longest comes first: an FTS5 position names its column except for the first,
# which with 20,000 posts made 5.3 kB a post instead of 8.3.
_COLUMNS = ("text", "digest", "title")

# On posts. They hold all that `archive.search.query` decides and counts by, so that it reads only
# the rows of its page.
_INDEXES = {
    "posts_newest": "published, id, media, category",
    "posts_facts": "id, published, media, category, body_source, info_code",
}

_BULK_MEMORY = 64 << 20
# Bytes of new postings that FTS5 gathers before it writes a segment. With its own default of one
# megabyte, a transaction of a thousand posts makes twenty segments, and a post costs twice as much;
# a transaction of few posts needs little, whatever is set here.
_MEMORY = 32 << 20

# Of one level, which FTS5 then begins to merge. With its own default of four, a post costs 1.05
# times as much.
_SEGMENTS = 8


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
    """Create the empty index, its triggers, and the indexes on ``posts`` for queries."""
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


# The number of a post and what is indexed of it, in the order of `_COLUMNS`.
PostText = tuple[int, str, str | None, str]

# Likewise, as `archive.search.tokenizer`.
IndexedRow = tuple[int, str, str, str]

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
