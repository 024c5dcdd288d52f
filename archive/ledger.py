"""What the catalog tells of an archive, and what its captures do, to be compared."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Self

from archive.catalog import Catalog
from archive.errors import ArchiveError


class Ledger:
    """A temporary database, so that memory does not grow with the archive.

    :raises ArchiveError: when its block is left because the disk has no room for it.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.executescript(
            """
            CREATE TABLE versions (
                path TEXT PRIMARY KEY, info_code TEXT, sha256 TEXT
            ) WITHOUT ROWID;
            CREATE TABLE pictures (path TEXT PRIMARY KEY, sha256 TEXT) WITHOUT ROWID;
            CREATE INDEX versions_of ON versions (info_code);
            CREATE TABLE named (
                file TEXT, offset INTEGER, url TEXT, PRIMARY KEY (file, offset, url)
            ) WITHOUT ROWID;
            CREATE TABLE responses (digest TEXT PRIMARY KEY) WITHOUT ROWID;
            CREATE TABLE revisits (file TEXT, offset INTEGER, digest TEXT);
            """
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, *__: object) -> None:
        self._db.close()
        if isinstance(error, sqlite3.Error):
            raise ArchiveError(f"Could not keep account of what was read: {error}.") from error

    def copy(self, catalog: Catalog) -> list[str]:
        """Take over what the catalog knows of versions, pictures and captures.

        :returns: paths of the versions whose captures cannot be read.
        :raises ArchiveError: when it cannot be read; what was read until then is taken over.
        """
        unreadable = []
        self._db.execute("BEGIN")
        try:
            for info_code, path, digest, captures in catalog.all_versions():
                self._db.execute(
                    "INSERT OR IGNORE INTO versions VALUES (?, ?, ?)", (path, info_code, digest)
                )
                if captures is None:
                    unreadable.append(path)
                    continue
                self._db.execute(
                    "INSERT OR IGNORE INTO named"
                    " SELECT json_extract(value, '$.file'), json_extract(value, '$.offset'),"
                    " json_extract(value, '$.url') FROM json_each(?)",
                    (captures,),
                )
            self._db.executemany(
                "INSERT OR IGNORE INTO named VALUES (?, ?, ?)", catalog.first_captures()
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO pictures VALUES (?, ?)", catalog.kept_pictures()
            )
        finally:
            self._db.execute("COMMIT")
        return unreadable

    def count(self, table: str) -> int:
        """How many ``versions`` or ``pictures`` the catalog knows."""
        (count,) = self._db.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
        return int(count)

    def versions(self) -> Iterator[tuple[str, str, str]]:
        """Path, SHA-256 and info code of every version, by path."""
        return self._db.execute("SELECT path, sha256, info_code FROM versions ORDER BY path")

    def pictures(self) -> Iterator[tuple[str, str]]:
        """Path and SHA-256 of every picture, by path."""
        return self._db.execute("SELECT path, sha256 FROM pictures ORDER BY path")

    def hash_of(self, path: str) -> str | None:
        """The SHA-256 of the version or picture there; None where the catalog knows none."""
        sql = """
            SELECT sha256 FROM versions WHERE path = ?1
            UNION ALL SELECT sha256 FROM pictures WHERE path = ?1
        """
        row = self._db.execute(sql, (path,)).fetchone()
        return row[0] if row else None

    def superseded(self, info_code: str, sha256: str) -> str | None:
        """The path of a superseded version; None where there is none with the hash."""
        sql = """
            SELECT path FROM versions
            WHERE path LIKE 'revisions/%' AND info_code = ? AND sha256 = ? ORDER BY path DESC
        """
        row = self._db.execute(sql, (info_code, sha256)).fetchone()
        return row[0] if row else None

    def note(
        self, file: str, responses: Iterable[str], revisits: Iterable[tuple[int, str]]
    ) -> None:
        """Take over what a file has: the digests of payloads, and offsets and digests of
        revisits.
        """
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT OR IGNORE INTO responses VALUES (?)", ((digest,) for digest in responses)
        )
        self._db.executemany(
            "INSERT INTO revisits VALUES (?, ?, ?)",
            ((file, offset, digest) for offset, digest in revisits),
        )
        self._db.execute("COMMIT")

    def take_named(self, file: str, until: int) -> list[tuple[int, str]]:
        """Offsets and addresses of the captures in a file, up to an offset, that the catalog
        names, and that were not taken yet.
        """
        these = "FROM named WHERE file = ? AND offset <= ?"
        sql = f"SELECT offset, url {these} ORDER BY offset"
        taken = self._db.execute(sql, (file, until)).fetchall()
        self._db.execute(f"DELETE {these}", (file, until))
        return taken

    def still_named(self) -> Iterator[tuple[str, int]]:
        """Files, and how many captures the catalog names in each, that were not taken."""
        return self._db.execute(
            "SELECT file, count(DISTINCT offset) FROM named GROUP BY file ORDER BY file"
        )

    def unanswered(self) -> Iterator[tuple[str, int, str]]:
        """File, offset and digest of revisits whose payload no response has."""
        return self._db.execute(
            "SELECT file, offset, digest FROM revisits"
            " WHERE digest NOT IN (SELECT digest FROM responses) ORDER BY file, offset"
        )
