"""What one version of an article does to the archive, and the writing of it.

Order of writing: captures, revision, post, catalog row. A kill in between leaves files that the
next `Archive.add` of the same article finds and completes.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from archive.capture import Capture
from archive.catalog import Catalog, CatalogEntry
from archive.clock import Clock
from archive.storage import (
    Picture,
    bytes_if_there,
    numbered_name,
    publish,
    refuse_links,
    stage,
    sync_folders,
)
from archive.warc import CaptureWriter
from archive.writing.journal import CRAWL, PICTURE, note_of, tells_of_new_version

_FILES_AT_ONCE = 8
"""That wait for the disk: it brings them down together, in a fifth of the time."""


class Outcome(StrEnum):
    """What became of an article that was handed to the archive."""

    ADDED = "added"
    UNCHANGED = "unchanged"
    REVISED = "revised"


@dataclass(frozen=True, slots=True)
class Step:
    """What one version of an article does to the archive.

    :param files: bytes and their path below the folder, in the order of writing; the version
        itself is the last.
    :param obsolete: paths of files that no row names any more once the change is made, such as
        the old one of a post whose publication date has changed.
    :param record: the version as a `conversion` record, where it was made beforehand.
    """

    outcome: Outcome
    entry: CatalogEntry
    files: tuple[tuple[bytes, str], ...] = ()
    obsolete: tuple[str, ...] = ()
    record: bytes | None = None


class StepWriter:
    """Writes steps to an archive folder; they are on disk when its methods return.

    :param incoming: folder for files that are not whole yet; on the same disk.
    :raises OSError: from every method, when the disk refuses.
    :raises ArchiveError: likewise, when the catalog does.
    """

    def __init__(
        self, folder: Path, incoming: Path, catalog: Catalog, captures: CaptureWriter
    ) -> None:
        self._folder = folder
        self._incoming = incoming
        self._catalog = catalog
        self._captures = captures

    def write(self, steps: Sequence[Step], now: datetime) -> None:
        """Take steps, in their order."""
        self._put(steps, self._write_down(steps, now))

    def write_batches(self, batches: Iterable[Sequence[Step]], clock: Clock) -> None:
        """Likewise, many; the files of a batch are written while the rows of the last one are."""
        with ThreadPoolExecutor(1) as thread:
            before: tuple[Sequence[Step], Future[dict[str, Capture]]] | None = None
            for steps in batches:
                files = thread.submit(self._write_down, steps, clock())
                if before:
                    self._put(before[0], before[1].result())
                before = steps, files
            if before:
                self._put(before[0], before[1].result())

    def note_crawl(self, row: Mapping[str, object], now: datetime) -> None:
        """Write a row of ``crawls``, or the rest of one."""
        self._captures.note(CRAWL, row, now)
        self.write_payloads()
        self._catalog.put_crawl(row)

    def store_picture(self, picture: Picture, data: bytes, now: datetime) -> None:
        """Write a picture, what tells of it, and its row."""
        self._captures.note(PICTURE, asdict(picture), now)
        payloads = self._captures.sync()
        if bytes_if_there(self._folder / picture.path) != data:
            self._write_files([(data, picture.path)])
        self._put((), payloads)
        self._catalog.store_picture(picture)

    def write_payloads(self) -> None:
        """Tell the catalog of the captures since the last step."""
        self._put((), self._captures.sync())

    def _write_down(self, steps: Sequence[Step], now: datetime) -> dict[str, Capture]:
        for step in steps:
            about, facts = note_of(step.entry)
            if step.record is not None:
                self._captures.write(step.record, now)
            elif tells_of_new_version(facts):
                self._captures.keep(about, step.files[-1][0], now)
            self._captures.note(about, facts, now)
        payloads = self._captures.sync()
        self._write_files([file for step in steps for file in step.files])
        return payloads

    def _put(self, steps: Sequence[Step], payloads: Mapping[str, Capture]) -> None:
        self._catalog.put([step.entry for step in steps], payloads)
        self._captures.settle(payloads)
        for step in steps:
            for path in step.obsolete:
                refuse_links(self._folder, path)
                (self._folder / path).unlink(missing_ok=True)

    def _write_files(self, files: Sequence[tuple[bytes, str]]) -> None:
        for _, path in files:
            refuse_links(self._folder, path)
        with ThreadPoolExecutor(_FILES_AT_ONCE) as threads:
            staged = list(
                threads.map(
                    lambda numbered: stage(numbered[1][0], self._incoming, str(numbered[0])),
                    enumerate(files),
                )
            )
        places = [self._folder / path for _, path in files]
        for (data, path), source, place in zip(files, staged, places, strict=True):
            if path.startswith("revisions/"):
                _make_room(place, data)
            publish(source, place)
        sync_folders(place.parent for place in places)


def _make_room(place: Path, data: bytes) -> None:
    """Give a superseded version that has other bytes the next free number of its post.

    It is one that the catalog does not know, as when the catalog was lost.
    """
    there = bytes_if_there(place)
    if there is None or there == data:
        return
    name, number = numbered_name(place.name)
    taken = place
    while taken.exists():
        number += 1
        taken = place.with_name(f"{name}.{number}.md")
    place.rename(taken)
