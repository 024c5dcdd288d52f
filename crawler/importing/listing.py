"""List the responses of WARC files that can be read, in the order in which to read them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archive.clock import utc_iso
from archive.storage import TemporaryDatabase
from archive.warc import Record
from crawler.importing.publishers import Role

_SCHEMA = """
    CREATE TABLE responses (
        role INTEGER, date TEXT, file INTEGER, start INTEGER, url TEXT, kind TEXT, digest TEXT,
        PRIMARY KEY (role, date, file, start, url)
    ) WITHOUT ROWID;
    CREATE INDEX responses_by_url ON responses (url);
    CREATE TABLE payloads (
        digest TEXT PRIMARY KEY, file INTEGER, start INTEGER, url TEXT
    ) WITHOUT ROWID
"""

_QUERY = "SELECT role, file, start, url, kind, digest FROM responses"


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a record.

    :param file: number of the WARC file.
    :param start: of its gzip member, or of the record itself, in bytes.
    """

    file: int
    start: int
    url: str


@dataclass(frozen=True, slots=True)
class ListedResponse:
    """A response that is to be read.

    :param revisited: the digest of the payload that it shares with an earlier one, or None.
    """

    role: Role
    place: Place
    revisited: str | None


class ResponseListing(TemporaryDatabase):
    """The responses that are to be read."""

    def __init__(self) -> None:
        super().__init__(_SCHEMA, "list the responses")

    def add(self, role: Role, file: int, record: Record, date: datetime) -> None:
        """Add a response."""
        when = utc_iso(date, "microseconds")
        values = (role, when, file, record.offset, record.url, record.kind, record.digest)
        self._db.execute("INSERT OR IGNORE INTO responses VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def add_payload(self, file: int, record: Record) -> None:
        """Add the place of a payload, which other responses may share."""
        values = (record.digest, file, record.offset, record.url)
        self._db.execute("INSERT OR IGNORE INTO payloads VALUES (?, ?, ?, ?)", values)

    def __len__(self) -> int:
        (count,) = self._db.execute("SELECT count(*) FROM responses").fetchone()
        return int(count)

    def responses(self) -> Iterator[ListedResponse]:
        """Yield the responses: lists first, and of each role the earliest first."""
        yield from map(_listed, self._db.execute(f"{_QUERY} ORDER BY role, date"))

    def nearest(self, url: str, date: datetime) -> ListedResponse | None:
        """Return the response from an address that was captured nearest to a time."""
        query = f"""
            {_QUERY} WHERE url = ? AND role <> ?
            ORDER BY abs(julianday(date) - julianday(?)) LIMIT 1
        """
        row = self._db.execute(query, (url, Role.LIST, utc_iso(date, "microseconds"))).fetchone()
        return _listed(row) if row else None

    def payload(self, digest: str) -> Place | None:
        """Return the place of a payload; None where no file has it."""
        query = "SELECT file, start, url FROM payloads WHERE digest = ?"
        row = self._db.execute(query, (digest,)).fetchone()
        return Place(*row) if row else None


def _listed(row: tuple[Any, ...]) -> ListedResponse:
    role, file, start, url, kind, digest = row
    return ListedResponse(
        Role(role), Place(file, start, url), digest if kind == "revisit" else None
    )
