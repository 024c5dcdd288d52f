"""Read WARC files of one gzip member per record, and report every damage in them."""

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
from archive.storage import require_file
from archive.warc.filenames import find_file, own_files
from archive.warc.records import MOST_BYTES, Headers, has_digest

# Bytes that are read from the disk at once.
_CHUNK = 1 << 18
# Bytes that are decompressed at once. Most records have fewer, and the rest is read again.
_PIECE = 1 << 11

_NoGzip: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # its stub: an instance

# The first bytes of a gzip member.
_MEMBER = b"\x1f\x8b\x08"

# Bytes of a member that are enough to decompress the first bytes of its content.
_PROBE = 1 << 12

_BLANK = b"\r\n\r\n"
_SPACES = " \t"
_FOLD = re.compile("\r\n[ \t]+")


@dataclass(frozen=True, slots=True)
class Record:
    """A record as its file has it.

    :param offset: of its gzip member in the file, in bytes.
    :param length: of its gzip member in the file, in bytes.
    :param heading: of an HTTP message: the status line or the request line, and the headers.
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
        """Return the record's place as a capture.

        :param file: name of the record's file, see `finished_name`.
        """
        return Capture(url=self.url, file=file, offset=self.offset, fetched=self.date)

    @property
    def status(self) -> int | None:
        """The status of a response; None where it has no numeric status."""
        line, _, _ = self.heading.partition(b"\r\n")
        status = line.split(b" ")[1:2] if self.kind in {"response", "revisit"} else []
        return int(status[0]) if status and status[0].isdigit() else None

    @property
    def headers(self) -> Headers:
        """The headers of an HTTP message; each character is a byte, as in ISO 8859-1."""
        _, _, lines = self.heading.partition(b"\r\n")
        return tuple(header_fields(lines.decode("latin-1"), _SPACES))

    @property
    def facts(self) -> dict[str, Any]:
        """The JSON object of a `metadata` record."""
        facts: dict[str, Any] = json.loads(self.payload)
        return facts


#: A function that is called with each damage; reading continues behind the damage.
Damaged = Callable[[ArchiveError], None]


def _stop(error: ArchiveError) -> None:
    raise error


def read_records(
    path: Path, kinds: frozenset[str] | None = None, *, start: int = 0, damaged: Damaged = _stop
) -> Iterator[Record]:
    """Read the records of a WARC file, checking their digests and their members' checksums.

    :param kinds: only these.
    :param start: offset of the first record, in bytes.
    :param damaged: is called for every record that is incomplete, damaged, or does not match its
        digest; reading continues at the next record. Without it, an `ArchiveError` is raised.
    :raises ArchiveError: at the first such record, without `damaged`.
    :raises OSError: when the file cannot be read.
    """
    require_file(path)
    with path.open("rb", _CHUNK) as file:
        file.seek(start)
        yield from Reading(file, path, damaged).records(kinds)


def read_record(path: Path, offset: int) -> Record:
    """Read one record.

    :raises ArchiveError: when no record begins at `offset`, or it is incomplete or damaged.
    :raises OSError: when the file cannot be read.
    """
    for record in read_records(path, start=offset):
        return record
    raise ArchiveError(f"The capture {path} has no record at {offset}.")


def read_response(
    folder: Path, capture: Capture, find_payload: Callable[[str], Capture | None]
) -> Record:
    """Read a response; give a `revisit` the payload of the response that it revisits.

    :param folder: of the WARC files.
    :param find_payload: returns the first capture of a payload, by its digest.
    :raises ArchiveError: when one of the records is lost or damaged.
    :raises OSError: when a file cannot be read.
    """
    record = read_record(find_file(folder, capture.file), capture.offset)
    if record.kind != "revisit" or not record.digest:
        return record
    first = find_payload(record.digest)
    if first is None:
        place = f"{capture.file} at {capture.offset}"
        raise ArchiveError(f"The payload of the revisit in {place} was never captured.")
    return replace(record, payload=read_record(find_file(folder, first.file), first.offset).payload)


class Reading:
    """A reading of records from the position of an open file.

    Attribute `position` is the offset of the next record, `whole` the end of the last complete one,
    `count` the number of sound records that were read.

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

        Each is checked to its end: other WARC readers accept an incomplete one or a wrong checksum.
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
        :raises ArchiveError: when it is incomplete, damaged, or larger than `MOST_BYTES`.
        """
        self._file.seek(start)
        member, content, size = isal_zlib.decompressobj(wbits=31), list[bytes](), 0
        while not member.eof:
            piece = self._file.read(_PIECE)
            if not piece and not content:
                return None
            if not piece:
                raise ArchiveError(f"The capture {self._path} is incomplete at {start}.")
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

    A copy that was made while a crawl wrote may not. Only the end of a sound file is read.
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


def last_records(folder: Path, kinds: frozenset[str]) -> list[Record]:
    """Return the last records of the newest WARC file that finews has named, without damaged ones.

    :param kinds: only these.
    """
    if not (own := own_files(folder)):
        return []
    require_file(own[-1])
    with own[-1].open("rb", _CHUNK) as file:
        file.seek(next_record(file, max(own[-1].stat().st_size - _CHUNK, 0)))
        return list(Reading(file, own[-1], lambda _: None).records(kinds))


def next_record(file: BinaryIO, start: int) -> int:
    """Go to where the next gzip member with a record begins, or to the end.

    A payload may contain the same three bytes, or even a whole member, but that is no record.
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

    warcio takes two to three times as long, which matters because reading records is most of the
    work on a large archive. FastWARC 2.0 takes half as long, but ends without an error where a file
    is incomplete, and may skip records.

    :raises ValueError: when it is no record, or does not match its digests.
    """
    end = member.find(_BLANK)
    version, _, lines = member[:end].partition(b"\r\n")
    if not version.startswith(b"WARC/1."):
        raise ValueError("it does not begin with a WARC version")
    fields = {name.lower(): value for name, value in header_fields(_text(lines))}
    begin, size = end + len(_BLANK), len(member) - end - 2 * len(_BLANK)
    if fields.get("content-length") != str(size) or not member.endswith(_BLANK):
        raise ValueError("its length is not the one in its header")
    block = memoryview(member)[begin : begin + size]
    heading, payload = b"", block
    http = fields.get("content-type", "").startswith("application/http")
    if http:
        heading = member[begin : member.index(_BLANK, begin)]
        payload = block[len(heading) + len(_BLANK) :]
    kind = fields.get("warc-type", "")
    block_digest = fields.get("warc-block-digest")
    if block_digest is not None and not has_digest(block, block_digest):
        raise ValueError("its block does not match its digest")
    digest = fields.get("warc-payload-digest")
    same = digest == block_digest and not http
    if kind != "revisit" and digest is not None and not (same or has_digest(payload, digest)):
        raise ValueError("its payload does not match its digest")
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


def header_fields(lines: str, spaces: str | None = None) -> Iterator[tuple[str, str]]:
    """Yield names and values, a folded value as one line. A line without a colon is left out.

    :param spaces: characters to strip around them; None for all of Unicode's spaces.
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
