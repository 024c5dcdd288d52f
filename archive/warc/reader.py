"""Reads WARC files of one gzip member per record, and reports every damage in them."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from isal import isal_zlib

from archive.capture import Capture
from archive.errors import ArchiveError
from archive.warc.filenames import find_file
from archive.warc.records import MOST_BYTES, Headers, has_digest

# Bytes that are read from the disk at once.
_CHUNK = 1 << 18
# Bytes that are decompressed at once. Most records have fewer, and the rest is read again.
_PIECE = 1 << 11

_NoGzip: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # its stub: an instance

_MEMBER = b"\x1f\x8b\x08"
"""How a gzip member begins."""

_PROBE = 1 << 12
"""So many bytes of a member are enough for the first of its content."""

_BLANK = b"\r\n\r\n"
_SPACES = " \t"
_FOLD = re.compile("\r\n[ \t]+")


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it was read.

    :param length: of its gzip member in the file, in bytes.
    :param heading: of a block of HTTP: the status line or the request line, and the headers.
    :param payload: the body as received, or the bytes of a `metadata` record; empty for a
        `revisit`.
    """

    kind: str
    url: str
    date: str
    offset: int
    length: int
    heading: bytes
    payload: bytes
    digest: str

    def capture_in(self, file: str) -> Capture:
        """Return where the record is.

        :param file: name of its file when that is finished.
        """
        return Capture(url=self.url, file=file, offset=self.offset, fetched=self.date)

    @property
    def status(self) -> int | None:
        """Return the status of a response; None where it has none that is a number."""
        line, _, _ = self.heading.partition(b"\r\n")
        status = line.split(b" ")[1:2] if self.kind in {"response", "revisit"} else []
        return int(status[0]) if status and status[0].isdigit() else None

    @property
    def headers(self) -> Headers:
        """Return the headers of an HTTP message; each character is a byte, as in ISO 8859-1."""
        _, _, lines = self.heading.partition(b"\r\n")
        return tuple(_fields(lines.decode("latin-1"), _SPACES))

    @property
    def facts(self) -> dict[str, Any]:
        """Return the JSON object of a `metadata` record."""
        facts: dict[str, Any] = json.loads(self.payload)
        return facts


Damaged = Callable[[ArchiveError], None]
"""Is called with each damage; reading goes on behind it."""


def _stop(error: ArchiveError) -> None:
    raise error


def read_records(
    path: Path, kinds: frozenset[str] | None = None, *, start: int = 0, damaged: Damaged = _stop
) -> Iterator[Record]:
    """Read the records of a WARC file, checking their digests and their members' checksums.

    :param kinds: only these.
    :param start: offset of the first.
    :param damaged: is called with every record that is torn, damaged, or does not have its digest,
        and reading goes on at the next one.
    :raises ArchiveError: at such a record, without `damaged`.
    :raises OSError: when the file cannot be read.
    """
    with path.open("rb", _CHUNK) as file:
        file.seek(start)
        yield from Reading(file, path, damaged).records(kinds)


def read_record(path: Path, offset: int) -> Record:
    """Read one record.

    :raises ArchiveError: when there is none at `offset`, or it is torn or damaged.
    :raises OSError: when the file cannot be read.
    """
    for record in read_records(path, start=offset):
        return record
    raise ArchiveError(f"The capture {path} has no record at {offset}.")


def read_response(
    folder: Path, capture: Capture, find_payload: Callable[[str], Capture | None]
) -> Record:
    """Read a response; a `revisit` with the payload that it revisits.

    :param folder: of the WARC files.
    :param find_payload: the first capture of a payload, by its digest.
    :raises ArchiveError: when one of the records is lost or damaged.
    :raises OSError: when a file cannot be read.
    """
    record = read_record(find_file(folder, capture.file), capture.offset)
    if record.kind != "revisit" or not record.digest:
        return record
    first = find_payload(record.digest)
    if first is None:
        raise ArchiveError(f"What {capture.file} at {capture.offset} revisits was never captured.")
    return replace(record, payload=read_record(find_file(folder, first.file), first.offset).payload)


class Reading:
    """Reads records from where a file stands.

    Attribute `position` is where the next record begins, `whole` where the last whole one ends,
    `count` how many sound ones were read.

    :param path: of the file, for the reports of damage.
    """

    def __init__(self, file: BinaryIO, path: Path, damaged: Damaged) -> None:
        self.position = self.whole = file.tell()
        self.count = 0
        self._file = file
        self._path = path
        self._damaged = damaged

    def records(
        self, kinds: frozenset[str] | None = None, *, until: int = sys.maxsize
    ) -> Iterator[Record]:
        """Yield the records that begin before `until`.

        :param kinds: only these.
        """
        for offset, member in self.members(until):
            try:
                record = _record(member, offset, self.position - offset, kinds)
            except ValueError as error:
                wrong = f"The capture {self._path} has no record at {offset}: {error}."
                self._damaged(ArchiveError(wrong))
                continue
            self.count += 1
            if record is not None:
                yield record

    def members(self, until: int = sys.maxsize) -> Iterator[tuple[int, bytes]]:
        """Yield the start and the content of the gzip members that begin before `until`.

        Each is checked to its end; WARC readers let a torn one, or a wrong checksum, pass.
        """
        while self.position < until:
            start = self.position
            try:
                member = self._member(start)
            except ArchiveError as damage:
                self._damaged(damage)
                self.position = next_record(self._file, start + 1)
                continue
            if member is None:
                return
            self.position = self.whole = self._file.tell()
            yield start, member

    def _member(self, start: int) -> bytes | None:
        """Read the content of a gzip member, and stop at its end.

        :returns: None at the end of the file.
        :raises ArchiveError: when it is torn, damaged, or larger than any record that is read.
        """
        self._file.seek(start)
        member, content, size = isal_zlib.decompressobj(wbits=31), list[bytes](), 0
        while not member.eof:
            piece = self._file.read(_PIECE)
            if not piece and not content:
                return None
            if not piece:
                raise ArchiveError(f"The capture {self._path} is torn at {start}.")
            try:
                content.append(member.decompress(piece, MOST_BYTES + 1 - size))
            except _NoGzip as error:
                wrong = f"The capture {self._path} is damaged at {start}: {error}."
                raise ArchiveError(wrong) from error
            size += len(content[-1])
            if size > MOST_BYTES:
                raise ArchiveError(
                    f"The capture {self._path} has a record at {start} that unpacks to more"
                    f" than {MOST_BYTES >> 20} MB; it is not read."
                )
        self._file.seek(-len(member.unused_data), os.SEEK_CUR)
        return b"".join(content)


def ends_whole(path: Path) -> bool:
    """Return whether a file ends with the end of a record.

    A copy that was made while a crawl wrote may not. Of a sound file only the end is read.
    """
    size = path.stat().st_size
    with path.open("rb", _CHUNK) as file:
        back = _CHUNK
        while True:
            damage: list[ArchiveError] = []
            begin = next_record(file, max(size - back, 0))
            file.seek(begin)
            for _ in Reading(file, path, damage.append).members():
                pass
            if begin < size and not damage:
                return True
            if back >= size:
                return False
            back *= 16


def next_record(file: BinaryIO, start: int) -> int:
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
        return isal_zlib.decompressobj(wbits=31).decompress(data, 5) == b"WARC/"
    except _NoGzip:
        return False


def _record(member: bytes, offset: int, length: int, kinds: frozenset[str] | None) -> Record | None:
    """Read a record; None when it is of another kind.

    warcio takes two to three times as long for it, and a large archive is nothing but this.
    FastWARC 2.0 takes half, but ends without an error where a file is torn, and may leave records
    out.

    :raises ValueError: when it is none, or does not have its digests.
    """
    end = member.find(_BLANK)
    version, _, lines = member[:end].partition(b"\r\n")
    if not version.startswith(b"WARC/1."):
        raise ValueError("it does not begin with a version of WARC")
    fields = {name.lower(): value for name, value in _fields(_text(lines))}
    begin, size = end + len(_BLANK), len(member) - end - 2 * len(_BLANK)
    if fields.get("content-length") != str(size) or not member.endswith(_BLANK):
        raise ValueError("it does not have the length that it tells")
    block = memoryview(member)[begin : begin + size]
    heading, payload = b"", block
    http = fields.get("content-type", "").startswith("application/http")
    if http:
        heading = member[begin : member.index(_BLANK, begin)]
        payload = block[len(heading) + len(_BLANK) :]
    kind = fields.get("warc-type", "")
    block_digest = fields.get("warc-block-digest")
    if block_digest is not None and not has_digest(block, block_digest):
        raise ValueError("its block does not have its digest")
    digest = fields.get("warc-payload-digest")
    same = digest == block_digest and not http
    if kind != "revisit" and digest is not None and not (same or has_digest(payload, digest)):
        raise ValueError("its payload does not have its digest")
    if kinds is not None and kind not in kinds:
        return None
    return Record(
        kind=kind,
        url=fields.get("warc-target-uri", ""),
        date=fields.get("warc-date", ""),
        offset=offset,
        length=length,
        heading=heading,
        payload=bytes(payload),
        digest=digest or "",
    )


def _fields(lines: str, spaces: str | None = None) -> Iterator[tuple[str, str]]:
    """Yield names and values, a folded value as one line. A line without a colon is left out.

    :param spaces: that may stand around them; None for all of Unicode.
    """
    for line in _FOLD.sub(" ", lines).split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip(spaces), value.strip(spaces)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
