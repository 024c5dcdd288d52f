"""The index of the Chinese full-text search over posts, exact from one character up.

``posts_search`` is a contentless FTS5 table of `archive.search.tokenizer`; its rowid is
``posts.id``. SQL queries it as Datasette does: ``posts_search MATCH escape_fts(:query)``.
``versions_search`` has the texts that posts no longer have, by the number of a state in
``post_history``. Triggers keep both up to date, so a connection that writes posts needs `register`.
``INSERT OR REPLACE`` fires the delete trigger only with ``PRAGMA recursive_triggers``, which
sqlite-utils switches on; an upsert needs nothing.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import chain

from archive.errors import InvalidQuery
from archive.search.conditions import match_expression
from archive.search.query import register_has_character
from archive.search.securities import register as register_security_keys
from archive.search.snippet import SNIPPET_WIDTH, marked_snippet
from archive.search.tokenizer import grams
from archive.tables import Database

# Columns of the index. The longest comes first, because an FTS5 position needs no number for the
# first column: with 20,000 posts, a post takes 5.3 kB instead of 8.3 kB.
_COLUMNS = ("text", "digest", "title")

# Columns of the indexes on ``posts``, by name. The indexes contain all columns that
# `archive.search.query` filters and counts by, so that it reads only the rows of its page.
_INDEXES = {
    "posts_newest": "published, id, media, category",
    "posts_facts": "id, published, media, category, body_source, info_code",
}

_BULK_MEMORY = 64 << 20
# Bytes of new postings that FTS5 gathers before it writes a segment. With its own default of one
# megabyte, a transaction of a thousand posts makes twenty segments, and a post costs twice as much;
# a transaction of few posts needs little, whatever is set here.
_MEMORY = 32 << 20

# Segments of one level from which FTS5 starts to merge them. With its own default of four, a post
# takes 1.05 times as long.
_SEGMENTS = 8


def _grams_of(alias: str) -> str:
    return ", ".join(f"search_grams({alias}.{column})" for column in _COLUMNS)


_FIELDS = f"rowid, {', '.join(_COLUMNS)}"
_ADD_PAST = f"""
    INSERT INTO versions_search({_FIELDS}) SELECT id, {_grams_of("post_states")}
    FROM post_states WHERE id = new.id;
"""  # noqa: S608
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
_TRIGGERS_OF_VERSIONS = {
    "versions_search_update": "AFTER UPDATE OF document ON post_history"
    f" WHEN new.document = -new.id BEGIN {_ADD_PAST} END",
}
_TRIGGERS_OF = {"posts_search": _TRIGGERS, "versions_search": _TRIGGERS_OF_VERSIONS}
# The texts of each index, with their numbers.
_TEXTS = {
    "posts_search": f"SELECT id, {', '.join(_COLUMNS)} FROM posts ORDER BY id",  # noqa: S608
    "versions_search": f"SELECT id, {', '.join(_COLUMNS)} FROM post_states"  # noqa: S608
    " WHERE document = -id ORDER BY id",
}


def register(connection: sqlite3.Connection, known_grams: Mapping[str, str] | None = None) -> None:
    """Add the SQL functions of the search to a connection.

    ``search_grams(text)`` is for the triggers. ``escape_fts(query)`` returns the MATCH expression,
    under the name that Datasette calls. ``marked_snippet(text, query[, width])`` returns HTML.
    ``security_keys`` is for the triggers of `archive.search.securities`, ``has_character`` for the
    conditions of `archive.search.query`. NULL counts as an empty
    text; any other value is converted to text.

    :param known_grams: `grams` by text, as far as they are generated already. The mapping is read
        at each call of ``search_grams``, so it may change later.
    """
    known = {} if known_grams is None else known_grams
    create = partial(connection.create_function, deterministic=True)
    create("search_grams", 1, lambda text: known.get(text) or grams(_as_text(text)))
    register_has_character(connection)
    register_security_keys(connection)
    create("escape_fts", 1, lambda query: match_expression(_as_text(query)))
    create("marked_snippet", 2, _marked_snippet)
    create("marked_snippet", 3, _marked_snippet)


def _as_text(value: object) -> str:
    return "" if value is None else str(value)


def _marked_snippet(text: object, query: object, width: object = SNIPPET_WIDTH) -> str:
    characters = max(width, 1) if isinstance(width, int) else None
    try:
        return marked_snippet(_as_text(text), _as_text(query), characters)
    except InvalidQuery:
        return marked_snippet(_as_text(text), "", characters)


def create_search(db: Database) -> None:
    """Create the empty index, its triggers, and the indexes on ``posts`` for queries."""
    _create_index(db, "posts_search")
    for name, columns in _INDEXES.items():
        db.execute(f"CREATE INDEX {name} ON posts ({columns})")
    _create_triggers(db, _TRIGGERS)


def create_versions_search(db: Database) -> None:
    """Create the empty index of the texts that posts no longer have, and its trigger."""
    _create_index(db, "versions_search")
    _create_triggers(db, _TRIGGERS_OF_VERSIONS)


def _create_index(db: Database, table: str) -> None:
    db.execute(
        f"CREATE VIRTUAL TABLE {table} USING fts5("
        f"{', '.join(_COLUMNS)}, content='', columnsize=0, tokenize='ascii')"
    )
    _configure(db, table, "hashsize", _MEMORY)
    _configure(db, table, "automerge", _SEGMENTS)


def _create_triggers(db: Database, triggers: Mapping[str, str]) -> None:
    for name, body in triggers.items():
        db.execute(f"CREATE TRIGGER {name} {body}")


# The number of a post and its indexed texts, in the order of `_COLUMNS`.
PostText = tuple[int, str | None, str | None, str]

# The number of a post and the tokens of its texts, in the order of `_COLUMNS`.
IndexedRow = tuple[int, str, str, str]

# A function that returns the indexed rows of a number of posts, in their order.
Indexing = Callable[[Iterator[PostText], int], Iterable[IndexedRow]]


def indexed_row(post: PostText) -> IndexedRow:
    """Return the row of the index for a post."""
    number, text, digest, title = post
    return number, grams(text or ""), grams(digest or ""), grams(title)


def _index_here(posts: Iterator[PostText], _: int) -> Iterator[IndexedRow]:
    return map(indexed_row, posts)


def rebuild_search(
    db: Database, table: str = "posts_search", indexing: Indexing = _index_here
) -> None:
    """Rebuild an index in one transaction, and merge it to its smallest size.

    :param table: ``posts_search``, or ``versions_search``.
    :param indexing: applies `indexed_row` to each post, in order; may use several processes.
    """
    with db.atomic():
        _configure(db, table, "hashsize", _BULK_MEMORY)
        db.execute(f"INSERT INTO {table}({table}) VALUES ('delete-all')")  # noqa: S608
        texts = _TEXTS[table]
        ((count,),) = db.execute(f"SELECT count(*) FROM ({texts})")  # noqa: S608
        sql = f"INSERT INTO {table}({_FIELDS}) VALUES (?, ?, ?, ?)"  # noqa: S608
        db.conn.executemany(sql, indexing(db.execute(texts), count))
        db.execute(f"INSERT INTO {table}({table}) VALUES ('optimize')")  # noqa: S608
        _configure(db, table, "hashsize", _MEMORY)


def _configure(db: Database, table: str, option: str, value: int) -> None:
    sql = f"INSERT INTO {table}({table}, rank) VALUES (?, ?)"  # noqa: S608
    db.execute(sql, [option, value])


@contextmanager
def without_index(db: Database, indexing: Indexing = _index_here) -> Iterator[None]:
    """Load many posts in this block without the indexes, and rebuild them at the end.

    All in one transaction: a kill, or an exception in the block, changes neither posts nor indexes.

    :param indexing: see `rebuild_search`.
    """
    indexes = {table: all_of for table, all_of in _TRIGGERS_OF.items() if db.table(table).exists()}
    with db.atomic():
        for name in chain.from_iterable(indexes.values()):
            db.execute(f"DROP TRIGGER {name}")
        yield
        for table, triggers in indexes.items():
            rebuild_search(db, table, indexing)
            _create_triggers(db, triggers)
