"""Appends captures to the newest WARC file of an archive."""

import io
import os
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archive.capture import Capture
from archive.files import refuse_link, sync_folders
from archive.warc.names import (
    FINISHED,
    OPEN,
    PART,
    day_of,
    finished_name,
    is_being_written,
    is_found,
    next_name,
    renamed,
    warc_files,
)
from archive.warc.reading import Reading, read_records
from archive.warc.records import (
    Exchange,
    conversion_record,
    exchange_records,
    iso_microseconds,
    metadata_record,
    payload_digest,
    warcinfo_record,
)

_OF_A_DAY = frozenset({"response", "revisit", "request", "metadata", "conversion"})

FindPayload = Callable[[str], Capture | None]


class CaptureWriter:
    """Appends records to the archive's newest WARC file. Safe to call from two threads.

    What a killed crawl left half written is cut off. A file is called finished, or open for the
    next crawl, only when all its payloads are known to `find_payload`: of the others' the writer
    tells after a kill, so that the catalog knows the first capture of a payload whatever happens.

    :param folder: of the WARC files; is created.
    :param now: names the file. A new one is begun at `most_bytes` and with the first record of
        a later day, UTC; also after a clock that was wrong has named one of a day to come.
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
        self._full: list[Path] = []
        self._lock = threading.Lock()
        self._file: io.FileIO | None = None
        self._name = ""
        folder.mkdir(parents=True, exist_ok=True)
        # Never back: files are read in the order of their names, whatever the clock says.
        ours = sorted(filter(is_found, warc_files(folder)))
        self._day = max([_day(now), *map(day_of, ours)])
        self._today = self._begun = _day(now)
        unfinished = [path for path in ours if not path.name.endswith(FINISHED)]
        for path in unfinished:
            refuse_link(path)
        for torn in filter(is_being_written, unfinished):
            for digest, capture in _mend(torn):
                if find_payload(digest) is None:
                    self._new_payloads.setdefault(digest, capture)
        for path in filter(Path.exists, unfinished):
            self._go_on_with(path, now)

    def capture(self, exchange: Exchange) -> Capture:
        """Write an exchange; it lasts over a power cut after the next `sync`."""
        digest = payload_digest(exchange.body)
        with self._lock:
            file, offset = self._place(exchange.received)
            capture = Capture(
                url=exchange.target,
                file=file,
                offset=offset,
                fetched=iso_microseconds(exchange.received),
            )
            first = self._new_payloads.get(digest) or self._find_payload(digest)
            self._append(exchange_records(exchange, digest, first))
            if first is None and exchange.body:
                self._new_payloads[digest] = capture
        return capture

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
            self._finish()
            if self._file is not None:
                path = self._leave(self._file)
                if not self._new_payloads:
                    self._rename(path, OPEN)

    def _place(self, now: datetime) -> tuple[str, int]:
        """The name, when it is finished, of the file that the next record goes to, and where."""
        self._today = max(self._today, _day(now))
        day = max(self._day, self._today)
        if self._file is not None and (
            self._today > self._begun or self._file.tell() >= self._most_bytes
        ):
            self._full.append(self._leave(self._file))
            self._finish()
        self._day = day
        if self._file is None:
            self._begun = self._today
            path = self._folder / f"{next_name(self._folder, day)}{PART}"
            self._file, self._name = path.open("x+b", buffering=0), finished_name(path)
            sync_folders([self._folder])
        if self._file.tell() == 0:
            self._append(warcinfo_record(self._name))
        return self._name, self._file.tell()

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

    def _go_on_with(self, path: Path, now: datetime) -> None:
        tomorrow = _day(now + timedelta(days=1))
        begun = day_of(path) if day_of(path) <= tomorrow else _begun(path)
        fresh = day_of(path) == self._day and _day(now) <= begun <= tomorrow
        if fresh and path.stat().st_size < self._most_bytes and self._file is None:
            self._begun = begun
            part = path.rename(renamed(path, PART))
            self._file, self._name = part.open("r+b", buffering=0), finished_name(part)
            self._file.seek(0, os.SEEK_END)
        elif path.name.endswith(PART):
            self._full.append(path)
        else:
            self._rename(path, FINISHED)

    def _leave(self, file: io.FileIO) -> Path:
        with file:
            os.fsync(file.fileno())
        self._file = None
        return Path(file.name)

    def _finish(self) -> None:
        if not self._new_payloads:
            for path in self._full:
                self._rename(path, FINISHED)
            self._full.clear()

    def _rename(self, path: Path, suffix: str) -> None:
        path.rename(renamed(path, suffix))
        sync_folders([self._folder])


def _day(time: datetime) -> str:
    return time.astimezone(UTC).date().isoformat().replace("-", "")


def _begun(path: Path) -> str:
    """The day of a file's first record by the clock of then, which the name may be ahead of."""
    for record in read_records(path, _OF_A_DAY, damaged=lambda _: None):
        return record.date[:10].replace("-", "")
    return day_of(path)


def _mend(path: Path) -> list[tuple[str, Capture]]:
    """Cut off what a killed crawl left half written.

    What is whole behind a damaged record stays: no kill has damaged that.

    :returns: the payloads in what is whole, by digest.
    """
    name = finished_name(path)
    with path.open("r+b") as file:
        reading = Reading(file, path, lambda _: None)
        payloads = [
            (response.digest, response.capture_in(name))
            for response in reading.records(frozenset({"response"}))
            if response.payload
        ]
        file.truncate(reading.whole)
        os.fsync(file.fileno())
    if not reading.whole:
        path.unlink()
    return payloads
