"""Export the versions of posts as JSON Lines or Parquet: all, or those known at a time.

A record has every column of the catalog's view ``versions``; columns of JSON become lists. Records
are sorted by publication time, then info code, edition and version.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from archive.catalog.known_versions import COLUMNS, count_versions, read_versions
from archive.export.output import write_lines
from archive.export.parquet import Record, edits_type, field_of, write_parquet
from archive.progress import Progress, silent
from archive.search import moment_of
from archive.storage import reading_catalog

_LISTS = ("securities", "edits", "classes", "captures")


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
    at = moment_of(as_of) if as_of else None
    with reading_catalog(folder) as connection:
        steps: Iterable[int] = progress("versions", range(count_versions(connection, at)))
        rows = read_versions(connection, at)
        yield (_record(row) for _, row in zip(steps, rows, strict=False))


def _record(row: tuple[Any, ...]) -> Record:
    record = dict(zip(COLUMNS, row, strict=True))
    return record | {name: json.loads(record[name]) for name in _LISTS}
