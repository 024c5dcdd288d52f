"""Copy captures into the WARC files of a WACZ."""

import gzip
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from archive.capture import Capture
from archive.errors import ArchiveError
from archive.export.wacz.index import Index, RecordPlace, timestamp_of
from archive.export.wacz.package import Package, Resource
from archive.storage import TemporaryDatabase, disk_errors, require_file
from archive.warc import (
    Damaged,
    Record,
    find_file,
    finished_name,
    not_modified_record,
    payload_digest,
    read_records,
    resource_record,
    warcinfo_record,
)

_EXCHANGES = frozenset({"response", "revisit", "request"})
_NOT_MODIFIED = 304
_REFERS_TO_DATE = re.compile(rb"(\r\nWARC-Refers-To-Date: [^\r.]*)\.[0-9]+(Z\r\n)")
#: Bytes of a WARC file, as the standard recommends; a new one is begun then.
_MAX_BYTES = 1 << 30

FindPayload = Callable[[str], Capture | None]


class ReplayKey(NamedTuple):
    """The address and the time by which a replay finds a page.

    :param timestamp: time in UTC, 14 digits.
    """

    url: str
    timestamp: str

    @property
    def date(self) -> str:
        """The time, ISO 8601, UTC."""
        time = datetime.fromisoformat(f"{self.timestamp[:8]}T{self.timestamp[8:]}")
        return f"{time.isoformat()}Z"


class Copies(TemporaryDatabase):
    """Writes records into the WARC files of a package, and adds them to its index.

    :param find_payload: returns the first capture of a payload, by its digest.
    :param damaged: receives the error of each capture that cannot be read; the others are copied.
    """

    def __init__(
        self, package: Package, index: Index, find_payload: FindPayload, damaged: Damaged
    ) -> None:
        self._package = package
        self._index = index
        self._find_payload = find_payload
        self._damaged = damaged
        self._number = 0
        self._name = ""
        self._out: Resource | None = None
        super().__init__(_TABLES, "list the records")

    def __exit__(self, *raised: Any) -> None:
        self.end()
        super().__exit__(*raised)

    def copy_file(self, path: Path) -> None:
        """Copy all exchanges in a WARC file."""
        records = read_records(path, _EXCHANGES, damaged=self._damaged)
        for _ in self._copy_all(path, records):
            pass

    def copy(self, warc: Path, capture: Capture) -> None:
        """Copy an exchange, and the exchange whose payload it revisits.

        :param warc: the folder of the WARC files.
        """
        path = find_file(warc, capture.file)
        for record in self._copy_all(path, _exchange(path, capture.offset)):
            first = self._find_payload(record.digest) if record.kind == "revisit" else None
            if first is not None:
                self.copy(warc, first)

    def add(self, url: str, media_type: str, data: bytes, date: str) -> None:
        """Add a resource without an exchange: a stored picture, or a page generated here.

        :param date: the record's WARC-Date.
        """
        place = self._append(resource_record(url, media_type, data, date))
        self._index.add(place, url, date, _mime(media_type), 200, payload_digest(data))

    def page_at(self, capture: Capture) -> ReplayKey | None:
        """Return the replay key of a copied capture; None when it is no HTML page."""
        rows = self._db.execute(
            "SELECT url, timestamp FROM copied WHERE file = ? AND offset = ? AND is_page",
            (capture.file, capture.offset),
        )
        return next((ReplayKey(*row) for row in rows), None)

    def _copy_all(self, path: Path, records: Iterator[Record]) -> Iterator[Record]:
        """Copy records of a file one by one; yield each after it is copied."""
        try:
            for record, member in _with_members(path, records):
                self._copy(path, record, member)
                yield record
        except ArchiveError as error:
            self._damaged(error)

    def _copy(self, path: Path, record: Record, member: bytes) -> None:
        headers = {name.lower(): value for name, value in record.headers}
        mime = _mime(headers.get("content-type", ""))
        is_page = mime == "text/html" and record.status == 200
        inserted = self._db.execute(
            "INSERT OR IGNORE INTO copied VALUES (?, ?, ?, ?, ?)",
            (
                *(finished_name(path), record.offset),
                *(record.url, timestamp_of(record.date), is_page),
            ),
        )
        if not inserted.rowcount:
            return
        status, digest, kind = record.status, record.digest, record.kind
        if kind == "response" and status == _NOT_MODIFIED:  # written by an older release
            digest, first = self._latest(record.url)
            member = not_modified_record(record.url, record.date, digest or None, first)
            status, kind = None, "revisit"
        if kind == "revisit":
            mime, member = "warc/revisit", _with_date_in_seconds(member)
        place = self._append(member)
        if kind == "request":
            return
        self._index.add(place, record.url, record.date, mime, status, digest)
        if digest and record.status == 200:
            self._db.execute("INSERT OR REPLACE INTO latest VALUES (?, ?)", (record.url, digest))

    def _latest(self, url: str) -> tuple[str, Capture | None]:
        rows = self._db.execute("SELECT digest FROM latest WHERE url = ?", (url,)).fetchall()
        digest = rows[0][0] if rows else ""
        return digest, self._find_payload(digest)

    def _append(self, member: bytes) -> RecordPlace:
        if self._out is not None and self._out.size >= _MAX_BYTES:
            self.end()
        if self._out is None:
            self._number += 1
            self._name = f"data-{self._number:05}.warc.gz"
            self._out = self._package.add(f"archive/{self._name}")
            self._out.write(warcinfo_record(self._name))
        place = RecordPlace(self._name, self._out.size, len(member))
        self._out.write(member)
        return place

    def end(self) -> None:
        """Close the current WARC file."""
        if self._out is not None:
            self._out.close()
            self._out = None


_TABLES = """
    CREATE TABLE copied (
        file TEXT, offset INTEGER, url TEXT, timestamp TEXT, is_page INTEGER,
        PRIMARY KEY (file, offset)
    ) WITHOUT ROWID;
    CREATE TABLE latest (url TEXT PRIMARY KEY, digest TEXT) WITHOUT ROWID
"""


def _with_members(path: Path, records: Iterator[Record]) -> Iterator[tuple[Record, bytes]]:
    """Read records of a file, each with its gzip member.

    :raises ArchiveError: when the file cannot be read.
    """
    require_file(path)
    with disk_errors(path), path.open("rb") as file:
        for record in records:
            file.seek(record.offset)
            yield record, file.read(record.length)


def _exchange(path: Path, offset: int) -> Iterator[Record]:
    """Read the response at an offset, and the request that follows it."""
    records = read_records(path, start=offset)
    response = next(records, None)
    if response is None or response.offset != offset:
        raise ArchiveError(f"The capture {path} has no record at {offset}.")
    yield response
    request = next(records, None)
    if request is not None and (request.kind, request.url) == ("request", response.url):
        yield request


def _with_date_in_seconds(revisit: bytes) -> bytes:
    """Return a revisit record whose WARC-Refers-To-Date has whole seconds, as dates in the index.

    ReplayWeb.page searches the index for the first record from that date on.
    """
    record = gzip.decompress(revisit)
    return gzip.compress(_REFERS_TO_DATE.sub(rb"\1\2", record, count=1), mtime=0)


def _mime(media_type: str) -> str | None:
    return media_type.partition(";")[0].strip().lower() or None
