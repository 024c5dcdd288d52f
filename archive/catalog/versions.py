"""The versions of posts: the views of them, and the facts of those that older releases stored."""

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path, PurePosixPath

from archive.article_id import ArticleId
from archive.catalog.absences import Presence
from archive.catalog.causes import Cause, VersionState, with_cause
from archive.catalog.editions import EDITION_OF_PATH, create_view_of_files
from archive.catalog.row_builder import entry_of_post, named_by
from archive.catalog.rows import POST_COLUMNS, PostRow
from archive.catalog.version_files import read_post
from archive.content import parse_post
from archive.storage import bytes_if_there, is_place_of_version, named_rows, sha256
from archive.tables import Database

# Columns that this release adds, with their SQL types.
_CAUSE = {"cause": "TEXT NOT NULL DEFAULT 'unknown'", "edits": "TEXT NOT NULL DEFAULT '[]'"}
_OF_REVISIONS = {
    "title": "TEXT NOT NULL DEFAULT ''",
    "digest": "TEXT",
    "media": "TEXT",
    "category": "TEXT",
    "published": "TEXT NOT NULL DEFAULT ''",
    "precision": "TEXT NOT NULL DEFAULT 'second'",
    "securities": "TEXT NOT NULL DEFAULT '[]'",
    "text": "TEXT",
    "length": "INTEGER NOT NULL DEFAULT 0",
    **_CAUSE,
    "seen_from": "TEXT NOT NULL DEFAULT ''",
}


def create_versions(db: Database) -> None:
    """Add the columns of versions, the table of absences, and the views of versions and changes.

    Versions that older releases stored get a cause from what their rows and files show.
    """
    for table, columns in (
        *(("posts", _CAUSE), ("editions", _CAUSE)),
        ("revisions", _OF_REVISIONS),
    ):
        for name, kind in columns.items():
            db.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")
    create_view_of_files(db)
    db.execute(_ABSENCES)
    _explain_versions(db.conn, Path(_file_of(db.conn)).parent)
    _convert_changes(db.conn)
    db.execute("DROP TABLE changes")
    for name, sql in _VIEWS.items():
        db.create_view(name, sql)
    for statement in _INDEXES:
        db.execute(statement)


def _file_of(connection: sqlite3.Connection) -> str:
    # As bytes, because a path need not be UTF-8.
    sql = "SELECT CAST(file AS BLOB) FROM pragma_database_list WHERE name = 'main'"
    ((file,),) = connection.execute(sql).fetchall()
    return os.fsdecode(file or b"")


def _explain_versions(connection: sqlite3.Connection, folder: Path) -> None:
    for table in ("posts", "editions"):
        connection.execute(
            f"UPDATE {table} SET cause = CASE"  # noqa: S608
            " WHEN body_source IS NULL AND captures = '[]' THEN 'imported'"
            " WHEN version = 1 THEN 'first_seen' ELSE 'unknown' END"
        )
    rows = named_rows(connection, "SELECT * FROM revisions ORDER BY info_code, version").fetchall()
    for info_code, of_article in groupby(rows, key=itemgetter("info_code")):
        _explain_article(connection, folder, info_code, list(of_article))


def _explain_article(
    connection: sqlite3.Connection, folder: Path, info_code: str, superseded: Sequence[sqlite3.Row]
) -> None:
    """Add the facts of an article's superseded versions, and the causes of all after the first.

    Until 0.1.0, the two posts of an article were stored as versions of one.
    """
    posts = {str(post.edition): post for post in _posts_of(connection, info_code)}
    ends = {row["path"]: row["superseded"] for row in superseded}
    last: dict[str, VersionState] = {}
    newest: VersionState | None = None
    for revision in superseded:
        edition = revision["edition"]
        article = posts.get(edition) or next(iter(posts.values()))
        state, named = _state_of(folder, revision, article)
        before = last.get(edition, newest)
        began = (str(ends[before.row.path]) if before else "") or article.first_seen
        explained = replace(_explained(before, state), revised=began)
        newest = last[edition] = VersionState(explained, state.body)
        _write_revision(connection, newest, edition, named)
    for edition, post in posts.items():
        if post.version > 1 and (before := last.get(edition, newest)):
            found = read_post(folder, post.path, post.version, post.sha256)
            _write_post(
                connection, _explained(before, VersionState(post, found.body if found else None))
            )


def _explained(before: VersionState | None, after: VersionState) -> PostRow:
    """Return the row of a version with its cause, which is not known where a row makes no sense."""
    try:
        return with_cause(before, after)
    except (ValueError, TypeError, LookupError):  # somebody changed the rows
        return replace(after.row, cause=Cause.UNKNOWN)


def _posts_of(connection: sqlite3.Connection, info_code: str) -> Iterator[PostRow]:
    """Yield the rows of an article's posts."""
    of_article = "WHERE info_code = ?"
    for table in ("editions", "posts"):
        sql = f"SELECT * FROM {table} {of_article}"  # noqa: S608
        if rows := named_rows(connection, sql, info_code).fetchall():
            yield from (_post_row(row) for row in rows)
            return


def _state_of(
    folder: Path, revision: sqlite3.Row, article: PostRow
) -> tuple[VersionState, Sequence[str]]:
    """Return a superseded version, and codes of the securities that it names.

    :param article: a present row of the article; states what the version's file does not show.
    """
    kept = {name: revision[name] for name in _OLDER_COLUMNS}
    path = str(revision["path"])
    data = bytes_if_there(folder / path) if is_place_of_version(path) else None
    entry = None
    if data is not None and sha256(data) == revision["sha256"]:
        post = parse_post(data, PurePosixPath(path).name)
        entry = entry_of_post(replace(post, info_code=ArticleId(article.info_code)), data, _NO_TIME)
    if data is None or entry is None:
        row = replace(article, text="", length=0, **kept)
        return VersionState(row, None), ()
    row = replace(entry.post, stock_list=article.stock_list, **kept)
    row = replace(row, media=article.media or row.media)  # the file of rolling news has none
    named = named_by(row, entry.securities or ())
    return VersionState(row, post.body), [security.code for security in named]


def _write_revision(
    connection: sqlite3.Connection, state: VersionState, edition: str, named: Sequence[str]
) -> None:
    row = state.row
    facts = {name: getattr(row, name) for name in _OF_REVISIONS if name not in _NOT_IN_POSTS}
    values = facts | {
        "securities": json.dumps(sorted(named)),
        "text": None if state.body is None else row.text,
        "seen_from": row.revised,
    }
    columns = ", ".join(f"{name} = :{name}" for name in values)
    connection.execute(
        f"UPDATE revisions SET {columns}"  # noqa: S608 (names of our own columns)
        " WHERE info_code = :info_code AND edition = :edition AND version = :version",
        values | {"info_code": row.info_code, "edition": edition, "version": row.version},
    )


def _write_post(connection: sqlite3.Connection, row: PostRow) -> None:
    for table in ("posts", "editions"):
        connection.execute(
            f"UPDATE {table} SET cause = ?, edits = ? WHERE path = ?",  # noqa: S608
            [row.cause, row.edits, row.path],
        )


def _convert_changes(connection: sqlite3.Connection) -> None:
    """Convert the recorded disappearances and returns to absences of each of an article's posts.

    They were recorded for the article. Of two posts, the row shows whether one is gone now.
    """
    sql = "SELECT * FROM changes WHERE what IN (?, ?) ORDER BY info_code, at"
    events = named_rows(connection, sql, *Presence).fetchall()
    for info_code, of_article in groupby(events, key=itemgetter("info_code")):
        found = [(event["what"], event["at"]) for event in of_article]
        for post in _posts_of(connection, info_code):
            absences: dict[str, str | None] = {}
            for what, at in found:
                if what == Presence.GONE:
                    absences[at] = None
                elif absences and max(absences) != post.gone:
                    absences[max(absences)] = at
            absences = {
                began: ended
                for began, ended in absences.items()
                if began >= post.first_seen and (ended or began == post.gone)
            }
            connection.executemany(
                "INSERT INTO absences (info_code, edition, gone_from, gone_until)"
                " VALUES (?, ?, ?, ?)",
                [(info_code, post.edition, *absence) for absence in absences.items()],
            )


def _post_row(row: sqlite3.Row) -> PostRow:
    """Return a row of ``posts`` or ``editions`` with the columns that it has by this migration."""
    known = set(row.keys())
    found = {name: row[name] for name in POST_COLUMNS if name in known}
    return PostRow(**found | {"text": row["text"] or ""})


_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
# Columns of ``revisions`` in older releases that ``posts`` has, too.
_OLDER_COLUMNS = ("version", "path", "sha256", "bytes", "body_source", "captures", "extractor")
_NOT_IN_POSTS = ("securities", "text", "seen_from")

_ABSENCES = """
    CREATE TABLE absences (
        info_code TEXT NOT NULL REFERENCES posts(info_code),
        edition TEXT NOT NULL,
        gone_from TEXT NOT NULL,
        gone_until TEXT,
        PRIMARY KEY (info_code, edition, gone_from)
    ) WITHOUT ROWID
"""

_COMMON = """info_code, {edition} AS edition, version, title, digest, media, category, published,
            precision, {securities} AS securities, {text} AS text, length, body_source, extractor,
            cause, edits, (
                SELECT json_group_array(DISTINCT value ->> 'class') FROM json_each(edits)
            ) AS classes, captures, path, sha256, bytes"""
_PRESENT = "coalesce(revised, first_seen) AS seen_from, NULL AS seen_until"
_MENTIONED = """(
                SELECT json_group_array(security) FROM (
                    SELECT security FROM mentions WHERE mentions.info_code = posts.info_code
                    ORDER BY security
                )
            )"""
_ALONE = _COMMON.format(edition=EDITION_OF_PATH, securities=_MENTIONED, text="text")
_OF_EDITION = _COMMON.format(
    edition="edition",
    securities="securities",
    text="""coalesce(text, (
                SELECT text FROM posts WHERE posts.info_code = editions.info_code
            ))""",
)
_SUPERSEDED = _COMMON.format(edition="edition", securities="securities", text="text")
_VIEWS = {
    "versions": f"""
        SELECT {_ALONE},
            {_PRESENT}
        FROM posts WHERE NOT EXISTS (
            SELECT 1 FROM editions WHERE editions.info_code = posts.info_code
        )
        UNION ALL
        SELECT {_OF_EDITION},
            {_PRESENT}
        FROM editions
        UNION ALL
        SELECT {_SUPERSEDED},
            seen_from, superseded AS seen_until
        FROM revisions
    """,  # noqa: S608 (our own columns)
    "changes": """
        SELECT info_code, seen_from AS at, class.value AS what
        FROM versions, json_each(classes) AS class
        WHERE edits <> '[]' AND cause IN ('edited', 'corrected_in_list')
        UNION SELECT info_code, gone_from, 'gone' FROM absences
        UNION SELECT info_code, gone_until, 'returned' FROM absences
        WHERE gone_until IS NOT NULL
    """,
}
_INDEXES = (
    "CREATE INDEX posts_edited ON posts (revised) WHERE edits <> '[]'",
    "CREATE INDEX revisions_edited ON revisions (seen_from) WHERE edits <> '[]'",
    "CREATE INDEX revisions_by_time ON revisions (superseded, seen_from)",
)
