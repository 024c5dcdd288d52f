"""Append captures to the newest WARC file of an archive."""

import io
import os
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from archive.capture import Capture
from archive.clock import utc_iso
from archive.storage import make_folder, refuse_link, require_file, sync_folders
from archive.warc.filenames import (
    FINISHED,
    FORMER_OPEN,
    FORMER_PART,
    day_of,
    mark_of,
    marked_files,
    next_name,
    own_files,
    renamed,
)
from archive.warc.reader import Reading, ends_whole, read_records
from archive.warc.records import (
    Exchange,
    exchange_records,
    metadata_record,
    payload_digest,
    warcinfo_record,
)

# Kinds of records whose dates come from the clock of a crawl.
_OF_A_CRAWL = frozenset({"response", "revisit", "request", "metadata", "conversion"})

FindPayload = Callable[[str], Capture | None]


class CaptureWriter:
    """A writer that appends records to the newest WARC file. Two threads may use it.

    A file has its final name from the first record, and only grows, so that other programs can read
    it at any time. While it is written, an empty file next to it marks it. The mark is deleted only
    when `find_payload` finds all payloads in the file. A mark that exists when a writer is opened
    is from a killed crawl: the incomplete last record is cut off, and `sync` returns the payloads
    of the rest, so that the catalog always gets the first capture of each.

    :param folder: of the WARC files; is created.
    :param now: time that names the file; aware.
    :param most_bytes: a new file is started at this size, and at the first record of a later day,
        UTC.
    :param find_payload: returns the first capture of a payload, by its digest.
    :raises OSError: here and from every method, when the disk reports an error.
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
        make_folder(folder)
        for suffix in (FORMER_PART, FORMER_OPEN):
            for former in own_files(folder, suffix):
                self._rename(former)
        self._full = [path for path in marked_files(folder) if self._recover(path)]
        newest = self._newest()
        # The day never goes back with the clock: files are read in the order of their names.
        self._started = _day(now)
        self._day = max(self._started, day_of(newest) if newest else "")
        if newest and self._is_to_grow(newest):
            self._full = [path for path in self._full if path != newest]
            self._file = self._open(newest, "r+")

    def capture(self, exchange: Exchange) -> Capture:
        """Write an exchange; it survives a power cut after the next `sync`."""
        digest = payload_digest(exchange.body)
        known = exchange.unchanged if exchange.is_unchanged else digest
        with self._lock:
            file, offset = self._place(exchange.received)
            capture = Capture(
                url=exchange.target,
                file=file,
                offset=offset,
                fetched=utc_iso(exchange.received, "microseconds"),
            )
            first = self._first(known) if known else None
            self._append(exchange_records(exchange, digest, first))
            if first is None and exchange.body and not exchange.is_unchanged:
                self._new_payloads[digest] = capture
        return capture

    def _first(self, digest: str) -> Capture | None:
        return self._new_payloads.get(digest) or self._find_payload(digest)

    def write_facts(self, target: str, facts: Mapping[str, Any], now: datetime) -> None:
        """Write a `metadata` record with a JSON object.

        :param target: the record's target, a URI.
        """
        self.write(metadata_record(target, facts, now), now)

    def write(self, record: bytes, now: datetime) -> None:
        """Write a record that a function of `archive.warc.records` has built."""
        with self._lock:
            self._place(now)
            self._append(record)

    def sync(self) -> dict[str, Capture]:
        """Flush everything to the disk.

        :returns: by digest, the payloads that `find_payload` does not find yet.
        """
        with self._lock:
            if self._file is not None:
                os.fsync(self._file.fileno())
            return dict(self._new_payloads)

    def forget_payloads(self, payloads: Mapping[str, Capture]) -> None:
        """Forget payloads that `find_payload` finds by now."""
        with self._lock:
            for digest in payloads:
                self._new_payloads.pop(digest, None)
            self._finish()

    def close(self) -> None:
        """Close the file; the next crawl continues it."""
        with self._lock:
            if self._file is not None:
                self._full.append(self._leave(self._file))
            self._finish()

    def _place(self, now: datetime) -> tuple[str, int]:
        """Return the name of the file for the next record, and the record's offset."""
        today = _day(now)
        self._day = max(self._day, today)
        if self._file is not None and (
            today > self._started or self._file.tell() >= self._most_bytes
        ):
            self._full.append(self._leave(self._file))
            self._finish()
        if self._file is None:
            self._started = max(self._started, today)
            name = next_name(self._newest(), self._day)
            self._file = self._open(self._folder / name, "x+")
        name = Path(str(self._file.name)).name
        if self._file.tell() == 0:
            self._append(warcinfo_record(name))
        return name, self._file.tell()

    def _append(self, records: bytes) -> None:
        """Write records completely or not at all: nothing behind half a record can be read."""
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

    def _newest(self) -> Path | None:
        return next(reversed(own_files(self._folder)), None)

    def _is_to_grow(self, path: Path) -> bool:
        has_room = _first_day(path) == self._started and path.stat().st_size < self._most_bytes
        return has_room and ends_whole(path)

    def _open(self, path: Path, mode: Literal["r+", "x+"]) -> io.FileIO:
        _mark(path)
        file = _open_unbuffered(path, mode)
        file.seek(0, os.SEEK_END)
        sync_folders([self._folder])
        return file

    def _leave(self, file: io.FileIO) -> Path:
        """Close the current file and return its path."""
        with file:
            os.fsync(file.fileno())
        self._file = None
        return Path(str(file.name))

    def _finish(self) -> None:
        if not self._new_payloads:
            for path in self._full:
                self._unmark(path)
            self._full.clear()

    def _unmark(self, path: Path) -> None:
        mark_of(path).unlink(missing_ok=True)
        sync_folders([self._folder])

    def _rename(self, former: Path) -> None:
        """Give a file of an earlier release its present name, unless another file has it."""
        path = renamed(former, FINISHED)
        if not path.exists():
            if former.name.endswith(FORMER_PART):
                _mark(path)
            former.rename(path)
            sync_folders([self._folder])

    def _recover(self, path: Path) -> bool:
        """Cut off a record that a killed crawl left incomplete, and list the other payloads.

        Complete records behind a damaged one stay: a kill does not damage a record in the middle.

        :returns: whether the file has any record left.
        """
        whole = 0
        if path.exists():
            with _open_unbuffered(path, "r+") as file:
                reading = Reading(file, path, lambda _: None)
                for response in reading.records(frozenset({"response"})):
                    if response.payload and self._find_payload(response.digest) is None:
                        capture = response.capture_in(path.name)
                        self._new_payloads.setdefault(response.digest, capture)
                whole = file.truncate(reading.whole)
                os.fsync(file.fileno())
        if not whole:
            path.unlink(missing_ok=True)
            self._unmark(path)
        return whole > 0


def _mark(path: Path) -> None:
    _open_unbuffered(mark_of(path), "a").close()


def _open_unbuffered(path: Path, mode: str) -> io.FileIO:
    """Open a file without a buffer.

    :raises ArchiveError: when it is a link, which may lead outside the archive, or no file.
    """
    require_file(path)
    refuse_link(path)
    return io.FileIO(
        path, mode, opener=lambda file, flags: os.open(file, flags | os.O_NOFOLLOW, 0o666)
    )


def _first_day(path: Path) -> str:
    """Return the day of a file's first record, which may be before the day in its name."""
    for record in read_records(path, _OF_A_CRAWL, damaged=lambda _: None):
        return record.date[:10].replace("-", "")
    return day_of(path)


def _day(time: datetime) -> str:
    return time.astimezone(UTC).date().isoformat().replace("-", "")
