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

# The row of a version can get another media, source, path and securities. These are those of then;
# a past state of an article with two posts has them for each.
_FACTS = "coalesce(known.facts -> ('$.editions.' || versions.edition), known.facts)"
_OF_STATE = {
    "media": f"{_FACTS} ->> '$.media'",
    "body_source": f"{_FACTS} ->> '$.body_source'",
    "path": f"{_FACTS} ->> '$.path'",
    "securities": f"(SELECT json_group_array(key) FROM json_each({_FACTS}, '$.securities'))",  # noqa: S608
}
_THEN = {
    name: f"iif(known.known_until IS NULL, versions.{name}, {sql})"
    for name, sql in _OF_STATE.items()
} | {"seen_until": "NULL"}
_KNOWN = """
    versions JOIN post_history AS known ON known.info_code = versions.info_code
        AND known.known_from <= :at AND (known.known_until > :at) IS NOT FALSE
    WHERE seen_from <= :at AND (versions.seen_until > :at) IS NOT FALSE
    AND NOT EXISTS (
        SELECT 1 FROM absences
        WHERE absences.info_code = versions.info_code AND absences.edition = versions.edition
        AND gone_from <= :at AND (gone_until > :at) IS NOT FALSE
    )
"""
_ORDER = "ORDER BY published, info_code, edition, version"
_ALL = f"SELECT {', '.join(COLUMNS)} FROM versions {_ORDER}"  # noqa: S608
_OF_THEN = f"""
    SELECT {", ".join(f"{_THEN.get(name, f'versions.{name}')} AS {name}" for name in COLUMNS)}
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
