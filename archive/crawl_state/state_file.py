"""The SQLite file of the crawl state.

The file is separate from the catalog, because a catalog can be rebuilt from the archive's files
and this file cannot. It may be deleted: crawls then start without blocks, validators and retries.
"""

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from archive.clock import utc_iso
from archive.storage import connect, connect_read_only, sqlite_errors
from archive.tables import Database

# The type of each column, by table and column; the first column of a table is its key.
Tables = Mapping[str, Mapping[str, type]]


class StateFile:
    """An SQLite file whose missing tables and columns are created when it is opened.

    Several threads may use it; one at a time has access.

    :param read_only: work on a copy in memory, and do not write the file, which may be missing.
    :raises ArchiveError: from every method, when the file cannot be read or written.
    """

    _tables: ClassVar[Tables]
    #: What to do when the file cannot be used, as a part of a sentence.
    _remedy: ClassVar[str] = "delete the file, the next crawl creates it again"

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        self._turn = threading.RLock()  # a connection has one transaction at a time
        with self._access(), ExitStack() as failing:
            if read_only:
                self._db = Database(_copy_of(path))
            else:
                self._db = Database(connect(path))
            failing.callback(self._db.close)
            if not read_only:
                self._db.enable_wal()
            for table, columns in self._tables.items():
                key = next(iter(columns))
                created = self._db.table(table).create(dict(columns), pk=key, if_not_exists=True)
                for column in columns.keys() - created.columns_dict.keys():
                    created.add_column(column, columns[column])
            failing.pop_all()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def _access(self) -> Iterator[None]:
        with sqlite_errors(f"Could not use {self._path}", self._remedy), self._turn:
            yield

    def _row(self, sql: str, *parameters: str) -> tuple[Any, ...] | None:
        return next(iter(self._rows(sql, *parameters)), None)

    def _rows(self, sql: str, *parameters: str) -> list[tuple[Any, ...]]:
        with self._access():
            return self._db.conn.execute(sql, parameters).fetchall()


def _copy_of(path: Path) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    if path.exists():
        with closing(connect_read_only(path)) as source:
            for statement in source.iterdump():
                copy.execute(statement)
    return copy


def utc_ms(time: datetime) -> str:
    """Format a time as the crawl state stores it: ISO 8601, UTC, milliseconds."""
    return utc_iso(time, "milliseconds", zone="+00:00")
