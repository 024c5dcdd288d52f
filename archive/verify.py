"""Proves that an archive is whole."""

import sys
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from itertools import groupby
from pathlib import Path, PurePosixPath

from archive.article import InfoCode
from archive.catalog import Catalog
from archive.errors import ArchiveError, InvalidInfoCode, MisshapenCatalog
from archive.files import bytes_if_there, demand_archive, read_ahead
from archive.ledger import Ledger, Named
from archive.lock import ArchiveLock
from archive.media import media_files
from archive.processes import chunks, cores, in_order
from archive.progress import Progress, silent
from archive.statements import Statement, told_by
from archive.versions import post_files, revision_files, sha256, sha256_if_there
from archive.warc import finished_name, is_being_written, warc_files
from archive.warc.scanning import Records, scan

_FILES_AT_ONCE = 500
"""That a process reads."""

_WORTH_A_PROCESS = 10_000
"""Files; a process takes most of a second to start."""


class Wrong(StrEnum):
    """What can be wrong."""

    FILE_LOST = "file lost"
    FILE_CHANGED = "file changed"
    ROW_LOST = "row lost"
    ROW_CHANGED = "row changed"
    LEFTOVER = "leftover"
    CAPTURE_LOST = "capture lost"
    CAPTURE_DAMAGED = "capture damaged"
    PICTURE_LOST = "picture lost"
    PICTURE_CHANGED = "picture changed"
    CATALOG_DAMAGED = "catalog damaged"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    :param place: of the thing, below the archive's folder; what it is called where it has none.
    :param sentence: about it, for a user.
    :param sha256: that a file should have, where it is a file that is wrong.
    :param kept: where the bytes of a leftover are kept, below the archive's folder.
    """

    wrong: Wrong
    place: str
    sentence: str
    sha256: str | None = None
    kept: str | None = None

    def __str__(self) -> str:
        told = f"{self.wrong}: {self.place}: {self.sentence}"
        return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in told)


@dataclass(slots=True)
class Verified:
    """What a verification looked at and found."""

    files: int = 0
    captures: int = 0
    problems: list[Problem] = field(default_factory=list)


def verify(folder: Path, progress: Progress = silent) -> Verified:
    """Check every post, revision, picture and capture against its recorded hash, and files and
    catalog against each other, both ways. Reads in as many processes as there are cores.

    :raises ArchiveLocked: when the archive is being written.
    :raises ArchiveError: when the folder is no archive, the disk refuses, or one of the processes
        is killed.
    """
    demand_archive(folder)
    verified = Verified()
    try:
        with ArchiveLock(folder), Ledger() as ledger:
            verified.problems += _check(folder, ledger, verified, progress)
    except OSError as error:
        place = error.filename or folder
        raise ArchiveError(f"The disk refuses {place}: {error.strerror}.") from error
    return verified


def _check(
    folder: Path, ledger: Ledger, verified: Verified, progress: Progress
) -> Iterator[Problem]:
    try:
        if not (folder / "catalog.db").exists():
            raise ArchiveError("it is not there")
        with Catalog(folder / "catalog.db") as catalog:
            for told in catalog.damage():
                yield Problem(Wrong.CATALOG_DAMAGED, "catalog.db", told)
            for place, sentence in ledger.copy(catalog):
                yield Problem(Wrong.ROW_CHANGED, place, sentence)
    except MisshapenCatalog as error:
        yield Problem(Wrong.CATALOG_DAMAGED, "catalog.db", str(error))
        return
    except ArchiveError as error:
        yield Problem(Wrong.CATALOG_DAMAGED, "catalog.db", str(error))
    yield from _check_versions(folder, ledger, verified, progress)
    yield from _check_pictures(folder, ledger, verified, progress)
    yield from _check_unknown(folder, ledger)
    yield from _check_captures(folder, ledger, verified, progress)


def _check_versions(
    folder: Path, ledger: Ledger, verified: Verified, progress: Progress
) -> Iterator[Problem]:
    count = ledger.count("versions")
    steps = progress("versions", range(count))
    paths = (path for path, *_ in ledger.versions())
    with closing(_hashed(folder, paths, count)) as hashed:
        for _, (path, expected, info_code), actual in zip(
            steps, ledger.versions(), hashed, strict=True
        ):
            verified.files += 1
            if actual is None:
                told = f"the catalog has it for {info_code}, and it is not there"
                yield Problem(Wrong.FILE_LOST, path, told, expected)
            elif actual != expected:
                told = f"it should have the hash {expected}, and it has {actual}"
                yield Problem(Wrong.FILE_CHANGED, path, told, expected)


def _check_pictures(
    folder: Path, ledger: Ledger, verified: Verified, progress: Progress
) -> Iterator[Problem]:
    count = ledger.count("pictures")
    steps = progress("pictures", range(count))
    paths = (path for path, _ in ledger.pictures())
    with closing(_hashed(folder, paths, count)) as hashed:
        for _, (path, expected), actual in zip(steps, ledger.pictures(), hashed, strict=True):
            verified.files += 1
            if actual is None:
                yield Problem(Wrong.PICTURE_LOST, path, "the catalog has it, and it is not there")
            elif actual != expected:
                told = f"it should have the hash that it is named after, and it has {actual}"
                yield Problem(Wrong.PICTURE_CHANGED, path, told)


def _hashed(folder: Path, paths: Iterable[str], count: int) -> Generator[str | None, None, None]:
    """The SHA-256 of each file; None of one that is not there."""
    processes = cores() if count > _WORTH_A_PROCESS else 1
    tasks = chunks(paths, _FILES_AT_ONCE)
    with closing(in_order(partial(_hashes, folder), tasks, processes)) as hashed:
        for hashes in hashed:
            yield from hashes


def _hashes(folder: Path, paths: Sequence[str]) -> list[str | None]:
    places = [folder / path for path in paths]
    read_ahead(places)
    return [sha256_if_there(place) for place in places]


def _check_unknown(folder: Path, ledger: Ledger) -> Iterator[Problem]:
    for files in (post_files(folder), revision_files(folder), media_files(folder)):
        for file in files:
            if ledger.hash_of(str(file)) is not None:
                continue
            kept = kept_elsewhere(folder, file, ledger)
            if kept is None:
                yield Problem(Wrong.ROW_LOST, str(file), "the catalog knows nothing of it")
            else:
                told = f"its article has moved, and its bytes are kept as {kept}"
                yield Problem(Wrong.LEFTOVER, str(file), told, kept=kept)


def kept_elsewhere(folder: Path, file: PurePosixPath, ledger: Ledger) -> str | None:
    """Where the bytes of a post are kept whose article has moved; None where it is none.

    A kill between the catalog's row and the removal of the old file leaves one.
    """
    try:
        info_code = InfoCode.from_address(file.name)
    except InvalidInfoCode:
        return None
    data = (folder / file).read_bytes()
    kept = ledger.superseded(info_code, sha256(data))
    if file.parts[0] != "_posts" or kept is None:
        return None
    return kept if bytes_if_there(folder / kept) == data else None


@dataclass(slots=True)
class _Captured:
    """What the records of a piece of a file are.

    :param records: how many.
    :param named: what the catalog may name, by offset: responses, and revisits without a digest.
    :param payloads: offset of the first response with each, by its digest.
    """

    path: Path
    records: int
    named: dict[int, Named]
    payloads: dict[str, int]
    revisits: list[tuple[int, str]]
    told: list[Statement]
    damage: list[str]


def _captured(records: Records) -> _Captured:
    captured = _Captured(records.path, 0, {}, {}, [], [], records.damage)
    for record in records.read():
        captured.records += 1
        at, digest = record.offset, record.digest
        if record.kind == "response":
            captured.named[at] = Named(at, record.url, record.date, digest)
            if record.payload:
                captured.payloads.setdefault(digest, at)
        elif record.kind == "revisit":
            captured.named[at] = Named(at, record.url, record.date, "")
            captured.revisits.append((at, digest))
        elif record.kind == "metadata":
            captured.told += told_by(record)
    return captured


def _check_captures(
    folder: Path, ledger: Ledger, verified: Verified, progress: Progress
) -> Iterator[Problem]:
    with closing(scan(warc_files(folder / "warc"), _captured, progress)) as scanned:
        for path, pieces in groupby(scanned, key=lambda piece: piece.path):
            name = finished_name(path)
            # Of what a killed crawl was writing, the next one tells the catalog.
            due = not is_being_written(path)
            for piece in pieces:
                verified.captures += piece.records
                ledger.note(name, piece.payloads, piece.revisits, piece.told, due=due)
                for told in piece.damage:
                    yield Problem(Wrong.CAPTURE_DAMAGED, f"warc/{path.name}", told)
                last = max(piece.named, default=0)
                yield from _check_named(name, piece.named, ledger.take_named(name, last))
            yield from _check_named(name, {}, ledger.take_named(name, sys.maxsize))
    for name, count in ledger.still_named():
        told = f"{count} captures that the catalog names were in it, and it is not there"
        yield Problem(Wrong.CAPTURE_LOST, f"warc/{name}", told)
    for name, offset, digest in ledger.unanswered():
        told = f"it revisits a payload, {digest}, and no response has it"
        yield Problem(Wrong.CAPTURE_LOST, f"warc/{name} at {offset}", told)
    for name, offset, count in ledger.unknown_payloads():
        more = f", nor {count - 1} behind it" if count > 1 else ""
        told = f"the catalog does not know the payload there{more}"
        yield Problem(Wrong.ROW_LOST, f"warc/{name} at {offset}", told)
    yield from _check_statements(ledger)


def _check_named(
    name: str, there: Mapping[int, Named], named: Iterable[Named]
) -> Iterator[Problem]:
    for wanted in named:
        place, found = f"warc/{name} at {wanted.offset}", there.get(wanted.offset)
        told = f"the catalog names a record of {wanted.url} there"
        if found is None:
            yield Problem(Wrong.CAPTURE_LOST, place, f"{told}, and there is none")
        elif found.url != wanted.url:
            yield Problem(Wrong.ROW_CHANGED, place, f"{told}, and it is one of {found.url}")
        elif found.fetched != wanted.fetched:
            told = f"{told}, fetched at {wanted.fetched}, and it was at {found.fetched}"
            yield Problem(Wrong.ROW_CHANGED, place, told)
        elif wanted.digest not in {"", found.digest}:
            told = f"{told} with the payload {wanted.digest}, and that is not in it"
            yield Problem(Wrong.ROW_CHANGED, place, told)


def _check_statements(ledger: Ledger) -> Iterator[Problem]:
    for (about,) in ledger.contradicted():
        told = "no capture tells what the catalog says of it"
        yield Problem(Wrong.ROW_CHANGED, about, told)
    count, first = ledger.untold()
    if count:
        more = f", nor of {count - 1} more that it has" if count > 1 else ""
        told = f"no capture tells what the catalog has of {first}{more}"
        yield Problem(Wrong.CAPTURE_LOST, "warc", told)
