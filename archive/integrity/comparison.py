"""Compare what the catalog states about an archive with what its files show.

A `Comparison` collects three kinds of facts in temporary tables. Their order does not matter, but
records must come in the order in which they were written:

- row facts, from the catalog (`add_catalog`): the path and hash of each version and picture, the
  captures that each row names, and a digest of all that each row states;
- recorded facts, from the journal in the WARC files (`add_records`): a digest of all that each
  record states, and the versions that were archived;
- file facts, from the disk (`add_files`, `add_records`): the hash of each file, and the place,
  address and payload of each captured response.

Then each query returns one kind of difference. For example, `differing_files` compares the hashes
of rows with those of files, and `contradicted_rows` the digests of rows with those of records.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from reprlib import repr as short_repr
from typing import NamedTuple

from archive.capture import captures_from, is_capture, is_text
from archive.catalog import CatalogReader
from archive.errors import ArchiveError
from archive.integrity.file_scan import FileHash, ScannedRecords
from archive.integrity.journal_digests import (
    ABSENCE,
    CAUSE,
    CAUSE_OF,
    CRAWL_BEGAN,
    CRAWL_ENDED,
    PICTURE_COLUMNS,
    REVISION,
    FactDigest,
    RecordedVersion,
    digest_of_cause,
    digest_of_picture,
    digest_of_version,
    digests_of_absence,
    digests_of_crawl,
    encodable,
)
from archive.process_pool import chunks
from archive.storage import TemporaryDatabase, is_place_of_version, is_stored_picture, media_path
from archive.writing import NOTED

_CATALOG = "catalog.db"
_PLACE = ("url", "file", "offset", "fetched")
# Rows of the catalog that are added at each step.
_ROWS_AT_ONCE = 500


class WrongRow(NamedTuple):
    """A row that cannot be right, whatever the files show.

    :param place: of what the row is about, below the archive's folder.
    """

    place: str
    sentence: str


_AddRows = Callable[[list[sqlite3.Row]], Iterable[WrongRow]]


class DifferingFile(NamedTuple):
    """A file that does not have the hash that the catalog states.

    :param info_code: of a version; None for a picture.
    :param sha256: as the catalog states it.
    :param found: hash of the file; None where there is no file.
    """

    path: str
    info_code: str | None
    sha256: str
    found: str | None


class DifferingCapture(NamedTuple):
    """A response that is not as the catalog states.

    :param digest: of its payload; empty where the catalog does not state it.
    :param found_url: address of the response that is there; None where there is none.
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
    """Yield the rows that can be read, then append to `failures` why no more can be.

    Raising at once would lose the rows of the last, incomplete chunk.
    """
    try:
        yield from rows
    except ArchiveError as error:
        failures.append(error)


# Condition for a row of `row_facts`: a version whose row states nothing that its file does not
# show as well, while the journal has no version with the hash of that file.
_KNOWN_FROM_FILE_ALONE = """only_file AND NOT EXISTS (
    SELECT 1 FROM versions JOIN recorded_versions USING (path, sha256) WHERE path = about
)"""


_SCHEMA = """
    -- Row facts.
    CREATE TABLE versions (path TEXT, info_code TEXT, sha256 TEXT);
    CREATE INDEX versions_by_path ON versions (path);
    CREATE INDEX versions_by_article ON versions (info_code);
    CREATE TABLE pictures (path TEXT PRIMARY KEY, sha256 TEXT) WITHOUT ROWID;
    CREATE TABLE row_facts (
        about TEXT PRIMARY KEY,
        digest BLOB,
        only_file INTEGER -- the row states nothing that the version's file does not show as well
    ) WITHOUT ROWID;
    CREATE TABLE named_captures (
        file TEXT, offset INTEGER, url TEXT, fetched TEXT, digest TEXT,
        PRIMARY KEY (file, offset, url, fetched, digest)
    ) WITHOUT ROWID;
    CREATE TABLE payloads (digest TEXT PRIMARY KEY) WITHOUT ROWID;

    -- Recorded facts.
    CREATE TABLE recorded_facts (
        about TEXT, digest BLOB, PRIMARY KEY (about, digest)
    ) WITHOUT ROWID;
    CREATE TABLE recorded_versions ( -- in the order of the records, which is that of rowid
        info_code TEXT, edition TEXT, version INTEGER, path TEXT, sha256 TEXT,
        crawl INTEGER, -- number of crawls that had started by then; 0 before the first
        settled INTEGER
    );
    CREATE TABLE ended_crawls (crawl INTEGER PRIMARY KEY);
    CREATE INDEX recorded_by_post ON recorded_versions (info_code, edition);
    CREATE INDEX recorded_by_path ON recorded_versions (path);

    -- File facts.
    CREATE TABLE files (path TEXT PRIMARY KEY, sha256 TEXT) WITHOUT ROWID;
    CREATE INDEX files_by_hash ON files (sha256);
    CREATE TABLE missing_files (path TEXT);
    CREATE TABLE warc_files (file TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE responses (
        file TEXT, offset INTEGER, url TEXT, fetched TEXT, digest TEXT,
        PRIMARY KEY (file, offset)
    ) WITHOUT ROWID;
    CREATE TABLE captured_payloads (
        digest TEXT PRIMARY KEY, file TEXT, offset INTEGER, settled INTEGER
    ) WITHOUT ROWID;
    CREATE TABLE revisits (file TEXT, offset INTEGER, digest TEXT);
"""


class Comparison(TemporaryDatabase):
    """Row facts, recorded facts and file facts of an archive, and the differences between them."""

    def __init__(self) -> None:
        super().__init__(_SCHEMA, "compare the catalog with the files")
        self._crawls = 0

    def add_catalog(self, catalog: CatalogReader) -> Iterator[list[WrongRow]]:
        """Add the row facts of versions, pictures, captures and crawls, some rows at each step.

        :returns: rows that cannot be right; what is wrong about them is not added.
        :raises ArchiveError: when the catalog cannot be read; the rows before that are added.
        """
        tables: tuple[tuple[str, tuple[str, ...], _AddRows], ...] = (
            ("payloads", ("digest", *_PLACE), self._add_payloads),
            ("post_files", NOTED, self._add_versions),
            ("revisions", REVISION + CAUSE, self._add_versions),
            ("pictures", PICTURE_COLUMNS, self._add_pictures),
            ("absences", ABSENCE, self._add_absences),
            ("crawls", CRAWL_BEGAN + CRAWL_ENDED, self._add_crawls),
        )
        failures: list[ArchiveError] = []
        for table, columns, add in tables:
            readable = _until_failure(catalog.rows(table, columns), failures)
            for rows in chunks(readable, _ROWS_AT_ONCE):
                yield [*add(rows)]
            for failure in failures:
                raise failure
        sentence = "its row does not combine the rows of the two posts that the article has"
        yield [WrongRow(encodable(path), sentence) for path in catalog.wrongly_merged()]

    def _add_payloads(self, rows: list[sqlite3.Row]) -> Iterator[WrongRow]:
        sound = []
        for row in rows:
            digest, place = row["digest"], {name: row[name] for name in _PLACE}
            if is_capture(place) and isinstance(digest, str) and is_text(digest):
                sound.append((row["file"], row["offset"], row["url"], row["fetched"], digest))
            else:
                sentence = f"it names no valid capture of the payload {short_repr(digest)}"
                yield WrongRow(_CATALOG, sentence)
        self._insert("named_captures", 5, sound)
        self._insert("payloads", 1, ((digest,) for *_, digest in sound))

    def _add_versions(self, rows: list[sqlite3.Row]) -> Iterator[WrongRow]:
        versions: list[tuple[str, str, str]] = []
        for row in rows:
            path, info_code, sha256 = row["path"], row["info_code"], row["sha256"]
            if not is_place_of_version(path):
                sentence = (
                    f"it states for a version of {short_repr(info_code)} a path where no version "
                    f"can be: {short_repr(path)}"
                )
                yield WrongRow(_CATALOG, sentence)
                continue
            if not all(isinstance(text, str) and is_text(text) for text in (info_code, sha256)):
                yield WrongRow(path, "its code or its hash in the catalog is not text")
                continue
            versions.append((path, info_code, sha256))
            captures = captures_from(row["captures"])
            if captures is None:
                yield WrongRow(path, "its captures in the catalog cannot be read")
                continue
            named = ((each.file, each.offset, each.url, each.fetched, "") for each in captures)
            self._insert("named_captures", 5, named)
            only_file = (row["body_source"], row["captures"]) == (None, "[]")
            self._add_row_facts([digest_of_version(path, dict(row))], only_file=only_file)
            if not only_file:
                self._add_row_facts([digest_of_cause(path, dict(row))])
        self._insert("versions", 3, versions)

    def _add_pictures(self, rows: list[sqlite3.Row]) -> Iterator[WrongRow]:
        for row in rows:
            digest, kind = row["sha256"], row["type"]
            if is_stored_picture(digest, kind):
                self._insert("pictures", 2, [(media_path(digest, kind), digest)])
                self._add_row_facts([digest_of_picture(dict(row))])
            else:
                sentence = (
                    f"it states for a picture a hash or a type that none has: {short_repr(digest)}"
                )
                yield WrongRow(_CATALOG, sentence)

    def _add_absences(self, rows: list[sqlite3.Row]) -> Iterable[WrongRow]:
        self._add_row_facts(chain.from_iterable(digests_of_absence(*row) for row in rows))
        return ()

    def _add_crawls(self, rows: list[sqlite3.Row]) -> Iterable[WrongRow]:
        self._add_row_facts(chain.from_iterable(digests_of_crawl(dict(row)) for row in rows))
        return ()

    def _add_row_facts(self, digests: Iterable[FactDigest], *, only_file: bool = False) -> None:
        self._insert("row_facts", 3, ((*digest, only_file) for digest in digests))

    def _insert(self, table: str, columns: int, rows: Iterable[tuple[object, ...]]) -> None:
        values = ", ".join("?" * columns)
        self._db.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({values})", rows)  # noqa: S608

    def add_files(self, files: Iterable[FileHash]) -> None:
        """Add the hashes of files of versions and pictures."""
        self._insert("files", 2, ((encodable(path), sha256) for path, sha256 in files))

    def add_records(self, file: str, scanned: ScannedRecords, *, settled: bool) -> None:
        """Add what the records in the next piece of a WARC file are.

        :param file: name of the WARC file.
        :param settled: no crawl is writing the file or was killed while it did, so the catalog must
            have its payloads, and the archive its versions.
        """
        self._insert("warc_files", 1, [(file,)])
        self._insert("responses", 5, ((file, *response) for response in scanned.responses))
        payloads = ((digest, file, offset, settled) for digest, offset in scanned.payloads.items())
        self._insert("captured_payloads", 4, payloads)
        self._insert("revisits", 3, ((file, *revisit) for revisit in scanned.revisits))
        self._insert("recorded_facts", 2, scanned.recorded)
        versions = (
            (*version, self._crawls + crawl, settled) for version, crawl in scanned.versions
        )
        self._insert("recorded_versions", 7, versions)
        self._insert("ended_crawls", 1, ((self._crawls + crawl,) for crawl in scanned.ended))
        self._crawls += scanned.started

    def hash_of(self, path: str) -> str | None:
        """Return the SHA-256 that the catalog states for a path; None where it states none."""
        if not is_text(path):
            return None
        sql = """
            SELECT sha256 FROM versions WHERE path = ?
            UNION ALL SELECT sha256 FROM pictures WHERE path = ?
        """
        row = self._db.execute(sql, (path, path)).fetchone()
        return row[0] if row else None

    def revision_with(self, info_code: str, sha256: str) -> str | None:
        """Return the path of the superseded version with a hash; None where there is none."""
        sql = """
            SELECT path FROM versions
            WHERE path LIKE 'revisions/%' AND info_code = ? AND sha256 = ? ORDER BY path DESC
        """
        row = self._db.execute(sql, (info_code, sha256)).fetchone()
        return row[0] if row else None

    def list_missing_files(self) -> int:
        """List the versions and pictures of the catalog whose files were not added.

        :returns: how many there are.
        """
        self._db.execute(
            """
            INSERT INTO missing_files
            SELECT path FROM (SELECT path FROM versions UNION SELECT path FROM pictures)
            WHERE path NOT IN (SELECT path FROM files)
            """
        )
        (count,) = self._db.execute("SELECT count(*) FROM missing_files").fetchone()
        return int(count)

    def missing_files(self) -> Iterator[str]:
        """Yield the paths that `list_missing_files` listed."""
        return (path for (path,) in self._db.execute("SELECT path FROM missing_files"))

    def duplicate_paths(self) -> Iterator[tuple[str]]:
        """Return the paths that the catalog states for more than one version."""
        return self._db.execute("SELECT path FROM versions GROUP BY path HAVING count(*) > 1")

    def differing_files(self) -> Iterator[DifferingFile]:
        """Yield versions, by path, then pictures, whose file is missing or has another hash."""
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
            for *file, _ in self._db.execute(sql):
                yield DifferingFile(*file)

    def unknown_files(self) -> Iterator[tuple[str]]:
        """Return the paths of files for which the catalog has no row."""
        return self._db.execute(
            "SELECT path FROM files WHERE path NOT IN (SELECT path FROM versions)"
            " AND path NOT IN (SELECT path FROM pictures) ORDER BY path"
        )

    def missing_warc_files(self) -> Iterator[tuple[str, int]]:
        """Return the missing WARC files, and how many captures the catalog names in each."""
        return self._db.execute(
            "SELECT file, count(DISTINCT offset) FROM named_captures"
            " WHERE file NOT IN (SELECT file FROM warc_files) GROUP BY file ORDER BY file"
        )

    def differing_captures(self) -> Iterator[DifferingCapture]:
        """Return the responses that are not as the catalog states, in WARC files that exist."""
        sql = """
            SELECT file, offset, named.url, named.fetched, max(named.digest),
                found.url, found.fetched
            FROM named_captures AS named LEFT JOIN responses AS found USING (file, offset)
            WHERE file IN (SELECT file FROM warc_files) AND (
                found.url IS NOT named.url OR found.fetched IS NOT named.fetched
                OR named.digest NOT IN ('', found.digest)
            )
            GROUP BY file, offset, named.url, named.fetched ORDER BY file, offset
        """
        return map(DifferingCapture._make, self._db.execute(sql))

    def revisits_without_response(self) -> Iterator[tuple[str, int, str]]:
        """Return file, offset and digest of the revisits whose payload no response has."""
        return self._db.execute(
            "SELECT file, offset, digest FROM revisits"
            " WHERE digest NOT IN (SELECT digest FROM captured_payloads) ORDER BY file, offset"
        )

    def unknown_payloads(self) -> Iterator[tuple[str, int, int]]:
        """Return the WARC files with settled payloads for which the catalog has no row.

        :returns: for each file its name, the first offset, and the number of payloads.
        """
        return self._db.execute(
            "SELECT file, min(offset), count(*) FROM captured_payloads"
            " WHERE settled AND digest NOT IN (SELECT digest FROM payloads)"
            " GROUP BY file ORDER BY file"
        )

    def contradicted_rows(self) -> Iterator[tuple[str]]:
        """Return what row facts are about that differ from all recorded facts about the same.

        Versions that are known from their file alone are left out, see `newer_than_records`.
        """
        sql = f"""
            SELECT about FROM row_facts AS row JOIN recorded_facts AS recorded USING (about)
            WHERE NOT ({_KNOWN_FROM_FILE_ALONE})
            GROUP BY about HAVING NOT max(recorded.digest = row.digest) ORDER BY about
        """  # noqa: S608
        return self._db.execute(sql)

    def newer_than_records(self) -> Iterator[tuple[str]]:
        """Return the paths of versions known from their file alone, where the journal has others.

        The captures that had them are lost.
        """
        sql = f"""
            SELECT about FROM row_facts WHERE about IN (SELECT path FROM recorded_versions)
            AND {_KNOWN_FROM_FILE_ALONE} ORDER BY about
        """  # noqa: S608
        return self._db.execute(sql)

    def lost_versions(self) -> Iterator[RecordedVersion]:
        """Return the recorded versions that neither the catalog nor a file has.

        Two kinds are no loss, and are left out:

        - a version that was recorded again under its number before there was a newer one: what ran
          after a kill has repeated it;
        - a version that was being stored when a kill came: one of the last of a crawl without an
          end, or of a WARC file that is not settled.
        """
        sql = """
            SELECT info_code, edition, version, path, sha256 FROM recorded_versions AS lost
            WHERE (
                NOT crawl OR crawl IN (SELECT crawl FROM ended_crawls) OR EXISTS (
                    SELECT 1
                    FROM recorded_versions AS stored JOIN versions USING (info_code, sha256)
                    WHERE stored.crawl = lost.crawl AND stored.rowid > lost.rowid
                    AND NOT EXISTS (
                        SELECT 1 FROM recorded_versions AS again
                        WHERE again.info_code = stored.info_code
                        AND again.edition = stored.edition
                        AND again.version = stored.version AND again.rowid > stored.rowid
                    )
                )
            )
            AND (
                settled OR rowid < (
                    SELECT max(recorded.rowid)
                    FROM recorded_versions AS recorded JOIN versions USING (info_code, sha256)
                )
            )
            AND sha256 NOT IN (SELECT sha256 FROM versions WHERE info_code = lost.info_code)
            AND NOT EXISTS (SELECT 1 FROM files WHERE files.sha256 = lost.sha256)
            AND NOT EXISTS (
                SELECT 1 FROM recorded_versions AS again
                WHERE again.info_code = lost.info_code AND again.edition = lost.edition
                AND again.rowid > lost.rowid AND again.version = lost.version
                AND NOT EXISTS (
                    SELECT 1 FROM recorded_versions AS newer
                    WHERE newer.info_code = lost.info_code AND newer.edition = lost.edition
                    AND newer.version > lost.version
                    AND newer.rowid BETWEEN lost.rowid AND again.rowid
                )
            )
        """
        return map(RecordedVersion._make, self._db.execute(sql))

    def unrecorded_rows(self) -> tuple[int, str]:
        """Return how many row facts no record states, and what the first of them is about.

        Causes do not count: records of older releases state none.
        """
        sql = """
            SELECT count(*), min(about) FROM row_facts
            WHERE NOT only_file AND about NOT IN (SELECT about FROM recorded_facts)
            AND about NOT GLOB ?
        """
        count, first = self._db.execute(sql, [f"{CAUSE_OF}*"]).fetchone()
        return count, first
