"""The log of the batches that the archive has, so that a batch received twice changes nothing.

It is a file next to the catalog, which also has the schedule. When it is deleted, the counts of
running crawls and the states of jobs are lost, and the workers request the ids of all archived
articles again; nothing else.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from archive.capture import Capture
from archive.clock import utc_iso
from archive.storage import plain, sqlite_errors

#: Time after which the batches of a crawl are deleted.
_RETENTION = timedelta(days=7)
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS archive (identity TEXT);
    CREATE TABLE IF NOT EXISTS crawls (
        crawl TEXT PRIMARY KEY, number INTEGER, begun TEXT
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS batches (
        crawl TEXT, number INTEGER, outcomes TEXT, PRIMARY KEY (crawl, number)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS captures (
        crawl TEXT, offset INTEGER, capture TEXT, PRIMARY KEY (crawl, offset)
    ) WITHOUT ROWID;
    DROP TABLE IF EXISTS jobs;
"""


class BatchLog:
    """The batches and captures of crawls.

    :raises ArchiveError: here and from every method, when the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._access(), ExitStack() as failing:
            self._db = sqlite3.connect(plain(path), timeout=30)
            failing.callback(self._db.close)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_SCHEMA)
            with self._db:
                self._db.execute(
                    "INSERT INTO archive SELECT ? WHERE NOT EXISTS (SELECT 1 FROM archive)",
                    [uuid4().hex],
                )
            failing.pop_all()

    def _access(self) -> AbstractContextManager[None]:
        return sqlite_errors(f"Could not use the file {self._path}")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @property
    def identity(self) -> str:
        """The identity of the archive, for workers that store the ids of its articles."""
        return str(self._rows("SELECT identity FROM archive")[0][0])

    def has(self, crawl: str, number: int) -> bool:
        """Return whether a batch was written."""
        sql = "SELECT 1 FROM batches WHERE crawl = ? AND number = ?"
        return bool(self._rows(sql, crawl, number))

    def captures(self, crawl: str, offsets: Iterable[int]) -> dict[int, Capture]:
        """Return the captures of those exchanges of a crawl that are stored.

        :param offsets: offsets of the exchanges on the worker.
        """
        sql = """
            SELECT offset, capture FROM captures
            WHERE crawl = ? AND offset IN (SELECT value FROM json_each(?))
        """
        rows = self._rows(sql, crawl, json.dumps(list(offsets)))
        return {offset: Capture(**json.loads(facts)) for offset, facts in rows}

    def put(
        self, crawl: str, number: int, outcomes: Mapping[str, int], captures: Mapping[int, Capture]
    ) -> None:
        """Record that a batch was written.

        :param outcomes: number of its articles by outcome.
        :param captures: captures of its exchanges, by their offset on the worker.
        """
        with self._access(), self._db:
            self._db.execute(
                "INSERT INTO batches VALUES (?, ?, ?)", [crawl, number, json.dumps(outcomes)]
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO captures VALUES (?, ?, ?)",
                (
                    (crawl, offset, json.dumps(asdict(capture)))
                    for offset, capture in captures.items()
                ),
            )

    def begin(self, crawl: str, number: int, now: datetime) -> None:
        """Record that a crawl has begun; delete old crawls.

        :param number: number of the crawl in the catalog.
        """
        with self._access(), self._db:
            self._db.execute(
                "INSERT OR REPLACE INTO crawls (crawl, number, begun) VALUES (?, ?, ?)",
                [crawl, number, utc_iso(now)],
            )
            old = "(SELECT crawl FROM crawls WHERE begun < ?)"
            for table in ("batches", "captures", "crawls"):
                self._db.execute(
                    f"DELETE FROM {table} WHERE crawl IN {old}",  # noqa: S608
                    [utc_iso(now - _RETENTION)],
                )

    def number_of(self, crawl: str) -> int | None:
        """Return the number of a crawl in the catalog; None when it never began."""
        rows = self._rows("SELECT number FROM crawls WHERE crawl = ?", crawl)
        return int(rows[0][0]) if rows else None

    def outcomes(self, crawl: str) -> tuple[int, Counter[str]]:
        """Return the number of batches of a crawl, and the number of articles by outcome."""
        rows = self._rows("SELECT outcomes FROM batches WHERE crawl = ?", crawl)
        total: Counter[str] = Counter()
        for (outcomes,) in rows:
            total.update(json.loads(outcomes))
        return len(rows), total

    def end(self, crawl: str) -> None:
        """Delete the captures of a crawl that has ended."""
        with self._access(), self._db:
            self._db.execute("DELETE FROM captures WHERE crawl = ?", [crawl])

    def _rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self._access():
            return self._db.execute(sql, parameters).fetchall()
