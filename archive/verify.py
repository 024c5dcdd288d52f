"""Proves that an archive is whole, and mends what can be mended."""

import json
from array import array
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath

from archive.catalog import Catalog
from archive.errors import ArchiveError
from archive.files import publish, stage, sync_folders
from archive.lock import ArchiveLock
from archive.progress import Progress, silent
from archive.rebuild import rebuild
from archive.versions import post_files, revision_files, sha256
from archive.warc import finished_name, read_records, warc_files


class Wrong(StrEnum):
    """What can be wrong."""

    FILE_LOST = "file lost"
    FILE_CHANGED = "file changed"
    ROW_LOST = "row lost"
    CAPTURE_LOST = "capture lost"
    CAPTURE_DAMAGED = "capture damaged"
    CATALOG_DAMAGED = "catalog damaged"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    :param place: of the thing, below the archive's folder.
    :param sentence: about it, for a user.
    :param sha256: that a file should have, where it is a file that is wrong.
    """

    wrong: Wrong
    place: str
    sentence: str
    sha256: str | None = None

    def __str__(self) -> str:
        return f"{self.wrong}: {self.place}: {self.sentence}"


@dataclass(slots=True)
class Verified:
    """What a verification looked at and found."""

    files: int = 0
    captures: int = 0
    problems: list[Problem] = field(default_factory=list)


def verify(folder: Path, progress: Progress = silent) -> Verified:
    """Check every post, revision and capture against its recorded hash, and files and catalog
    against each other, both ways.

    :raises ArchiveLocked: when the archive is being written.
    :raises ArchiveError: when the disk refuses.
    """
    verified = Verified()
    try:
        with ArchiveLock(folder):
            verified.problems += _check(folder, verified, progress)
    except OSError as error:
        place = error.filename or folder
        raise ArchiveError(f"The disk refuses {place}: {error.strerror}.") from error
    return verified


def _check(folder: Path, verified: Verified, progress: Progress) -> Iterator[Problem]:
    try:
        with Catalog(folder / "catalog.db") as catalog:
            for told in catalog.damage():
                yield Problem(Wrong.CATALOG_DAMAGED, "catalog.db", told)
            versions = list(catalog.all_versions())
    except ArchiveError as error:
        yield Problem(Wrong.CATALOG_DAMAGED, "catalog.db", str(error))
        versions = []
    yield from _check_files(folder, versions, verified, progress)
    yield from _check_captures(folder, versions, verified, progress)


Versions = list[tuple[str, str, str, str]]


def _check_files(
    folder: Path, versions: Versions, verified: Verified, progress: Progress
) -> Iterator[Problem]:
    for info_code, path, expected, _ in progress("versions", versions):
        verified.files += 1
        try:
            actual = sha256((folder / path).read_bytes())
        except FileNotFoundError:
            told = f"the catalog has it for {info_code}, and it is not there"
            yield Problem(Wrong.FILE_LOST, path, told, expected)
            continue
        if actual != expected:
            told = f"it should have the hash {expected}, and it has {actual}"
            yield Problem(Wrong.FILE_CHANGED, path, told, expected)
    known = {path for _, path, _, _ in versions}
    for file in (*post_files(folder), *revision_files(folder)):
        if str(file) not in known:
            yield Problem(Wrong.ROW_LOST, str(file), "the catalog knows nothing of it")


def _check_captures(
    folder: Path, versions: Versions, verified: Verified, progress: Progress
) -> Iterator[Problem]:
    wanted: dict[str, array[int]] = defaultdict(lambda: array("q"))
    for _, _, _, captures in versions:
        for capture in json.loads(captures):
            wanted[capture["file"]].append(capture["offset"])
    for path in progress("captures", warc_files(folder / "warc")):
        name = finished_name(path)
        offsets = set()
        try:
            for record in read_records(path):
                verified.captures += 1
                offsets.add(record.offset)
        except ArchiveError as error:
            yield Problem(Wrong.CAPTURE_DAMAGED, f"warc/{path.name}", str(error))
        for offset in sorted(set(wanted.pop(name, ())) - offsets):
            told = "a version names a record there, and there is none"
            yield Problem(Wrong.CAPTURE_LOST, f"warc/{name} at {offset}", told)
    for name, offsets_named in wanted.items():
        told = f"{len(offsets_named)} captures that versions name were in it, and it is not there"
        yield Problem(Wrong.CAPTURE_LOST, f"warc/{name}", told)


def repair(folder: Path, problems: list[Problem], progress: Progress = silent) -> list[str]:
    """Mend what can be mended.

    Files that are lost or changed are written again from the captures; a changed one is kept
    under ``changed/``. The catalog is rebuilt where it is damaged or lacks rows. Nothing is
    deleted. `verify` again tells what is left.

    :returns: what was done, a sentence each.
    :raises ArchiveError: when the archive is locked or the disk refuses.
    """
    done = []
    by_hash: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        if problem.sha256 is not None:
            by_hash[problem.sha256].append(problem)
    try:
        with ArchiveLock(folder):
            for problem, post in _in_captures(folder, by_hash, progress):
                done.append(_restore(folder, problem, post))
    except OSError as error:
        place = error.filename or folder
        raise ArchiveError(f"The disk refuses {place}: {error.strerror}.") from error
    if any(problem.wrong in {Wrong.ROW_LOST, Wrong.CATALOG_DAMAGED} for problem in problems):
        rebuilt = rebuild(folder, progress)
        done.append(f"The catalog was rebuilt and has {rebuilt.posts} posts.")
    return done


def _in_captures(
    folder: Path, wanted: dict[str, list[Problem]], progress: Progress
) -> Iterator[tuple[Problem, bytes]]:
    if not wanted:
        return
    for path in progress("captures", warc_files(folder / "warc")):
        try:
            for record in read_records(path, frozenset({"conversion"})):
                for problem in wanted.pop(sha256(record.payload), ()):
                    yield problem, record.payload
        except ArchiveError:
            continue  # `verify` has told of it; the other files may have what is wanted


def _restore(folder: Path, problem: Problem, post: bytes) -> str:
    path = folder / problem.place
    kept = ""
    if path.exists():
        aside = folder / "changed" / PurePosixPath(problem.place)
        aside.parent.mkdir(parents=True, exist_ok=True)
        path.replace(aside)
        kept = f"; what was there is now {aside.relative_to(folder)}"
    incoming = folder / ".incoming"
    incoming.mkdir(exist_ok=True)
    publish(stage(post, incoming, "restored"), path)
    sync_folders([path.parent])
    return f"{problem.place} was written again from its capture{kept}."
