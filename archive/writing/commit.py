"""Write the versions of articles to an archive, so that a kill at any moment loses nothing.

Order of writing: captures, revision, post, catalog row. A kill in between leaves files that the
next `Archive.add` of the same article finds and completes.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from archive.capture import Capture
from archive.catalog import Catalog, CatalogEntry
from archive.clock import Clock, utc_iso
from archive.storage import (
    Picture,
    bytes_if_there,
    numbered_name,
    publish,
    refuse_links,
    stage,
    sync_folders,
)
from archive.warc import CaptureWriter, conversion_record
from archive.writing.journal import CRAWL, PICTURE, facts_of, is_of_new_version

# Files that are written to the disk in parallel: it flushes them together, in a fifth of the time.
_FILES_AT_ONCE = 8


class Outcome(StrEnum):
    """What the archive did with an article."""

    ADDED = "added"
    UNCHANGED = "unchanged"
    REVISED = "revised"


@dataclass(frozen=True, slots=True)
class WritePlan:
    """What is to be written for one version of an article.

    :param entry: what the catalog is to state.
    :param files: bytes and their path below the archive's folder, in the order of writing; the
        version itself is the last.
    :param obsolete: paths of files that are deleted afterwards, because no row names them any
        more, such as the old path of a post whose publication date has changed.
    :param record: the version as a `conversion` record; None where the writer generates it.
    """

    outcome: Outcome
    entry: CatalogEntry
    files: tuple[tuple[bytes, str], ...] = ()
    obsolete: tuple[str, ...] = ()
    record: bytes | None = None


class PlanWriter:
    """A writer to an archive folder; what it writes is on disk when its methods return.

    :param incoming: folder for incomplete files, on the same disk.
    :raises OSError: from every method, when the disk reports an error.
    :raises ArchiveError: from every method, when the catalog cannot be written.
    """

    def __init__(
        self, folder: Path, incoming: Path, catalog: Catalog, captures: CaptureWriter
    ) -> None:
        self._folder = folder
        self._incoming = incoming
        self._catalog = catalog
        self._captures = captures

    def write(self, plans: Sequence[WritePlan], now: datetime) -> None:
        """Write plans in their order."""
        plans = _learnt_at(now, plans)
        self._put(plans, self._write_records_and_files(plans, now))

    def write_batches(self, batches: Iterable[Sequence[WritePlan]], clock: Clock) -> None:
        """Write batches of plans: the files of one while the rows of the one before are written."""
        with ThreadPoolExecutor(1) as thread:
            before: tuple[Sequence[WritePlan], Future[dict[str, Capture]]] | None = None
            for batch in batches:
                now = clock()
                plans = _learnt_at(now, batch)
                files = thread.submit(self._write_records_and_files, plans, now)
                if before:
                    self._put(before[0], before[1].result())
                before = plans, files
            if before:
                self._put(before[0], before[1].result())

    def record_crawl(self, row: Mapping[str, object], now: datetime) -> None:
        """Record the start or the end of a crawl, and write its columns of ``crawls``."""
        self._captures.write_facts(CRAWL, row, now)
        self.write_payloads()
        self._catalog.put_crawl(row)

    def store_picture(self, picture: Picture, data: bytes, now: datetime) -> None:
        """Write a picture, its record in the journal, and its row."""
        self._captures.write_facts(PICTURE, asdict(picture), now)
        payloads = self._captures.sync()
        if bytes_if_there(self._folder / picture.path) != data:
            self._write_files([(data, picture.path)])
        self._put((), payloads)
        self._catalog.store_picture(picture)

    def write_payloads(self) -> None:
        """Add the payloads that were captured since the last plan to the catalog."""
        self._put((), self._captures.sync())

    def _write_records_and_files(
        self, plans: Sequence[WritePlan], now: datetime
    ) -> dict[str, Capture]:
        for plan in plans:
            target, facts = facts_of(plan.entry)
            if is_of_new_version(facts):
                post = plan.record or conversion_record(target, plan.files[-1][0], now)
                self._captures.write(post, now)
            self._captures.write_facts(target, facts, now)
        payloads = self._captures.sync()
        self._write_files([file for plan in plans for file in plan.files])
        return payloads

    def _put(self, plans: Sequence[WritePlan], payloads: Mapping[str, Capture]) -> None:
        self._catalog.put([plan.entry for plan in plans], payloads)
        self._captures.forget_payloads(payloads)
        for plan in plans:
            for path in plan.obsolete:
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


def _learnt_at(now: datetime, plans: Sequence[WritePlan]) -> list[WritePlan]:
    at = utc_iso(now)
    return [replace(plan, entry=replace(plan.entry, at=at)) for plan in plans]


def _make_room(place: Path, data: bytes) -> None:
    """Rename a revision with other bytes to the next free number of its post.

    The catalog does not know such a revision: the catalog was lost, for example.
    """
    stored = bytes_if_there(place)
    if stored is None or stored == data:
        return
    name, number = numbered_name(place.name)
    taken = place
    while taken.exists():
        number += 1
        taken = place.with_name(f"{name}.{number}.md")
    place.rename(taken)
