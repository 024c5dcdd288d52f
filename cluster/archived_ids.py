"""The ids of archived articles on a worker's disk, so that no link costs a request to the writer.

A new crawl requests from the writer the articles archived since the last crawl on this machine, and
then looks ids up here. The set is exact, unlike a Bloom filter: an article that is wrongly taken
for archived would never be fetched.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import Any

from archive.article import Edition
from archive.article_id import ArticleId
from archive.clock import utc_iso
from archive.errors import ArchiveError
from archive.storage import Closing, plain, sqlite_errors

#: First-seen time (ISO 8601, UTC), article code, path and category slug of a post.
Seen = tuple[str, str, str, str | None]

#: Version of the tables; a file with another version is emptied and filled again.
_VERSION = 3

_SCHEMA = f"""
    DROP TABLE IF EXISTS slugs; DROP TABLE IF EXISTS known; DROP TABLE IF EXISTS state;
    CREATE TABLE known (
        code TEXT, edition TEXT, slug TEXT, seen TEXT, PRIMARY KEY (code, edition)
    ) WITHOUT ROWID;
    CREATE TABLE state (archive TEXT, first_seen TEXT);
    PRAGMA user_version = {_VERSION};
"""


class ArchivedIds(Closing):
    """The ids of an archive's articles, as of the last request to the writer.

    Several crawls of one machine may have the file open.

    :param path: path of an SQLite file; when it is deleted, it is filled again.
    :raises ArchiveError: here and from every method, when the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArchiveError(f"Could not use {path}: {error}.") from error
        with self._access(), ExitStack() as failing:
            self._db = sqlite3.connect(
                plain(path), timeout=60, check_same_thread=False, cached_statements=0
            )
            failing.callback(self._db.close)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version != _VERSION:
                self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT")
            failing.pop_all()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def up_to(self, archive: str) -> str:
        """Return when the newest article in the file was first seen; empty when there is none.

        :param archive: identity of the archive. The articles of any other archive are deleted.
        """
        with self._access(), self._db:
            row = self._db.execute("SELECT archive, first_seen FROM state").fetchone()
            if row and row[0] == archive:
                return str(row[1])
            self._db.executescript("DELETE FROM known; DELETE FROM state;")
            self._db.execute("INSERT INTO state VALUES (?, '')", [archive])
        return ""

    def learn(self, seen: Sequence[Seen]) -> None:
        """Add posts of the archive, in the order in which they were first seen."""
        if not seen:
            return
        rows = ((code, Edition.of_name(path), slug, time) for time, code, path, slug in seen)
        with self._access(), self._db:
            self._db.executemany("INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?)", rows)
            newest = seen[-1][0]
            self._db.execute("UPDATE state SET first_seen = max(first_seen, ?)", [newest])

    def has(self, info_code: ArticleId, edition: Edition | None = None) -> bool:
        """Return whether the archive has the article.

        :param edition: edition to look for; None for any.
        """
        return self._one("SELECT 1 FROM known WHERE code = ?", info_code, edition) is not None

    def was_known(self, info_code: ArticleId, at: datetime) -> bool:
        """Return whether the archive had the article at a time."""
        row = self._one("SELECT min(seen) FROM known WHERE code = ? GROUP BY code", info_code)
        return row is not None and str(row[0]) <= utc_iso(at)

    def slug_of(self, info_code: ArticleId, edition: Edition | None = None) -> str | None:
        """Return the slug of the category that the article is archived in; None without one.

        :param edition: edition to look for; None for the media's edition, or else any.
        """
        row = self._one("SELECT slug FROM known WHERE code = ?", info_code, edition)
        return str(row[0]) if row and row[0] is not None else None

    def _one(
        self, sql: str, info_code: ArticleId, edition: Edition | None = None
    ) -> tuple[Any, ...] | None:
        wanted: list[object] = [info_code]
        if edition is not None:
            sql, wanted = f"{sql} AND edition = ?", [*wanted, edition]
        with self._access(), closing(self._db.execute(sql, wanted)) as found:
            row: tuple[Any, ...] | None = found.fetchone()
        return row

    def _access(self) -> AbstractContextManager[None]:
        return sqlite_errors(
            f"Could not use {self._path}", "it may be deleted, and is then filled again"
        )
