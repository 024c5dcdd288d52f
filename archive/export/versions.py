"""Export the versions of posts as JSON Lines or Parquet: all, or those known at a time.

A record has every column of the catalog's view ``versions``; columns of JSON become lists. Records
are sorted by publication time, then info code, edition and version.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from archive.export.output import write_lines
from archive.export.parquet import Record, edits_type, field_of, write_parquet
from archive.progress import Progress, silent
from archive.search import moment_of
from archive.storage import reading_catalog

_LISTS = ("securities", "edits", "classes", "captures")
_KNOWN = """
    (
        :at IS NULL OR seen_from <= :at AND (versions.seen_until > :at) IS NOT FALSE
        AND NOT EXISTS (
            SELECT 1 FROM absences
            WHERE absences.info_code = versions.info_code AND absences.edition = versions.edition
            AND gone_from <= :at AND (gone_until > :at) IS NOT FALSE
        )
    )
"""


def export_versions_jsonl(
    folder: Path, out: IO[bytes], as_of: str = "", progress: Progress = silent
) -> int:
    """Write versions as JSON Lines: a JSON object a line, in UTF-8.

    :param as_of: only what the archive had stored by this time, and had not found gone; see
        `archive.search.moment`. Empty for all versions.
    :returns: the number of versions.
    :raises ArchiveError: when the archive cannot be read.
    :raises OSError: when `out` cannot be written.
    """
    with records_of(folder, as_of, progress) as records:
        return write_lines(records, out)


def export_versions_parquet(
    folder: Path, out: IO[bytes], as_of: str = "", progress: Progress = silent
) -> int:
    """Write versions as a Parquet file, with times as timestamps that have a zone.

    :param as_of: see `export_versions_jsonl`.
    :returns: the number of versions.
    :raises FinewsError: when pyarrow is not installed.
    :raises ArchiveError: when the archive cannot be read.
    :raises OSError: when `out` cannot be written.
    """
    with records_of(folder, as_of, progress) as records:
        return write_parquet(records, out, parquet_fields)


def parquet_fields(pyarrow: Any) -> Iterator[Any]:
    """Yield the fields of a version for `write_parquet`."""
    text, number = pyarrow.string(), pyarrow.int64()
    special = {
        **dict.fromkeys(("version", "length", "bytes"), number),
        **dict.fromkeys(("securities", "classes"), pyarrow.list_(text)),
        "edits": edits_type(pyarrow),
    }
    for column in COLUMNS:
        yield field_of(pyarrow, column, special.get(column, text))


@contextmanager
def records_of(folder: Path, as_of: str, progress: Progress) -> Iterator[Iterator[Record]]:
    """Read the records of one state of the catalog, whatever is written meanwhile."""
    values = {"at": moment_of(as_of) if as_of else None}
    with reading_catalog(folder) as connection:
        (count,) = connection.execute(
            f"SELECT count(*) FROM versions WHERE {_KNOWN}",  # noqa: S608
            values,
        ).fetchone()
        steps: Iterable[int] = progress("versions", range(count))
        rows = connection.execute(_ALL if values["at"] is None else _OF_THEN, values)
        yield (_record(row) for _, row in zip(steps, rows, strict=False))


def _record(row: tuple[Any, ...]) -> Record:
    record = dict(zip(COLUMNS, row, strict=True))
    return record | {name: json.loads(record[name]) for name in _LISTS}


#: Names of the columns of a record, in their order.
COLUMNS = (
    *("info_code", "edition", "version", "title", "digest", "media", "category", "published"),
    *("precision", "securities", "text", "length", "body_source", "extractor", "cause", "edits"),
    *("classes", "captures", "path", "sha256", "bytes", "seen_from", "seen_until"),
)
_ORDER = "ORDER BY published, info_code, edition, version"
_ALL = f"SELECT {', '.join(COLUMNS)} FROM versions {_ORDER}"  # noqa: S608
# The same version can get another media, and other securities from a list: here are those of then.
# Of an article with two posts, the state of then is that of one of them, with the securities of
# both.
_CHANGING = {
    "media": "iif(same.id IS NULL, versions.media, same.media)",
    "securities": """CASE
            WHEN same.id IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM editions WHERE editions.info_code = versions.info_code
            ) THEN (SELECT json_group_array(key) FROM json_each(same.securities))
            ELSE (
                SELECT json_group_array(value) FROM json_each(versions.securities)
                WHERE value IN (SELECT key FROM json_each(known.securities))
            ) END""",
    "seen_until": "NULL",
}
_OF_THEN = f"""
    SELECT {", ".join(f"{_CHANGING.get(name, f'versions.{name}')} AS {name}" for name in COLUMNS)}
    FROM versions
    LEFT JOIN post_states AS known ON known.info_code = versions.info_code
        AND known.known_from <= :at AND (known.known_until > :at) IS NOT FALSE
    LEFT JOIN post_states AS same ON same.id = known.id
        AND (same.version, same.sha256) = (versions.version, versions.sha256)
    WHERE {_KNOWN} {_ORDER}
"""  # noqa: S608
