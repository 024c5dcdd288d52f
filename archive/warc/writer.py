"""Appends captures to the newest WARC file of an archive."""

import io
import os
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from archive.capture import Capture
from archive.clock import utc_iso
from archive.storage import make_folder, refuse_link, sync_folders
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
    conversion_record,
    exchange_records,
    metadata_record,
    payload_digest,
    warcinfo_record,
)

_OF_A_CRAWL = frozenset({"response", "revisit", "request", "metadata", "conversion"})
"""The kinds of records that are dated by the clock of a crawl."""

FindPayload = Callable[[str], Capture | None]


class CaptureWriter:
    """Appends records to the archive's newest WARC file. Safe to call from two threads.

    A file has its name from the first record, and only grows, so that other programs can read it
    at any time. While it is written an empty file stands beside it, a mark, which is removed only
    when all payloads are known to `find_payload`. A mark that is found when a writer is opened is
    that of a killed crawl: what was left half written is cut off, and `sync` returns the payloads,
    so that the catalog knows the first capture of each whatever happens.

    :param folder: of the WARC files; is created.
    :param now: names the file. A new one is begun at `most_bytes` and with the first record of
        a later day, UTC.
    :param find_payload: the first capture of a payload, by its digest.
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
        make_folder(folder)
        for suffix in (FORMER_PART, FORMER_OPEN):
            for former in own_files(folder, suffix):
                self._rename(former)
        self._full = [path for path in marked_files(folder) if self._mend(path)]
        newest = self._newest()
        # Never back: files are read in the order of their names, whatever the clock says.
        self._begun = _day(now)
        self._day = max(self._begun, day_of(newest) if newest else "")
        if newest and self._is_to_grow(newest):
            self._full = [path for path in self._full if path != newest]
            self._file = self._open(newest, "r+")

    def capture(self, exchange: Exchange) -> Capture:
        """Write an exchange; it lasts over a power cut after the next `sync`."""
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

    def note(self, about: str, facts: Mapping[str, Any], now: datetime) -> None:
        """Write a `metadata` record with a JSON object.

        :param about: the record's target, a URI.
        """
        self.write(metadata_record(about, facts, now), now)

    def keep(self, about: str, post: bytes, now: datetime) -> None:
        """Write a post, which was made of captured responses, as a `conversion` record."""
        self.write(conversion_record(about, post, now), now)

    def write(self, record: bytes, now: datetime) -> None:
        """Write a record that was made elsewhere; see `archive.warc.records`."""
        with self._lock:
            self._place(now)
            self._append(record)

    def sync(self) -> dict[str, Capture]:
        """Bring everything down to the disk.

        :returns: the payloads, by digest, that `find_payload` does not know yet.
        """
        with self._lock:
            if self._file is not None:
                os.fsync(self._file.fileno())
            return dict(self._new_payloads)

    def settle(self, payloads: Mapping[str, Capture]) -> None:
        """`find_payload` knows these by now."""
        with self._lock:
            for digest in payloads:
                self._new_payloads.pop(digest, None)
            self._finish()

    def close(self) -> None:
        """Leave the file for the next crawl to go on with."""
        with self._lock:
            if self._file is not None:
                self._full.append(self._leave(self._file))
            self._finish()

    def _place(self, now: datetime) -> tuple[str, int]:
        """The name of the file that the next record goes to, and where."""
        today = _day(now)
        self._day = max(self._day, today)
        if self._file is not None and (
            today > self._begun or self._file.tell() >= self._most_bytes
        ):
            self._full.append(self._leave(self._file))
            self._finish()
        if self._file is None:
            self._begun = max(self._begun, today)
            name = next_name(self._newest(), self._day)
            self._file = self._open(self._folder / name, "x+")
        name = Path(str(self._file.name)).name
        if self._file.tell() == 0:
            self._append(warcinfo_record(name))
        return name, self._file.tell()

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

    def _newest(self) -> Path | None:
        return next(reversed(own_files(self._folder)), None)

    def _is_to_grow(self, path: Path) -> bool:
        fresh = _begun(path) == self._begun and path.stat().st_size < self._most_bytes
        return fresh and ends_whole(path)

    def _open(self, path: Path, mode: Literal["r+", "x+"]) -> io.FileIO:
        _mark(path)
        file = _open_here(path, mode)
        file.seek(0, os.SEEK_END)
        sync_folders([self._folder])
        return file

    def _leave(self, file: io.FileIO) -> Path:
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
        """Give a file of a former release its name, unless another one has it."""
        path = renamed(former, FINISHED)
        if not path.exists():
            if former.name.endswith(FORMER_PART):
                _mark(path)
            former.rename(path)
            sync_folders([self._folder])

    def _mend(self, path: Path) -> bool:
        """Cut off what a killed crawl left half written, and learn the payloads in the rest.

        What is whole behind a damaged record stays: no kill has damaged that.

        :returns: whether anything is left.
        """
        whole = 0
        if path.exists():
            with _open_here(path, "r+") as file:
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
    _open_here(mark_of(path), "a").close()


def _open_here(path: Path, mode: str) -> io.FileIO:
    """Open a file without a buffer.

    :raises ArchiveError: when it is a link, which may lead elsewhere.
    """
    refuse_link(path)
    return io.FileIO(
        path, mode, opener=lambda file, flags: os.open(file, flags | os.O_NOFOLLOW, 0o666)
    )


def _begun(path: Path) -> str:
    """The day of a file's first record by the clock of then, which the name may be ahead of."""
    for record in read_records(path, _OF_A_CRAWL, damaged=lambda _: None):
        return record.date[:10].replace("-", "")
    return day_of(path)


def _day(time: datetime) -> str:
    return time.astimezone(UTC).date().isoformat().replace("-", "")
