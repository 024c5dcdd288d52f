"""Read WARC files of any program, alone or in a WACZ, and continue behind what is damaged."""

import base64
import hashlib
import io
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from archive.errors import ArchiveError, Refused
from archive.storage import require_file
from archive.warc import MOST_BYTES, Damaged, Reading, Record, header_fields

_BLANK = b"\r\n\r\n"
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_BEGIN = b"WARC/1."
_GZIP = b"\x1f\x8b"
_LONGEST_HEADER = 1 << 16
_CHUNK = 1 << 18
_WARC = (".warc", ".warc.gz")
# Of a ZIP: the length of an entry's header without its name, and where the lengths of both are.
_ENTRY_HEADER, _ENTRY_LENGTHS = 30, 26


@dataclass(frozen=True, slots=True)
class WarcFile:
    """A WARC file, or one that a WACZ holds.

    :param name: for reports.
    :param start: of the WARC file in `path`, in bytes.
    :param size: in bytes; None for the whole file.
    """

    path: Path
    name: str
    start: int = 0
    size: int | None = None

    def open(self) -> BinaryIO:
        """Open it for reading.

        :raises OSError: when it cannot be opened.
        """
        file = self.path.open("rb", _CHUNK)
        if self.size is None:
            return file
        return io.BufferedReader(_Part(file, self.start, self.size), _CHUNK)


class _Part(io.RawIOBase):
    """A part of a file, as a file of its own; a seek in an entry of a ZIP reads from its start."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file = file
        self._start = start
        self._size = size
        file.seek(start)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        rest = max(0, self._size - self.tell())
        return self._file.readinto(buffer[:rest])  # type: ignore[attr-defined, no-any-return]

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self._size}[whence]
        return self._file.seek(self._start + max(0, base + offset)) - self._start

    def tell(self) -> int:
        return self._file.tell() - self._start

    def close(self) -> None:
        self._file.close()
        super().close()


def warc_files_in(path: Path) -> list[WarcFile]:
    """Return a WARC file, or the WARC files of a WACZ.

    Nothing is unpacked: the WARC files are read where they are in the WACZ.

    :raises Refused: when it is no WACZ, or one with WARC files that cannot be read so.
    :raises OSError: when it cannot be read.
    """
    require_file(path)
    if path.suffix.lower() != ".wacz":
        return [WarcFile(path, str(path))]
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            entries = [one for one in archive.infolist() if one.filename.lower().endswith(_WARC)]
            found = [_in_wacz(path, file, entry) for entry in entries]
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise Refused(f"{path} is no whole WACZ: {error}.") from error
    if not found:
        raise Refused(f"{path} has no WARC file in it.")
    return found


def _in_wacz(path: Path, file: BinaryIO, entry: zipfile.ZipInfo) -> WarcFile:
    name = f"{path}: {entry.filename}"
    if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
        raise Refused(
            f"{name} is compressed or encrypted by the ZIP, which WACZ does not allow for WARC"
            " files; unpack it, and import the file."
        )
    file.seek(entry.header_offset + _ENTRY_LENGTHS)
    lengths = file.read(_ENTRY_HEADER - _ENTRY_LENGTHS)
    before = sum(int.from_bytes(lengths[at : at + 2], "little") for at in (0, 2))
    start = entry.header_offset + _ENTRY_HEADER + before
    return WarcFile(path, name, start, entry.file_size)


def read_warc(warc: WarcFile, damaged: Damaged, *, start: int = 0) -> Iterator[Record]:
    """Read the records of a WARC file, compressed record by record or not at all.

    The digest of a record's block is checked. That of its payload is not: programs differ in
    whether it is of the payload as it was sent, or of the payload without its encodings.

    :param damaged: is called for every record that is damaged or too large.
    :param start: where to begin, in bytes.
    :raises OSError: when the file cannot be read.
    """
    with warc.open() as file:
        compressed = file.read(len(_GZIP)) == _GZIP
        file.seek(start)
        reading = Reading(file, Path(warc.name), damaged)
        members = reading.members() if compressed else _plain(file, warc.name, damaged)
        for offset, member in members:
            try:
                yield from _records(member, offset)
            except ValueError as error:
                damaged(ArchiveError(f"The capture {warc.name} is damaged at {offset}: {error}."))


def _records(member: bytes, offset: int) -> Iterator[Record]:
    """Read the records of a gzip member: one, as the standard has it, or several.

    :raises ValueError: at the first that is damaged.
    """
    position = 0
    while position < len(member):
        end = member.find(_BLANK, position, position + _LONGEST_HEADER)
        if end < 0 or not member.startswith(_BEGIN, position):
            raise ValueError("no record begins there")
        fields = _header(member[position:end])
        begin = end + len(_BLANK)
        size = _length(fields)
        block = member[begin : begin + size]
        if len(block) < size:
            raise ValueError("it is incomplete")
        _check(block, fields.get("warc-block-digest", ""))
        yield _record(block, fields, offset)
        position = begin + size
        while member.startswith(b"\r\n", position):
            position += 2


#: The kind of a record whose writer kept a part of the answer alone.
TRUNCATED = "truncated"


def _record(block: bytes, fields: dict[str, str], offset: int) -> Record:
    heading, payload = b"", block
    if fields.get("content-type", "").startswith("application/http"):
        heading, payload = _parts(block)
    kind = fields.get("warc-type", "")
    return Record(
        kind=TRUNCATED if kind == "response" and "warc-truncated" in fields else kind,
        url=fields.get("warc-target-uri", "").strip("<>"),
        date=fields.get("warc-date", ""),
        offset=offset,
        length=len(block),
        heading=heading,
        payload=payload,
        digest=fields.get("warc-payload-digest", ""),
    )


def _parts(block: bytes) -> tuple[bytes, bytes]:
    """Split an HTTP message into head and body, also where its lines end without CR."""
    blank = _BLANK_LINE.search(block)
    if blank is None:
        return block, b""
    return b"\r\n".join(block[: blank.start()].splitlines()), block[blank.end() :]


def _header(data: bytes) -> dict[str, str]:
    lines = data.decode("utf-8", "replace").partition("\r\n")[2]
    return {name.lower(): value for name, value in header_fields(lines)}


def _length(fields: dict[str, str]) -> int:
    length = fields.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        raise ValueError("it has no length")
    return int(length)


def _check(block: bytes, digest: str) -> None:
    """Check a block by its digest, where its algorithm is known.

    :raises ValueError: when it does not match.
    """
    algorithm, _, value = digest.partition(":")
    if algorithm not in {"sha1", "sha256", "md5"}:
        return
    computed = hashlib.new(algorithm, block, usedforsecurity=False).digest()
    base32 = base64.b32encode(computed).decode().rstrip("=")
    if value.lower() != computed.hex() and value.upper().rstrip("=") != base32:
        raise ValueError("its block does not match its digest")


def _plain(file: BinaryIO, name: str, damaged: Damaged) -> Iterator[tuple[int, bytes]]:
    """Yield the start and the bytes of the records of a file that is not compressed."""
    while True:
        start = file.tell()
        head = file.read(_LONGEST_HEADER)
        if not head.strip():
            if not head:
                return
            continue
        begin = start + len(head) - len(head.lstrip(b"\r\n"))
        head = head.lstrip(b"\r\n")
        end = head.find(_BLANK)
        try:
            if end < 0 or not head.startswith(_BEGIN):
                raise ValueError("no record begins there")
            size = _length(_header(head[:end]))
            whole = end + len(_BLANK) + size
            file.seek(begin)
            if size > MOST_BYTES:
                raise ValueError(f"it has more than {MOST_BYTES >> 20} MB")
            data = file.read(whole)
            if len(data) < whole:
                raise ValueError("it is incomplete")
        except ValueError as error:
            damaged(ArchiveError(f"The capture {name} is damaged at {begin}: {error}."))
            if not _to_next(file, begin + 1):
                return
            continue
        yield begin, data


def _to_next(file: BinaryIO, start: int) -> bool:
    """Go to where the next record seems to begin; report whether there is one."""
    sign = b"\n" + _BEGIN
    file.seek(start)
    window = b""
    while piece := file.read(_CHUNK):
        window = window[-len(sign) :] + piece
        found = window.find(sign)
        if found >= 0:
            file.seek(found + 1 - len(window), os.SEEK_CUR)
            return True
    return False
