"""A file of what crawls remember of the sites between runs.

It is beside the catalog, in a file of its own, because no file of the archive could give it back:
whoever deletes it loses good manners for a while, and nothing else.
"""

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from sqlite_utils import Database

from archive.clock import utc_iso
from archive.storage import connect_read_only, plain, sqlite_errors

Tables = Mapping[str, Mapping[str, type]]
"""The types of columns, by name and table; the first column of a table is its key."""


class StateFile:
    """An SQLite file that has at least some tables and columns. Threads take turns.

    :param read_only: work on a copy in memory, and leave the file alone.
    :raises ArchiveError: from every method, when the file cannot be read or written.
    """

    _tables: ClassVar[Tables]

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        self._turn = threading.RLock()  # a connection has one transaction at a time
        with self._access(), ExitStack() as failing:
            if read_only:
                self._db = Database(_copy_of(path))
            else:
                self._db = Database(
                    sqlite3.connect(plain(path), timeout=30, check_same_thread=False)
                )
            failing.callback(self._db.close)
            if not read_only:
                self._db.enable_wal()
            for table, columns in self._tables.items():
                key = next(iter(columns))
                made = self._db.table(table).create(dict(columns), pk=key, if_not_exists=True)
                for column in columns.keys() - made.columns_dict.keys():
                    made.add_column(column, columns[column])
            failing.pop_all()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def _access(self) -> Iterator[None]:
        remedy = "it may be deleted, and is then made anew"
        with sqlite_errors(f"Could not use {self._path}", remedy), self._turn:
            yield

    def _row(self, sql: str, *parameters: str) -> tuple[Any, ...] | None:
        return next(iter(self._rows(sql, *parameters)), None)

    def _rows(self, sql: str, *parameters: str) -> list[tuple[Any, ...]]:
        with self._access():
            return self._db.conn.execute(sql, parameters).fetchall()


def _copy_of(path: Path) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    with closing(connect_read_only(path)) as source:
        for statement in source.iterdump():
            copy.execute(statement)
    return copy


def utc_ms(time: datetime) -> str:
    """Write a time as these files have it."""
    return utc_iso(time, "milliseconds", zone="+00:00")
