"""Raw captures: what sites sent, in WARC 1.1 files (ISO 28500:2017), a gzip member per record.

A file that is being written ends with ``.warc.gz.part``, one that later crawls go on with with
``.warc.gz.open``, a finished one with ``.warc.gz``. Each begins with a ``warcinfo`` record.

- An exchange with a site is a ``response`` record and its ``request``. A payload that was captured
  before is a ``revisit`` record that names the first one.
- A version of a post is a ``conversion`` record, to the byte.
- What the archive knows of it besides is a ``metadata`` record, a JSON object: of these the
  catalog can be made again.
"""

import io
import json
import os
import threading
import zlib
from base64 import b32encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha1
from http.client import responses as reasons
from pathlib import Path
from typing import Any, BinaryIO

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.capture import Capture
from archive.errors import ArchiveError

Headers = Sequence[tuple[str, str]]

_PART, _OPEN, _FINISHED = ".warc.gz.part", ".warc.gz.open", ".warc.gz"
_SOFTWARE = "finews"
_CHUNK = 1 << 18
_MEMBER = b"\x1f\x8b\x08"
"""How a gzip member begins."""

_PROBE = 1 << 12
"""So many bytes of a member are enough for the first of its content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and what came back, as sent: a compressed body is still compressed.

    :param received: when the response was complete; aware.
    :param address: IP address of the server; None where a proxy was asked instead.
    """

    url: str
    method: str
    request_headers: Headers
    status: int
    response_headers: Headers
    body: bytes
    received: datetime
    address: str | None = None


FindPayload = Callable[[str], Capture | None]


class CaptureWriter:
    """Appends records to the archive's newest WARC file. Safe to call from two threads.

    :param folder: of the WARC files; is created.
    :param now: names the file; a new one is begun on a new day, and at `most_bytes`.
    :param find_payload: the first capture of a payload, by its digest.
    :raises ArchiveError: when the unfinished file of a killed crawl cannot be read.
    :raises OSError: here and from every method, when the disk refuses.
    """

    def __init__(
        self,
        folder: Path,
        now: datetime,
        *,
        most_bytes: int = 256 * 1024 * 1024,
        find_payload: FindPayload,
    ) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._find_payload = find_payload
        self._new_payloads: dict[str, Capture] = {}
        self._lock = threading.Lock()
        self._file: io.FileIO | None = None
        self._day = f"{now:%Y%m%d}"
        folder.mkdir(parents=True, exist_ok=True)
        for torn in folder.glob(f"*{_PART}"):
            _mend(torn)
        for path in sorted(folder.glob(f"*{_OPEN}")):
            if path.name.split("-")[1] == self._day and path.stat().st_size < most_bytes:
                self._use(path)
            else:
                path.rename(_renamed(path, _FINISHED))

    def capture(self, exchange: Exchange) -> Capture:
        """Write an exchange; it lasts over a power cut after the next `sync`."""
        digest = payload_digest(exchange.body)
        date = _iso_microseconds(exchange.received)
        headers = StatusAndHeaders(
            f"{exchange.status} {reasons.get(exchange.status, 'Unknown')}",
            list(exchange.response_headers),
            protocol="HTTP/1.1",
        )
        target, _, _ = exchange.url.partition("#")
        _, _, path = target.partition("://")
        asked = StatusAndHeaders(
            f"{exchange.method} /{path.partition('/')[2]} HTTP/1.1",
            list(exchange.request_headers),
            is_http_request=True,
        )
        warc_headers = {"WARC-Date": date}
        if exchange.address is not None:
            warc_headers["WARC-IP-Address"] = exchange.address
        records, writer = _in_memory()
        with self._lock:
            file, offset = self._place()
            capture = Capture(url=target, file=finished_name(file), offset=offset, fetched=date)
            first = self._new_payloads.get(digest) or self._find_payload(digest)
            if first is None:
                response = writer.create_warc_record(
                    target,
                    "response",
                    payload=io.BytesIO(exchange.body),
                    length=len(exchange.body),
                    http_headers=headers,
                    warc_headers_dict=warc_headers,
                )
            else:
                response = writer.create_revisit_record(
                    target, digest, first.url, first.fetched, headers, warc_headers
                )
            request = writer.create_warc_record(
                target, "request", http_headers=asked, warc_headers_dict={"WARC-Date": date}
            )
            writer.write_request_response_pair(request, response)
            self._append(records.getvalue())
            if first is None and exchange.body:
                self._new_payloads[digest] = capture
        return capture

    def note(self, about: str, facts: Mapping[str, Any], now: datetime) -> None:
        """Write a `metadata` record with a JSON object.

        :param about: the record's target, a URI.
        """
        payload = json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode()
        self._write("metadata", about, "application/json", payload, now)

    def keep(self, about: str, post: bytes, now: datetime) -> None:
        """Write a post, which was made of captured responses, as a `conversion` record."""
        self._write("conversion", about, "text/markdown; charset=utf-8", post, now)

    def _write(self, kind: str, about: str, media_type: str, data: bytes, now: datetime) -> None:
        records, writer = _in_memory()
        record = writer.create_warc_record(
            about,
            kind,
            payload=io.BytesIO(data),
            length=len(data),
            warc_content_type=media_type,
            warc_headers_dict={"WARC-Date": _iso_microseconds(now)},
        )
        writer.write_record(record)
        with self._lock:
            self._place()
            self._append(records.getvalue())

    def sync(self) -> dict[str, Capture]:
        """Bring everything down to the disk.

        :returns: the payloads, by digest, that were captured first since the last call.
        """
        with self._lock:
            if self._file is not None:
                os.fsync(self._file.fileno())
            payloads, self._new_payloads = self._new_payloads, {}
        return payloads

    def close(self) -> None:
        """Leave the file for the next crawl to go on with."""
        with self._lock:
            self._leave(_OPEN)

    def _place(self) -> tuple[Path, int]:
        """The file that the next record goes to, and where in it."""
        if self._file is not None and self._file.tell() >= self._most_bytes:
            self._leave(_FINISHED)
        if self._file is None:
            self._begin()
        assert self._file is not None
        if self._file.tell() == 0:
            self._introduce()
        return Path(self._file.name), self._file.tell()

    def _append(self, records: bytes) -> None:
        """Write records whole or not at all: what is behind half a record cannot be read."""
        assert self._file is not None
        start = self._file.tell()
        rest = memoryview(records)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            self._file.truncate(start)
            self._file.seek(start)
            raise

    def _use(self, path: Path) -> None:
        part = path.rename(_renamed(path, _PART))
        self._file = part.open("r+b", buffering=0)
        self._file.seek(0, os.SEEK_END)

    def _begin(self) -> None:
        taken = [path.name.split(".")[0] for path in self._folder.glob(f"*-{self._day}-*")]
        number = max((int(name.rpartition("-")[2]) for name in taken), default=0) + 1
        name = f"{_SOFTWARE}-{self._day}-{number:05}"
        self._file = (self._folder / f"{name}{_PART}").open("x+b", buffering=0)

    def _introduce(self) -> None:
        assert self._file is not None
        records, writer = _in_memory()
        info = {"software": _SOFTWARE, "format": "WARC File Format 1.1"}
        name = finished_name(Path(self._file.name))
        writer.write_record(writer.create_warcinfo_record(name, info))
        self._append(records.getvalue())

    def _leave(self, suffix: str) -> None:
        if self._file is None:
            return
        with self._file:
            os.fsync(self._file.fileno())
        path = Path(self._file.name)
        path.rename(_renamed(path, suffix))
        self._file = None


def _in_memory() -> tuple[io.BytesIO, WARCWriter]:
    records = io.BytesIO()
    return records, WARCWriter(records, gzip=True, warc_version="1.1")


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it was read.

    :param payload: the body as received, or the bytes of a `metadata` record; empty for a
        `revisit`.
    """

    kind: str
    url: str
    date: str
    offset: int
    status: int | None
    headers: Headers
    payload: bytes
    digest: str | None

    @property
    def facts(self) -> dict[str, Any]:
        """The JSON object of a `metadata` record."""
        facts: dict[str, Any] = json.loads(self.payload)
        return facts


Damaged = Callable[[ArchiveError], None]
"""Is told of damage; reading goes on behind it."""


def _stop(error: ArchiveError) -> None:
    raise error


def read_records(
    path: Path, kinds: frozenset[str] | None = None, *, damaged: Damaged = _stop
) -> Iterator[Record]:
    """Read the records of a WARC file, checking their digests and their members' checksums.

    :param kinds: only these.
    :param damaged: is told of every record that is torn, damaged, or does not have its digest,
        and reading goes on at the next one.
    :raises ArchiveError: at such a record, without `damaged`.
    :raises OSError: when the file cannot be read.
    """
    with path.open("rb") as file:
        for offset, _, member in _members(file, path, damaged):
            try:
                record = _record(member, offset, path)
            except ArchiveError as error:
                damaged(error)
                continue
            if kinds is None or record.kind in kinds:
                yield record


def read_record(path: Path, offset: int) -> Record:
    """Read one record.

    :raises ArchiveError: when there is none at `offset`, or it is torn or damaged.
    :raises OSError: when the file cannot be read.
    """
    with path.open("rb") as file:
        file.seek(offset)
        for start, _, member in _members(file, path):
            return _record(member, start, path)
    raise ArchiveError(f"The capture {path} has no record at {offset}.")


def _members(
    file: BinaryIO, path: Path, damaged: Damaged = _stop
) -> Iterator[tuple[int, int, bytes]]:
    """Start, end and content of the gzip members from here on.

    zlib checks each to its end; WARC readers let a member with a wrong checksum pass.
    """
    start, pieces = file.tell(), list[bytes]()
    member, rest = zlib.decompressobj(wbits=31), file.read(_CHUNK)
    while rest or pieces:
        wrong = None if rest else f"The capture {path} is torn at {start}."
        try:
            pieces.append(member.decompress(rest))
        except zlib.error as error:
            wrong = f"The capture {path} is damaged at {start}: {error}."
        if wrong:
            damaged(ArchiveError(wrong))
            start = _next_record(file, start + 1)
            rest = file.read(_CHUNK)
            member, pieces = zlib.decompressobj(wbits=31), []
        elif member.eof:
            end = file.tell() - len(member.unused_data)
            yield start, end, b"".join(pieces)
            start, rest = end, member.unused_data or file.read(_CHUNK)
            member, pieces = zlib.decompressobj(wbits=31), []
        else:
            rest = file.read(_CHUNK)


def _next_record(file: BinaryIO, start: int) -> int:
    """Go to where the next gzip member with a record begins, or to the end.

    A payload may hold the same three bytes, or even a whole member, but that is no record.
    """
    file.seek(start)
    window = file.read(_CHUNK)
    while len(window) >= len(_MEMBER):
        found = window.find(_MEMBER)
        while found >= 0:
            file.seek(start + found)
            if _begins_record(file.read(_PROBE)):
                return file.seek(start + found)
            found = window.find(_MEMBER, found + 1)
        start += len(window) - len(_MEMBER) + 1
        file.seek(start)
        window = file.read(_CHUNK)
    return file.seek(0, os.SEEK_END)


def _begins_record(data: bytes) -> bool:
    try:
        return zlib.decompressobj(wbits=31).decompress(data, 5) == b"WARC/"
    except zlib.error:
        return False


def _record(member: bytes, offset: int, path: Path) -> Record:
    records = ArchiveIterator(io.BytesIO(member), check_digests="raise")
    try:
        return _read(next(records), offset)
    except (ArchiveLoadFailed, ValueError, EOFError, StopIteration) as error:
        told = ascii(str(error))[1:-1]  # it may quote what was read, whatever that is
        told = told if len(told) <= 120 else f"{told[:117]}..."
        raise ArchiveError(f"The capture {path} has no record at {offset}: {told}.") from error


def warc_files(folder: Path) -> list[Path]:
    """The WARC files of a folder, in the order in which they were written."""
    found = [path for suffix in (_FINISHED, _OPEN, _PART) for path in folder.glob(f"*{suffix}")]
    return sorted(found, key=finished_name)


def finished_name(path: Path) -> str:
    """The name that a WARC file has when it is finished; captures are known by it."""
    return _renamed(path, _FINISHED).name


def find_file(folder: Path, name: str) -> Path:
    """The path of a WARC file by the name that it has when it is finished."""
    finished = folder / name
    for suffix in (_FINISHED, _OPEN, _PART):
        path = _renamed(finished, suffix)
        if path.exists():
            return path
    return finished


def payload_digest(payload: bytes) -> str:
    """A digest as WARC writes it: SHA-1 in base 32."""
    return "sha1:" + b32encode(sha1(payload, usedforsecurity=False).digest()).decode()


def _read(record: ArcWarcRecord, offset: int) -> Record:
    http = record.http_headers
    status = http.get_statuscode() if http is not None else None
    return Record(
        kind=record.rec_type,
        url=record.rec_headers.get_header("WARC-Target-URI") or "",
        date=record.rec_headers.get_header("WARC-Date"),
        offset=offset,
        status=int(status) if status and status.isdecimal() else None,
        headers=tuple(http.headers) if http is not None else (),
        payload=record.raw_stream.read(),
        digest=record.rec_headers.get_header("WARC-Payload-Digest"),
    )


def _mend(path: Path) -> None:
    """Cut off what a killed crawl left half written, and leave the rest to be gone on with."""
    with path.open("r+b") as file:
        file.truncate(_end_of_whole_members(file, path))
        os.fsync(file.fileno())
    if path.stat().st_size:
        path.rename(_renamed(path, _OPEN))
    else:
        path.unlink()


def _end_of_whole_members(file: BinaryIO, path: Path) -> int:
    """Where the last complete gzip member ends; each holds one record.

    What is whole behind a damaged one stays: no kill has damaged that.
    """
    end = 0
    for _, end, _ in _members(file, path, lambda _: None):  # noqa: B007 (the last one counts)
        pass
    return end


def _renamed(path: Path, suffix: str) -> Path:
    return path.with_name(path.name.split(".")[0] + suffix)


def _iso_microseconds(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
