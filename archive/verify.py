"""Proves that an archive is whole, and mends what can be mended."""

import json
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath

from archive.article import InfoCode
from archive.catalog import Catalog
from archive.errors import ArchiveError, InvalidInfoCode
from archive.files import demand_archive, publish, stage, sync_folders
from archive.lock import ArchiveLock
from archive.media import media_files
from archive.progress import Progress, silent
from archive.rebuild import PoorerCatalog, rebuild
from archive.versions import post_files, revision_files, sha256
from archive.warc import finished_name, read_records, warc_files


class Wrong(StrEnum):
    """What can be wrong."""

    FILE_LOST = "file lost"
    FILE_CHANGED = "file changed"
    ROW_LOST = "row lost"
    LEFTOVER = "leftover"
    CAPTURE_LOST = "capture lost"
    CAPTURE_DAMAGED = "capture damaged"
    PICTURE_LOST = "picture lost"
    PICTURE_CHANGED = "picture changed"
    CATALOG_DAMAGED = "catalog damaged"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    :param place: of the thing, below the archive's folder.
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
        return f"{self.wrong}: {self.place}: {self.sentence}"


@dataclass(slots=True)
class Verified:
    """What a verification looked at and found."""

    files: int = 0
    captures: int = 0
    problems: list[Problem] = field(default_factory=list)


def verify(folder: Path, progress: Progress = silent) -> Verified:
    """Check every post, revision, picture and capture against its recorded hash, and files and
    catalog against each other, both ways.

    :raises ArchiveLocked: when the archive is being written.
    :raises ArchiveError: when the folder is no archive or the disk refuses.
    """
    demand_archive(folder)
    verified = Verified()
    try:
        with ArchiveLock(folder):
            verified.problems += _check(folder, verified, progress)
    except OSError as error:
        place = error.filename or folder
        raise ArchiveError(f"The disk refuses {place}: {error.strerror}.") from error
    return verified


def _check(folder: Path, verified: Verified, progress: Progress) -> Iterator[Problem]:
    versions: Versions = []
    payloads: list[tuple[str, int]] = []
    pictures: list[tuple[str, str]] = []
    try:
        if not (folder / "catalog.db").exists():
            raise ArchiveError("it is not there")
        with Catalog(folder / "catalog.db") as catalog:
            for told in catalog.damage():
                yield Problem(Wrong.CATALOG_DAMAGED, "catalog.db", told)
            versions = list(catalog.all_versions())
            payloads = list(catalog.first_captures())
            pictures = list(catalog.kept_pictures())
    except ArchiveError as error:
        yield Problem(Wrong.CATALOG_DAMAGED, "catalog.db", str(error))
    yield from _check_files(folder, versions, verified, progress)
    yield from _check_pictures(folder, pictures, verified, progress)
    yield from _check_captures(folder, versions, payloads, verified, progress)


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
    unknown = [
        file for file in (*post_files(folder), *revision_files(folder)) if str(file) not in known
    ]
    superseded = _superseded(versions) if unknown else {}
    for file in unknown:
        kept = _kept(folder, file, superseded)
        if kept is None:
            yield Problem(Wrong.ROW_LOST, str(file), "the catalog knows nothing of it")
        else:
            told = f"its article has moved, and its bytes are kept as {kept}"
            yield Problem(Wrong.LEFTOVER, str(file), told, kept=kept)


def _check_pictures(
    folder: Path, pictures: list[tuple[str, str]], verified: Verified, progress: Progress
) -> Iterator[Problem]:
    for path, expected in progress("pictures", pictures):
        verified.files += 1
        try:
            actual = sha256((folder / path).read_bytes())
        except FileNotFoundError:
            yield Problem(Wrong.PICTURE_LOST, path, "the catalog has it, and it is not there")
            continue
        if actual != expected:
            told = f"it should have the hash that it is named after, and it has {actual}"
            yield Problem(Wrong.PICTURE_CHANGED, path, told)
    known = {path for path, _ in pictures}
    for file in media_files(folder):
        if str(file) not in known:
            yield Problem(Wrong.ROW_LOST, str(file), "the catalog knows nothing of it")


def _superseded(versions: Versions) -> dict[tuple[str, str], str]:
    """Paths of superseded versions, by info code and SHA-256."""
    return {
        (info_code, digest): path
        for info_code, path, digest, _ in versions
        if path.startswith("revisions/")
    }


def _kept(
    folder: Path, file: PurePosixPath, superseded: Mapping[tuple[str, str], str]
) -> str | None:
    """Where the bytes of a post are kept whose article has moved; None where it is none.

    A kill between the catalog's row and the removal of the old file leaves one.
    """
    try:
        info_code = InfoCode.from_address(file.name)
    except InvalidInfoCode:
        return None
    data = (folder / file).read_bytes()
    kept = superseded.get((info_code, sha256(data)))
    if file.parts[0] != "_posts" or kept is None or not (folder / kept).is_file():
        return None
    return kept if (folder / kept).read_bytes() == data else None


def _check_captures(
    folder: Path,
    versions: Versions,
    payloads: list[tuple[str, int]],
    verified: Verified,
    progress: Progress,
) -> Iterator[Problem]:
    wanted: dict[str, array[int]] = defaultdict(lambda: array("q"))
    responses: set[str | None] = set()
    revisits: list[tuple[str, str | None]] = []
    for _, _, _, captures in versions:
        for capture in json.loads(captures):
            wanted[capture["file"]].append(capture["offset"])
    for name, offset in payloads:
        wanted[name].append(offset)
    for path in progress("captures", warc_files(folder / "warc")):
        name = finished_name(path)
        offsets = set()
        damage: list[ArchiveError] = []
        for record in read_records(path, damaged=damage.append):
            verified.captures += 1
            offsets.add(record.offset)
            if record.kind == "response":
                responses.add(record.digest)
            elif record.kind == "revisit":
                revisits.append((f"warc/{name} at {record.offset}", record.digest))
        for error in damage:
            yield Problem(Wrong.CAPTURE_DAMAGED, f"warc/{path.name}", str(error))
        for offset in sorted(set(wanted.pop(name, ())) - offsets):
            told = "the catalog names a record there, and there is none"
            yield Problem(Wrong.CAPTURE_LOST, f"warc/{name} at {offset}", told)
    for name, offsets_named in wanted.items():
        count = len(set(offsets_named))
        told = f"{count} captures that the catalog names were in it, and it is not there"
        yield Problem(Wrong.CAPTURE_LOST, f"warc/{name}", told)
    for place, digest in revisits:
        if digest not in responses:
            told = f"it revisits a payload, {digest}, and no response has it"
            yield Problem(Wrong.CAPTURE_LOST, place, told)


def repair(folder: Path, problems: list[Problem], progress: Progress = silent) -> list[str]:
    """Mend what can be mended.

    Files that are lost or changed are written again from the captures; a changed one is kept
    under ``changed/``. The catalog is rebuilt where it is damaged or lacks rows, unless the new
    one would lack something that the old one has. A picture that is lost or changed is asked for
    again by the next crawl. Nothing is deleted but leftovers, whose bytes are kept elsewhere.
    `verify` again tells what is left.

    :returns: what was done and what was not, a sentence each.
    :raises ArchiveError: when the archive is locked or the disk refuses.
    """
    done = []
    demand_archive(folder)
    kinds = {problem.wrong for problem in problems}
    damaged = Wrong.CATALOG_DAMAGED in kinds
    rebuilding = damaged or Wrong.ROW_LOST in kinds
    files = [problem for problem in problems if problem.sha256 is not None]
    # What a kill has left between a file and its row is whole: the files tell what was meant.
    # Only where they lack something, they are mended first.
    if rebuilding and files and not damaged:
        try:
            done += _rebuild(folder, progress)
            rebuilding = False
        except PoorerCatalog:
            pass
    try:
        with ArchiveLock(folder):
            by_hash: dict[str, list[Problem]] = defaultdict(list)
            for problem in files if damaged else _still_wrong(folder, files):
                by_hash[problem.sha256 or ""].append(problem)
            for problem, post in _in_captures(folder, by_hash, progress):
                done.append(_restore(folder, problem, post))
            done += _remove_leftovers(folder, problems)
            done += _lose_pictures(folder, problems)
    except OSError as error:
        place = error.filename or folder
        raise ArchiveError(f"The disk refuses {place}: {error.strerror}.") from error
    if rebuilding:
        try:
            done += _rebuild(folder, progress)
        except PoorerCatalog as refusal:
            done.append(f"The catalog was not rebuilt. {refusal}")
    return done


def _rebuild(folder: Path, progress: Progress) -> list[str]:
    rebuilt = rebuild(folder, progress)
    told = f"The catalog was rebuilt and has {rebuilt.posts} posts."
    return [told, *rebuilt.damage, *rebuilt.lost, *rebuilt.strange]


def _still_wrong(folder: Path, files: list[Problem]) -> Iterator[Problem]:
    """Files that are to be written again; not those that the catalog wants otherwise by now."""
    if not files:
        return
    with Catalog(folder / "catalog.db") as catalog:
        wanted = {path: digest for _, path, digest, _ in catalog.all_versions()}
    for problem in files:
        path = folder / problem.place
        if wanted.get(problem.place) == problem.sha256 and not (
            path.is_file() and sha256(path.read_bytes()) == problem.sha256
        ):
            yield problem


def _in_captures(
    folder: Path, wanted: dict[str, list[Problem]], progress: Progress
) -> Iterator[tuple[Problem, bytes]]:
    if not wanted:
        return
    for path in progress("captures", warc_files(folder / "warc")):
        # `verify` has told of the damage; what is behind it may be what is wanted.
        for record in read_records(path, frozenset({"conversion"}), damaged=lambda _: None):
            for problem in wanted.pop(sha256(record.payload), ()):
                yield problem, record.payload


def _remove_leftovers(folder: Path, problems: list[Problem]) -> Iterator[str]:
    leftovers = [problem for problem in problems if problem.kept is not None]
    if not leftovers:
        return
    with Catalog(folder / "catalog.db") as catalog:
        versions = list(catalog.all_versions())
    known = {path for _, path, _, _ in versions}
    superseded = _superseded(versions)
    for problem in leftovers:
        file = folder / problem.place
        if problem.place in known or not file.is_file():
            continue  # a crawl since then has moved the post back, or finished what was begun
        kept = _kept(folder, PurePosixPath(problem.place), superseded)
        if kept is not None:
            file.unlink()
            sync_folders([file.parent])
            yield f"{problem.place} was removed; its bytes are kept as {kept}."


def _lose_pictures(folder: Path, problems: list[Problem]) -> Iterator[str]:
    lost = [
        problem
        for problem in problems
        if problem.wrong in {Wrong.PICTURE_LOST, Wrong.PICTURE_CHANGED}
    ]
    if not lost:
        return
    with Catalog(folder / "catalog.db") as catalog:
        for problem in lost:
            path = folder / problem.place
            if path.is_file() and sha256(path.read_bytes()) == path.stem:
                continue  # a crawl since then has brought it back
            kept = _put_aside(folder, problem.place)
            catalog.lose_picture(path.stem)
            yield f"{problem.place} is to be asked for again by the next crawl{kept}."


def _put_aside(folder: Path, place: str) -> str:
    """Move what is in a place to ``changed/``, and tell of it; nothing where nothing is."""
    path = folder / place
    if not path.exists():
        return ""
    aside = _free(folder / "changed" / PurePosixPath(place))
    aside.parent.mkdir(parents=True, exist_ok=True)
    path.replace(aside)
    return f"; what was there is now {aside.relative_to(folder)}"


def _restore(folder: Path, problem: Problem, post: bytes) -> str:
    path = folder / problem.place
    kept = _put_aside(folder, problem.place)
    incoming = folder / ".incoming"
    incoming.mkdir(exist_ok=True)
    publish(stage(post, incoming, "restored"), path)
    sync_folders([path.parent])
    return f"{problem.place} was written again from its capture{kept}."


def _free(path: Path) -> Path:
    """The path, or with a number where it is taken."""
    free, number = path, 1
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}.{number}{path.suffix}")
    return free
