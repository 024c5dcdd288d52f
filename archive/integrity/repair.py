"""Mends what can be mended of what `archive.integrity.verify` found."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from os.path import lexists
from pathlib import Path, PurePosixPath

from archive.catalog import Catalog
from archive.errors import ArchiveError
from archive.integrity.comparison import Ledger
from archive.integrity.rebuild import PoorerCatalog, Rebuilt, rebuild
from archive.integrity.verify import Problem, Wrong, kept_elsewhere
from archive.process_pool import Workers, cores
from archive.progress import Progress, silent
from archive.storage import (
    ArchiveLock,
    publish,
    refuse_links,
    require_archive,
    sha256,
    sha256_if_there,
    stage,
    sync_folders,
)
from archive.warc import WORTH_WORKERS, Records, pieces_of, scan, warc_files


def repair(folder: Path, problems: list[Problem], progress: Progress = silent) -> list[str]:
    """Mend what can be mended.

    Files that are lost or changed are written again from the captures; a changed one is kept
    under ``changed/``. The catalog is rebuilt where it is damaged, lacks rows, or names other
    records than are there, unless the new one would lack something that the old one has; versions
    that only the captures have are written again for it. A picture that is lost or changed is
    asked for again by the next crawl. Nothing is deleted but leftovers, whose bytes are kept
    elsewhere. `verify` again tells what is left.

    :returns: what was done and what was not, a sentence each.
    :raises ArchiveError: when the archive is locked or the disk refuses.
    """
    done = []
    require_archive(folder)
    refuse_links(folder)
    kinds = {problem.wrong for problem in problems}
    damaged = Wrong.CATALOG_DAMAGED in kinds
    misled = Wrong.CAPTURE_LOST in kinds and Wrong.CAPTURE_DAMAGED not in kinds
    rebuilding = damaged or misled or not kinds.isdisjoint({Wrong.ROW_LOST, Wrong.ROW_CHANGED})
    files = [problem for problem in problems if problem.sha256 is not None]
    # What a kill has left between a file and its row is whole: the files tell what was meant.
    # Only where they lack something, they are mended first.
    if rebuilding and files and not damaged:
        try:
            done += _told(rebuild(folder, progress))
            rebuilding = False
        except PoorerCatalog:
            pass
    try:
        with ArchiveLock(folder):
            wanted = files if damaged else _still_wrong(folder, files)
            done += _restore(folder, {each.place: each.sha256 for each in wanted}, progress)
            if not damaged:
                done += _remove_leftovers(folder, problems)
            done += _lose_pictures(folder, problems)
    except OSError as error:
        place = error.filename or folder
        raise ArchiveError(f"The disk refuses {place}: {error.strerror}.") from error
    if rebuilding:
        done += _rebuild(folder, progress)
    return done


def _rebuild(folder: Path, progress: Progress) -> list[str]:
    """Rebuild the catalog, and once more when captures have versions that files lack."""
    told: list[str] = []
    tried: dict[str, str] = {}
    try:
        rebuilt = rebuild(folder, progress, only_whole=True)
        while not (lost := _places(rebuilt)).items() <= tried.items():
            tried |= lost
            with ArchiveLock(folder):
                told += _restore(folder, lost, progress)
            rebuilt = rebuild(folder, progress, only_whole=True)
        if rebuilt.lost:
            rebuilt = rebuild(folder, progress)
    except PoorerCatalog as refusal:
        return [*told, f"The catalog was not rebuilt. {refusal}"]
    return [*told, *_told(rebuilt)]


def _places(rebuilt: Rebuilt) -> dict[str, str]:
    """The hashes of the versions that are lost, by the place where they belong."""
    return {lost.place: lost.sha256 for lost in rebuilt.lost}


def _told(rebuilt: Rebuilt) -> list[str]:
    told = f"The catalog was rebuilt and has {rebuilt.posts} posts."
    return [told, *rebuilt.damage, *map(str, rebuilt.lost), *rebuilt.strange]


def _still_wrong(folder: Path, files: list[Problem]) -> Iterator[Problem]:
    """Files that are to be written again; not those that the catalog wants otherwise by now."""
    if files:
        with Ledger() as ledger, Catalog(folder / "catalog.db") as catalog:
            ledger.copy(catalog)
            for problem in files:
                wanted = ledger.hash_of(problem.place)
                if wanted == problem.sha256 and wanted != sha256_if_there(folder / problem.place):
                    yield problem


def _restore(folder: Path, wanted: Mapping[str, str | None], progress: Progress) -> list[str]:
    """Write files again whose bytes the captures have.

    :param wanted: their SHA-256, by place.
    """
    places: dict[str, list[str]] = defaultdict(list)
    for place, digest in wanted.items():
        if digest is not None and _is_of_a_version(place):
            places[digest].append(place)
    if not places:
        return []
    versions = partial(_versions_in, frozenset(places))
    pieces = pieces_of(warc_files(folder / "warc"))
    with Workers(cores() if len(pieces) > WORTH_WORKERS else 1) as workers:
        return [
            _write_again(folder, place, post)
            for posts in scan(pieces, versions, workers, progress)
            for digest, post in posts.items()
            for place in places.pop(digest, ())
        ]


def _is_of_a_version(place: str) -> bool:
    room, *rest = PurePosixPath(place).parts
    return room in {"_posts", "revisions"} and ".." not in rest


def _versions_in(wanted: Collection[str], records: Records) -> dict[str, bytes]:
    """Versions by SHA-256. What is damaged is left out: `verify` has told of it."""
    versions = {
        sha256(record.payload): record.payload for record in records.read(frozenset({"conversion"}))
    }
    return {digest: post for digest, post in versions.items() if digest in wanted}


def _write_again(folder: Path, place: str, post: bytes) -> str:
    refuse_links(folder, place)
    path = folder / place
    kept = _put_aside(folder, place)
    incoming = folder / ".incoming"
    incoming.mkdir(exist_ok=True)
    publish(stage(post, incoming, "restored"), path)
    sync_folders([path.parent])
    return f"{place} was written again from its capture{kept}."


def _lose_pictures(folder: Path, problems: list[Problem]) -> Iterator[str]:
    wrong = {Wrong.PICTURE_LOST, Wrong.PICTURE_CHANGED}
    lost = [problem for problem in problems if problem.wrong in wrong]
    if not lost:
        return
    with Catalog(folder / "catalog.db") as catalog:
        for problem in lost:
            path = folder / problem.place
            if sha256_if_there(path) == path.stem:
                continue  # a crawl since then has brought it back
            kept = _put_aside(folder, problem.place)
            catalog.forget_picture(path.stem)
            yield f"{problem.place} is to be asked for again by the next crawl{kept}."


def _put_aside(folder: Path, place: str) -> str:
    """Move what is in a place to ``changed/``, and tell of it; nothing where nothing is."""
    path = folder / place
    if not lexists(path):
        return ""
    refuse_links(folder, place)
    aside = _free(folder / "changed" / PurePosixPath(place))
    refuse_links(folder, str(aside.relative_to(folder)))
    aside.parent.mkdir(parents=True, exist_ok=True)
    path.replace(aside)
    return f"; what was there is now {aside.relative_to(folder)}"


def _free(path: Path) -> Path:
    """The path, or with a number where it is taken."""
    free, number = path, 1
    while lexists(free):
        number += 1
        free = path.with_name(f"{path.stem}.{number}{path.suffix}")
    return free


def _remove_leftovers(folder: Path, problems: list[Problem]) -> Iterator[str]:
    leftovers = [problem for problem in problems if problem.kept is not None]
    if not leftovers:
        return
    with Ledger() as ledger, Catalog(folder / "catalog.db") as catalog:
        ledger.copy(catalog)
        for problem in leftovers:
            file = folder / problem.place
            if ledger.hash_of(problem.place) or not file.is_file():
                continue  # a crawl since then has moved the post back, or finished what was begun
            kept = kept_elsewhere(folder, PurePosixPath(problem.place), ledger)
            if kept is not None:
                refuse_links(folder, problem.place)
                file.unlink()
                sync_folders([file.parent])
                yield f"{problem.place} was removed; its bytes are kept as {kept}."
