"""Export the versions of posts as JSON Lines or Parquet: all, or those known at a time.

A record has every column of the catalog's view ``versions``; columns of JSON become lists. Records
are sorted by publication time, then info code, edition and version.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from archive.catalog.known_versions import COLUMNS, count_versions, read_versions
from archive.export.parquet import Record, TypedRecords, edits_type, field_of
from archive.progress import Progress, silent
from archive.search import moment_of
from archive.storage import reading_catalog

_LISTS = ("securities", "edits", "classes", "captures")


@contextmanager
def version_records(
    folder: Path, as_of: str = "", progress: Progress = silent
) -> Iterator[TypedRecords]:
    """Read the versions of one state of the catalog, whatever is written meanwhile.

    :param as_of: only what the archive had stored by this time, and had not found gone; see
        `archive.search.moment`. Empty for all versions.
    :raises ArchiveError: when the archive cannot be read.
    """
    at = moment_of(as_of) if as_of else None
    with reading_catalog(folder) as connection:
        steps: Iterable[int] = progress("versions", range(count_versions(connection, at)))
        rows = read_versions(connection, at)
        found = (_record(row) for _, row in zip(steps, rows, strict=False))
        yield TypedRecords("versions", found, _fields)


def _fields(pyarrow: Any) -> Iterator[Any]:
    """Yield the fields of a version in Parquet."""
    text, number = pyarrow.string(), pyarrow.int64()
    special = {
        **dict.fromkeys(("version", "length", "bytes"), number),
        **dict.fromkeys(("securities", "classes"), pyarrow.list_(text)),
        "edits": edits_type(pyarrow),
    }
    for column in COLUMNS:
        yield field_of(pyarrow, column, special.get(column, text))


def _record(row: tuple[Any, ...]) -> Record:
    record = dict(zip(COLUMNS, row, strict=True))
    return record | {name: json.loads(record[name]) for name in _LISTS}
