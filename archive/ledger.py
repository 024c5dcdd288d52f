"""What the catalog tells of an archive, and what its captures do, to be compared."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from reprlib import repr as shortened
from typing import NamedTuple, Self

from archive import statements
from archive.capture import captures_from, is_capture, is_text
from archive.catalog import Catalog
from archive.errors import ArchiveError
from archive.journal import NOTED
from archive.media import is_kept_as_file, media_path
from archive.statements import Statement
from archive.versions import is_place_of_version

_CATALOG = "catalog.db"
_PAYLOAD = ("digest", "url", "file", "offset", "fetched")
_NAME = "INSERT OR IGNORE INTO named (digest, url, file, offset, fetched) VALUES (?, ?, ?, ?, ?)"


class WrongRow(NamedTuple):
    """A row that cannot be right, whatever the files say.

    :param place: below the archive's folder.
    """

    place: str
    sentence: str


class Named(NamedTuple):
    """A response that the catalog names, in a file.

    :param digest: of its payload; empty where the catalog does not say it.
    """

    offset: int
    url: str
    fetched: str
    digest: str


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
            CREATE TABLE statements (
                about TEXT PRIMARY KEY,
                says BLOB,
                by_file INTEGER, -- nothing is said that the version's file does not say as well
                told INTEGER DEFAULT 0 -- 1: of the same thing, 2: the same
            ) WITHOUT ROWID;
            CREATE TABLE named (
                file TEXT, offset INTEGER, url TEXT, fetched TEXT, digest TEXT,
                PRIMARY KEY (file, offset, url, fetched, digest)
            ) WITHOUT ROWID;
            CREATE TABLE payloads (digest TEXT PRIMARY KEY) WITHOUT ROWID;
            CREATE TABLE responses (
                digest TEXT PRIMARY KEY, file TEXT, offset INTEGER, due INTEGER
            ) WITHOUT ROWID;
            CREATE TABLE revisits (file TEXT, offset INTEGER, digest TEXT);
            """
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, *__: object) -> None:
        self._db.close()
        if isinstance(error, sqlite3.Error):
            raise ArchiveError(f"Could not keep account of what was read: {error}.") from error

    def copy(self, catalog: Catalog) -> list[WrongRow]:
        """Take over what the catalog says of versions, pictures, captures and crawls.

        :returns: rows that cannot be right; of these, nothing is taken over that cannot be.
        :raises ArchiveError: when it cannot be read; what was read until then is taken over.
        """
        wrong: list[WrongRow] = []
        self._db.execute("BEGIN")
        try:
            self._copy_payloads(catalog.rows("payloads", _PAYLOAD), wrong)
            for table, columns in (("posts", NOTED), ("revisions", statements.REVISION)):
                for row in catalog.rows(table, columns):
                    wrong += self._copy_version(row)
            for row in catalog.rows("pictures", statements.PICTURE_KEPT):
                wrong += self._copy_picture(row)
            for row in catalog.rows("changes", statements.CHANGE):
                self._state(statements.of_change(*row))
            for row in catalog.rows("crawls", statements.CRAWL_BEGAN + statements.CRAWL_ENDED):
                for statement in statements.of_crawl(dict(row)):
                    self._state(statement)
        finally:
            self._db.execute("COMMIT")
        return wrong

    def _copy_payloads(self, rows: Iterable[sqlite3.Row], wrong: list[WrongRow]) -> None:
        self._db.executemany(_NAME, _sound_payloads(rows, wrong))
        self._db.execute("INSERT INTO payloads SELECT DISTINCT digest FROM named")

    def _copy_version(self, row: sqlite3.Row) -> Iterator[WrongRow]:
        path, info_code, sha256 = row["path"], row["info_code"], row["sha256"]
        if not is_place_of_version(path):
            told = f"it has a version of {shortened(info_code)} where none can be, at"
            yield WrongRow(_CATALOG, f"{told} {shortened(path)}")
            return
        if not all(isinstance(text, str) and is_text(text) for text in (info_code, sha256)):
            yield WrongRow(path, "what the catalog has as its code or its hash is no text")
            return
        known = self._db.execute(
            "INSERT OR IGNORE INTO versions VALUES (?, ?, ?)", (path, info_code, sha256)
        )
        if not known.rowcount:
            yield WrongRow(path, "the catalog has it as two versions")
        captures = captures_from(row["captures"])
        if captures is None:
            yield WrongRow(path, "what the catalog names as its captures cannot be read")
            return
        for each in captures:
            self._db.execute(_NAME, ("", each.url, each.file, each.offset, each.fetched))
        by_file = row["body_source"] is None and row["captures"] == "[]" and row["version"] == 1
        self._state(statements.of_version(path, row), by_file=by_file)

    def _copy_picture(self, row: sqlite3.Row) -> Iterator[WrongRow]:
        digest, kind = row["sha256"], row["type"]
        if not is_kept_as_file(digest, kind):
            yield WrongRow(_CATALOG, f"it has a picture where none can be, {shortened(digest)}")
            return
        self._db.execute(
            "INSERT OR IGNORE INTO pictures VALUES (?, ?)", (media_path(digest, kind), digest)
        )
        self._state(statements.of_picture(dict(row)))

    def _state(self, statement: Statement, *, by_file: bool = False) -> None:
        self._db.execute(
            "INSERT OR IGNORE INTO statements (about, says, by_file) VALUES (?, ?, ?)",
            (*statement, by_file),
        )

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
        if not is_text(path):
            return None
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
        self,
        file: str,
        responses: Mapping[str, int],
        revisits: Iterable[tuple[int, str]],
        told: Iterable[Statement],
        *,
        due: bool,
    ) -> None:
        """Take over what a file has.

        :param responses: offsets of the first response with a payload, by its digest.
        :param revisits: offsets and digests.
        :param told: what it tells of rows.
        :param due: the catalog must know its payloads.
        """
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT OR IGNORE INTO responses VALUES (?, ?, ?, ?)",
            ((digest, file, offset, due) for digest, offset in responses.items()),
        )
        self._db.executemany(
            "INSERT INTO revisits VALUES (?, ?, ?)",
            ((file, offset, digest) for offset, digest in revisits),
        )
        self._db.executemany(
            "UPDATE statements SET told = iif(says = ?2, 2, 1) WHERE about = ?1 AND told < 2", told
        )
        self._db.execute("COMMIT")

    def take_named(self, file: str, until: int) -> Sequence[Named]:
        """Responses in a file, up to an offset, that the catalog names and that were not taken
        yet.
        """
        these = "FROM named WHERE file = ? AND offset <= ?"
        sql = f"SELECT offset, url, fetched, digest {these} ORDER BY offset"
        taken = self._db.execute(sql, (file, until)).fetchall()
        self._db.execute(f"DELETE {these}", (file, until))
        return [Named(*row) for row in taken]

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

    def unknown_payloads(self) -> Iterator[tuple[str, int, int]]:
        """Files with payloads that the catalog should know: the first of them, and how many."""
        return self._db.execute(
            "SELECT file, min(offset), count(*) FROM responses"
            " WHERE due AND digest NOT IN (SELECT digest FROM payloads)"
            " GROUP BY file ORDER BY file"
        )

    def contradicted(self) -> Iterator[tuple[str]]:
        """Of what the catalog says otherwise than every capture that tells of it."""
        return self._db.execute("SELECT about FROM statements WHERE told = 1 ORDER BY about")

    def untold(self) -> tuple[int, str]:
        """Of how much the catalog says what no capture tells of, and the first of it."""
        sql = "SELECT count(*), min(about) FROM statements WHERE told = 0 AND NOT by_file"
        count, first = self._db.execute(sql).fetchone()
        return count, first


def _sound_payloads(rows: Iterable[sqlite3.Row], wrong: list[WrongRow]) -> Iterator[sqlite3.Row]:
    """The rows of ``payloads`` that can be right; what is told of the others goes to `wrong`."""
    for row in rows:
        digest, *place = row
        if is_capture(*place) and isinstance(digest, str) and is_text(digest):
            yield row
        else:
            told = f"it has no capture of the payload {shortened(digest)}"
            wrong.append(WrongRow(_CATALOG, told))
