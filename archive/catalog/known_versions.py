"""Read the rows of the view ``versions``: all, or those that the archive knew at a time."""

import sqlite3
from collections.abc import Iterator
from typing import Any

#: Columns of a version, in their order.
COLUMNS = (
    *("info_code", "edition", "version", "title", "digest", "media", "category", "published"),
    *("precision", "securities", "text", "length", "body_source", "extractor", "cause", "edits"),
    *("classes", "captures", "path", "sha256", "bytes", "seen_from", "seen_until"),
)

# The post of this version as it was in a past state of its article.
_POST = "coalesce(known.facts -> ('$.editions.' || versions.edition), known.facts)"
# What can become another in the row of a version.
_OF_STATE = {
    "media": f"{_POST} ->> '$.media'",
    "body_source": f"{_POST} ->> '$.body_source'",
    "path": f"{_POST} ->> '$.path'",
    "securities": f"(SELECT json_group_array(key) FROM json_each({_POST}, '$.securities'))",  # noqa: S608
}


def _columns(is_past: str, seen_until: str) -> str:
    """Return the columns of versions, those of a past state with its values."""
    then = {name: f"iif({is_past}, {sql}, versions.{name})" for name, sql in _OF_STATE.items()} | {
        "seen_until": seen_until
    }
    then["securities"] = f"json({then['securities']})"  # written with spaces, or without
    return ", ".join(f"{then.get(name, f'versions.{name}')} AS {name}" for name in COLUMNS)


_IS_PAST = f"""known.known_until IS NOT NULL AND {_POST} ->> '$.edition' = versions.edition
    AND {_POST} ->> '$.version' = versions.version"""

#: The versions of the article ``:id`` that the archive had by the time ``:at``, with the facts of
#: then, also where the source was without the article, and the ``file`` that has each now. The time
#: ``~`` is after all.
OF_ARTICLE = f"""
    SELECT {_columns(_IS_PAST, "iif(seen_until <= :at, seen_until, NULL)")}, versions.path AS file
    FROM versions LEFT JOIN post_history AS known ON known.id = (
        SELECT max(id) FROM post_history WHERE info_code = :id AND known_from <= :at
    )
    WHERE versions.info_code = :id AND seen_from <= :at
"""  # noqa: S608 (our own columns)

# Which version was known is not taken from its own times: the clock may have gone back.
_KNOWN = f"""
    post_history AS known JOIN versions ON versions.info_code = known.info_code AND CASE
        WHEN known.known_until IS NULL THEN versions.seen_until IS NULL AND NOT EXISTS (
            SELECT 1 FROM absences WHERE gone_until IS NULL
            AND (info_code, edition) = (versions.info_code, versions.edition)
        )
        ELSE {_POST} ->> '$.gone' IS NULL AND {_POST} ->> '$.edition' = versions.edition
            AND {_POST} ->> '$.version' = versions.version
    END
    WHERE known.known_from <= :at AND (known.known_until > :at) IS NOT FALSE
"""  # noqa: S608
_ORDER = "ORDER BY published, info_code, edition, version"
_ALL = f"SELECT {', '.join(COLUMNS)} FROM versions {_ORDER}"  # noqa: S608
_OF_THEN = f"""
    SELECT {_columns("known.known_until IS NOT NULL", "NULL")}
    FROM {_KNOWN} {_ORDER}
"""  # noqa: S608


def count_versions(connection: sqlite3.Connection, at: str | None) -> int:
    """Return the number of versions that `read_versions` returns."""
    tables = _KNOWN if at else "versions"
    (count,) = connection.execute(
        f"SELECT count(*) FROM {tables}",  # noqa: S608
        {"at": at},
    ).fetchone()
    return int(count)


def read_versions(connection: sqlite3.Connection, at: str | None) -> Iterator[tuple[Any, ...]]:
    """Return the values of `COLUMNS` of each version.

    :param at: ISO 8601, UTC: only those that the archive had stored by then, and had not found
        gone, with the facts of then. None for all.
    """
    return connection.execute(_OF_THEN if at else _ALL, {"at": at})
