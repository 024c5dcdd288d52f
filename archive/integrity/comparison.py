"""What the catalog says of an archive, and what its files show, to be compared."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from reprlib import repr as shortened
from typing import NamedTuple

from archive.capture import captures_from, is_capture, is_text
from archive.catalog import CatalogReader
from archive.errors import ArchiveError
from archive.integrity import journal_digests as statements
from archive.integrity.file_scan import Captured, Hashed
from archive.integrity.journal_digests import RecordedVersion
from archive.process_pool import chunks
from archive.storage import TemporaryDatabase, is_place_of_version, is_stored_picture, media_path
from archive.writing import NOTED

_CATALOG = "catalog.db"
_PAYLOAD = ("digest", "url", "file", "offset", "fetched")
_ROWS_AT_ONCE = 500


class WrongRow(NamedTuple):
    """A row that cannot be right, whatever the files say.

    :param place: below the archive's folder.
    """

    place: str
    sentence: str


_Named = tuple[str, int, str, str, str]
_Stated = tuple[str, bytes, bool]
_Copy = Callable[[list[sqlite3.Row]], Iterable[WrongRow]]


class Differing(NamedTuple):
    """A version or a picture whose file the catalog says otherwise.

    :param info_code: of a version; None for a picture.
    :param found: hash of the file; None where none was found.
    """

    path: str
    info_code: str | None
    sha256: str
    found: str | None


class Misnamed(NamedTuple):
    """A response that the catalog names, and that is not so.

    :param digest: of its payload; empty where the catalog does not say it.
    :param found_url: of what is there instead; None where there is nothing.
    """

    file: str
    offset: int
    url: str
    fetched: str
    digest: str
    found_url: str | None
    found_fetched: str | None


def _until_failure(
    rows: Iterator[sqlite3.Row], failures: list[ArchiveError]
) -> Iterator[sqlite3.Row]:
    """What can be read, and then, in `failures`, why no more can be."""
    try:
        yield from rows
    except ArchiveError as error:
        failures.append(error)


_ONLY_ITS_FILE = """by_file AND NOT EXISTS (
    SELECT 1 FROM versions JOIN recorded USING (path, sha256) WHERE path = about
)"""


_SCHEMA = """
    -- What the catalog says.
    CREATE TABLE versions (path TEXT, info_code TEXT, sha256 TEXT);
    CREATE INDEX versions_at ON versions (path);
    CREATE INDEX versions_of ON versions (info_code);
    CREATE TABLE pictures (path TEXT PRIMARY KEY, sha256 TEXT) WITHOUT ROWID;
    CREATE TABLE statements (
        about TEXT PRIMARY KEY,
        says BLOB,
        by_file INTEGER -- nothing is said that the version's file does not say as well
    ) WITHOUT ROWID;
    CREATE TABLE named (
        file TEXT, offset INTEGER, url TEXT, fetched TEXT, digest TEXT,
        PRIMARY KEY (file, offset, url, fetched, digest)
    ) WITHOUT ROWID;
    CREATE TABLE payloads (digest TEXT PRIMARY KEY) WITHOUT ROWID;

    -- What the files show.
    CREATE TABLE files (path TEXT PRIMARY KEY, sha256 TEXT) WITHOUT ROWID;
    CREATE INDEX files_by_hash ON files (sha256);
    CREATE TABLE sought (path TEXT);
    CREATE TABLE captures (file TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE responses (
        file TEXT, offset INTEGER, url TEXT, fetched TEXT, digest TEXT,
        PRIMARY KEY (file, offset)
    ) WITHOUT ROWID;
    CREATE TABLE originals (
        digest TEXT PRIMARY KEY, file TEXT, offset INTEGER, due INTEGER
    ) WITHOUT ROWID;
    CREATE TABLE revisits (file TEXT, offset INTEGER, digest TEXT);
    CREATE TABLE told (
        about TEXT, says BLOB, PRIMARY KEY (about, says)
    ) WITHOUT ROWID;
    CREATE TABLE recorded (
        info_code TEXT, edition TEXT, version INTEGER, path TEXT, sha256 TEXT,
        crawl INTEGER, due INTEGER
    );
    CREATE TABLE ended (crawl INTEGER PRIMARY KEY);
    CREATE INDEX recorded_of ON recorded (info_code, edition);
    CREATE INDEX recorded_at ON recorded (path);
"""


class Ledger(TemporaryDatabase):
    """What the catalog says of an archive, and what its files show, in temporary tables.

    The catalog and the files are taken down in any order. What differs is asked for afterwards.
    """

    def __init__(self) -> None:
        super().__init__(_SCHEMA, "keep account of what was read")
        self._crawls = 0

    def copy(self, catalog: CatalogReader) -> list[WrongRow]:
        """Take over what the catalog says, see `copying`."""
        return [*chain.from_iterable(self.copying(catalog))]

    def copying(self, catalog: CatalogReader) -> Iterator[list[WrongRow]]:
        """Take over what the catalog says of versions, pictures, captures and crawls, some rows
        at each step.

        :returns: rows that cannot be right; of these, nothing is taken over that cannot be.
        :raises ArchiveError: when it cannot be read; what was read until then is taken over.
        """
        crawl = statements.CRAWL_BEGAN + statements.CRAWL_ENDED
        tables: tuple[tuple[str, tuple[str, ...], _Copy], ...] = (
            ("payloads", _PAYLOAD, self._copy_payloads),
            ("post_files", NOTED, self._copy_versions),
            ("revisions", statements.REVISION, self._copy_versions),
            ("pictures", statements.PICTURE_KEPT, self._copy_pictures),
            ("changes", statements.CHANGE, self._copy_changes),
            ("crawls", crawl, self._copy_crawls),
        )
        failures: list[ArchiveError] = []
        for table, columns, copy in tables:
            readable = _until_failure(catalog.rows(table, columns), failures)
            for rows in chunks(readable, _ROWS_AT_ONCE):
                yield [*copy(rows)]
            for failure in failures:
                raise failure
        told = "its row is not made of those of the two posts that the article has"
        yield [WrongRow(statements.plain(path), told) for path in catalog.wrongly_merged()]

    def _copy_payloads(self, rows: list[sqlite3.Row]) -> Iterator[WrongRow]:
        sound = []
        for row in rows:
            digest, *place = row
            if is_capture(*place) and isinstance(digest, str) and is_text(digest):
                sound.append((row["file"], row["offset"], row["url"], row["fetched"], digest))
            else:
                told = f"it has no capture of the payload {shortened(digest)}"
                yield WrongRow(_CATALOG, told)
        self._name(sound)
        self._add("payloads", 1, ((digest,) for *_, digest in sound))

    def _copy_versions(self, rows: list[sqlite3.Row]) -> Iterator[WrongRow]:
        versions: list[tuple[str, str, str]] = []
        named: list[_Named] = []
        stated: list[_Stated] = []
        for row in rows:
            path, info_code, sha256 = row["path"], row["info_code"], row["sha256"]
            if not is_place_of_version(path):
                told = f"it has a version of {shortened(info_code)} where none can be, at"
                yield WrongRow(_CATALOG, f"{told} {shortened(path)}")
                continue
            if not all(isinstance(text, str) and is_text(text) for text in (info_code, sha256)):
                yield WrongRow(path, "what the catalog has as its code or its hash is no text")
                continue
            versions.append((path, info_code, sha256))
            captures = captures_from(row["captures"])
            if captures is None:
                yield WrongRow(path, "what the catalog names as its captures cannot be read")
                continue
            named += [(each.file, each.offset, each.url, each.fetched, "") for each in captures]
            by_file = (row["body_source"], row["captures"]) == (None, "[]")
            stated.append((*statements.of_version(path, dict(row)), by_file))
        self._add("versions", 3, versions)
        self._name(named)
        self._state(stated)

    def _copy_pictures(self, rows: list[sqlite3.Row]) -> Iterator[WrongRow]:
        for row in rows:
            digest, kind = row["sha256"], row["type"]
            if is_stored_picture(digest, kind):
                self._add("pictures", 2, [(media_path(digest, kind), digest)])
                self._state([(*statements.of_picture(dict(row)), False)])
            else:
                told = f"it has a picture where none can be, {shortened(digest)}"
                yield WrongRow(_CATALOG, told)

    def _copy_changes(self, rows: list[sqlite3.Row]) -> Iterable[WrongRow]:
        self._state((*statements.of_change(*row), False) for row in rows)
        return ()

    def _copy_crawls(self, rows: list[sqlite3.Row]) -> Iterable[WrongRow]:
        stated = chain.from_iterable(statements.of_crawl(dict(row)) for row in rows)
        self._state((*statement, False) for statement in stated)
        return ()

    def _name(self, named: Iterable[_Named]) -> None:
        self._add("named", 5, named)

    def _state(self, stated: Iterable[_Stated]) -> None:
        self._add("statements", 3, stated)

    def _add(self, table: str, columns: int, rows: Iterable[tuple[object, ...]]) -> None:
        values = ", ".join("?" * columns)
        self._db.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({values})", rows)  # noqa: S608

    def note_files(self, found: Iterable[Hashed]) -> None:
        """Take down files of versions and pictures."""
        self._add("files", 2, ((statements.plain(path), sha256) for path, sha256 in found))

    def note_captures(self, file: str, found: Captured, *, due: bool) -> None:
        """Take down what the records of a WARC file are.

        :param due: the catalog must know its payloads, and the archive have its versions.
        """
        self._add("captures", 1, [(file,)])
        self._add("responses", 5, ((file, *response) for response in found.responses))
        payloads = ((digest, file, offset, due) for digest, offset in found.payloads.items())
        self._add("originals", 4, payloads)
        self._add("revisits", 3, ((file, *revisit) for revisit in found.revisits))
        self._add("told", 2, found.told)
        versions = ((*version, self._crawls + crawl, due) for version, crawl in found.versions)
        self._add("recorded", 7, versions)
        self._add("ended", 1, ((self._crawls + crawl,) for crawl in found.ended))
        self._crawls += found.began

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

    def seek(self) -> int:
        """See which versions and pictures are not among the files that were noted.

        :returns: how many.
        """
        self._db.execute(
            """
            INSERT INTO sought
            SELECT path FROM (SELECT path FROM versions UNION SELECT path FROM pictures)
            WHERE path NOT IN (SELECT path FROM files)
            """
        )
        (count,) = self._db.execute("SELECT count(*) FROM sought").fetchone()
        return int(count)

    def sought(self) -> Iterator[str]:
        """Their paths."""
        return (path for (path,) in self._db.execute("SELECT path FROM sought"))

    def twice(self) -> Iterator[tuple[str]]:
        """Paths that the catalog has as those of several versions."""
        return self._db.execute("SELECT path FROM versions GROUP BY path HAVING count(*) > 1")

    def differing(self) -> Iterator[Differing]:
        """Versions, by path, then pictures, whose file was not found or has another hash."""
        versions = """
            SELECT path, info_code, versions.sha256, files.sha256, min(versions.rowid)
            FROM versions LEFT JOIN files USING (path)
            GROUP BY path HAVING files.sha256 IS NOT versions.sha256 ORDER BY path
        """
        pictures = """
            SELECT path, NULL, pictures.sha256, files.sha256, NULL
            FROM pictures LEFT JOIN files USING (path)
            WHERE files.sha256 IS NOT pictures.sha256 ORDER BY path
        """
        for sql in (versions, pictures):
            for *differing, _ in self._db.execute(sql):
                yield Differing(*differing)

    def unknown_files(self) -> Iterator[tuple[str]]:
        """Paths of files that the catalog knows nothing of."""
        return self._db.execute(
            "SELECT path FROM files WHERE path NOT IN (SELECT path FROM versions)"
            " AND path NOT IN (SELECT path FROM pictures) ORDER BY path"
        )

    def lost_captures(self) -> Iterator[tuple[str, int]]:
        """WARC files that are not there, and how many captures the catalog names in each."""
        return self._db.execute(
            "SELECT file, count(DISTINCT offset) FROM named"
            " WHERE file NOT IN (SELECT file FROM captures) GROUP BY file ORDER BY file"
        )

    def misnamed(self) -> Iterator[Misnamed]:
        """Responses in files that are there, and that are not as the catalog names them."""
        sql = """
            SELECT file, offset, named.url, named.fetched, max(named.digest),
                found.url, found.fetched
            FROM named LEFT JOIN responses AS found USING (file, offset)
            WHERE file IN (SELECT file FROM captures) AND (
                found.url IS NOT named.url OR found.fetched IS NOT named.fetched
                OR named.digest NOT IN ('', found.digest)
            )
            GROUP BY file, offset, named.url, named.fetched ORDER BY file, offset
        """
        return map(Misnamed._make, self._db.execute(sql))

    def unanswered(self) -> Iterator[tuple[str, int, str]]:
        """File, offset and digest of revisits whose payload no response has."""
        return self._db.execute(
            "SELECT file, offset, digest FROM revisits"
            " WHERE digest NOT IN (SELECT digest FROM originals) ORDER BY file, offset"
        )

    def unknown_payloads(self) -> Iterator[tuple[str, int, int]]:
        """Files with payloads that the catalog should know: the first of them, and how many."""
        return self._db.execute(
            "SELECT file, min(offset), count(*) FROM originals"
            " WHERE due AND digest NOT IN (SELECT digest FROM payloads)"
            " GROUP BY file ORDER BY file"
        )

    def contradicted(self) -> Iterator[tuple[str]]:
        """Of what the catalog says otherwise than every capture that tells of it.

        Not of a version that only its file tells of, as when newer captures are lost.
        """
        sql = f"""
            SELECT about FROM statements JOIN told USING (about) WHERE NOT ({_ONLY_ITS_FILE})
            GROUP BY about HAVING NOT max(told.says = statements.says) ORDER BY about
        """  # noqa: S608
        return self._db.execute(sql)

    def newer_than_captures(self) -> Iterator[tuple[str]]:
        """Paths of versions of which the captures know other ones only."""
        sql = f"""
            SELECT about FROM statements WHERE about IN (SELECT path FROM recorded)
            AND {_ONLY_ITS_FILE} ORDER BY about
        """  # noqa: S608
        return self._db.execute(sql)

    def lost_versions(self) -> Iterator[RecordedVersion]:
        """Versions that records are of, and that neither the catalog nor a file has.

        Not those that were recorded a second time under their number, by what was done after a
        kill, before there was a newer one. Neither those that were being stored at a kill: they are
        the last ones of a crawl without an end, or of the file that was being written.
        """
        sql = """
            SELECT info_code, edition, version, path, sha256 FROM recorded AS lost
            WHERE (
                NOT crawl OR crawl IN (SELECT crawl FROM ended) OR EXISTS (
                    SELECT 1 FROM recorded AS stored JOIN versions USING (info_code, sha256)
                    WHERE stored.crawl = lost.crawl AND stored.rowid > lost.rowid
                    AND NOT EXISTS (
                        SELECT 1 FROM recorded AS again
                        WHERE again.info_code = stored.info_code
                        AND again.edition = stored.edition
                        AND again.version = stored.version AND again.rowid > stored.rowid
                    )
                )
            )
            AND (
                due OR rowid < (
                    SELECT max(recorded.rowid)
                    FROM recorded JOIN versions USING (info_code, sha256)
                )
            )
            AND sha256 NOT IN (SELECT sha256 FROM versions WHERE info_code = lost.info_code)
            AND NOT EXISTS (SELECT 1 FROM files WHERE files.sha256 = lost.sha256)
            AND NOT EXISTS (
                SELECT 1 FROM recorded AS again
                WHERE again.info_code = lost.info_code AND again.edition = lost.edition
                AND again.rowid > lost.rowid AND again.version = lost.version
                AND NOT EXISTS (
                    SELECT 1 FROM recorded AS newer
                    WHERE newer.info_code = lost.info_code AND newer.edition = lost.edition
                    AND newer.version > lost.version
                    AND newer.rowid BETWEEN lost.rowid AND again.rowid
                )
            )
        """
        return map(RecordedVersion._make, self._db.execute(sql))

    def untold(self) -> tuple[int, str]:
        """Of how much the catalog says what no capture tells of, and the first of it."""
        sql = """
            SELECT count(*), min(about) FROM statements
            WHERE NOT by_file AND about NOT IN (SELECT about FROM told)
        """
        count, first = self._db.execute(sql).fetchone()
        return count, first
