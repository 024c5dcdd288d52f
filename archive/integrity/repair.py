"""Repair the problems that `archive.integrity.verify` found, as far as the archive allows."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from os.path import lexists
from pathlib import Path, PurePosixPath

from archive.catalog import Catalog
from archive.integrity.comparison import Comparison
from archive.integrity.rebuild import LessCompleteCatalog, Rebuilt, rebuild
from archive.integrity.verify import Problem, Wrong, revision_of_moved_post
from archive.process_pool import BY_SIZE
from archive.progress import Progress, silent
from archive.storage import (
    ArchiveLock,
    disk_errors,
    is_place_of_version,
    make_folder,
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
    """Repair what can be repaired; delete nothing but leftovers, whose bytes are stored twice.

    - Files that are lost or changed are written again from the captures. A changed file is moved
      below ``changed/``.
    - The catalog is rebuilt where it is damaged, lacks rows, or names captures that do not exist,
      unless the new one would lack something that the old one has. Versions that only the captures
      have are written again for it.
    - A picture that is lost or changed is requested again by the next crawl.

    A second `verify` reports what is left.

    :returns: what was done and what was not, a sentence each.
    :raises ArchiveError: when the archive is locked or the disk reports an error.
    """
    done = []
    require_archive(folder)
    refuse_links(folder)
    kinds = {problem.wrong for problem in problems}
    damaged = Wrong.CATALOG_DAMAGED in kinds
    names_lost_captures = Wrong.CAPTURE_LOST in kinds and Wrong.CAPTURE_DAMAGED not in kinds
    wrong_rows = not kinds.isdisjoint({Wrong.ROW_LOST, Wrong.ROW_CHANGED})
    rebuilding = damaged or names_lost_captures or wrong_rows
    files = [problem for problem in problems if problem.sha256 is not None]
    # Where a kill came between a file and its row, the files are right, so the catalog is rebuilt
    # from them. Only where it would then lack something, files are restored first.
    if rebuilding and files and not damaged:
        try:
            done += _report(rebuild(folder, progress))
            rebuilding = False
        except LessCompleteCatalog:
            pass
    with disk_errors(folder):
        with ArchiveLock(folder):
            wanted = files if damaged else _still_wrong(folder, files)
            done += _restore(folder, {each.place: each.sha256 for each in wanted}, progress)
            if not damaged:
                done += _remove_leftovers(folder, problems)
            done += _mark_pictures_lost(folder, problems)
        if rebuilding:
            done += _rebuild(folder, progress)
    return done


def _rebuild(folder: Path, progress: Progress) -> list[str]:
    """Rebuild the catalog, and again while captures have versions that files lack."""
    done: list[str] = []
    tried: dict[str, str] = {}
    try:
        rebuilt = rebuild(folder, progress, only_whole=True)
        while not (lost := _places(rebuilt)).items() <= tried.items():
            tried |= lost
            with ArchiveLock(folder):
                done += _restore(folder, lost, progress)
            rebuilt = rebuild(folder, progress, only_whole=True)
        if rebuilt.lost:
            rebuilt = rebuild(folder, progress)
    except LessCompleteCatalog as refusal:
        return [*done, f"The catalog was not rebuilt. {refusal}"]
    return [*done, *_report(rebuilt)]


def _places(rebuilt: Rebuilt) -> dict[str, str]:
    """Return the hashes of lost versions, by the path of their files."""
    return {lost.place: lost.sha256 for lost in rebuilt.lost}


def _report(rebuilt: Rebuilt) -> list[str]:
    done = f"The catalog was rebuilt and has {rebuilt.posts} posts."
    return [done, *rebuilt.damage, *map(str, rebuilt.lost), *rebuilt.strange]


def _still_wrong(folder: Path, files: list[Problem]) -> Iterator[Problem]:
    """Yield the files that differ from the catalog even after it was rebuilt."""
    if files:
        with _row_facts(folder) as comparison:
            for problem in files:
                wanted = comparison.hash_of(problem.place)
                if wanted == problem.sha256 and wanted != sha256_if_there(folder / problem.place):
                    yield problem


def _restore(folder: Path, wanted: Mapping[str, str | None], progress: Progress) -> list[str]:
    """Write the files again whose bytes the captures have.

    :param wanted: SHA-256 by path.
    """
    places: dict[str, list[str]] = defaultdict(list)
    for place, digest in wanted.items():
        if digest is not None and is_place_of_version(place):
            places[digest].append(place)
    if not places:
        return []
    versions = partial(_versions_in, frozenset(places))
    pieces = pieces_of(warc_files(folder / "warc"), BY_SIZE.piece_bytes)
    with BY_SIZE.workers(worth_it=len(pieces) > WORTH_WORKERS) as workers:
        return [
            _write_again(folder, place, post)
            for posts in scan(pieces, versions, workers, progress)
            for digest, post in posts.items()
            for place in places.pop(digest, ())
        ]


def _versions_in(wanted: Collection[str], records: Records) -> dict[str, bytes]:
    """Return versions by SHA-256; skip damaged records, which `verify` has reported."""
    versions = {
        sha256(record.payload): record.payload for record in records.read(frozenset({"conversion"}))
    }
    return {digest: post for digest, post in versions.items() if digest in wanted}


def _write_again(folder: Path, place: str, post: bytes) -> str:
    refuse_links(folder, place)
    path = folder / place
    moved = _move_aside(folder, place)
    incoming = folder / ".incoming"
    incoming.mkdir(exist_ok=True)
    publish(stage(post, incoming, "restored"), path)
    sync_folders([path.parent])
    return f"{place} was written again from its capture{moved}."


def _mark_pictures_lost(folder: Path, problems: list[Problem]) -> Iterator[str]:
    wrong = {Wrong.PICTURE_LOST, Wrong.PICTURE_CHANGED}
    lost = [problem for problem in problems if problem.wrong in wrong]
    if not lost:
        return
    with Catalog(folder / "catalog.db") as catalog:
        for problem in lost:
            path = folder / problem.place
            if sha256_if_there(path) == path.stem:
                continue  # a crawl has fetched it again meanwhile
            moved = _move_aside(folder, problem.place)
            catalog.forget_picture(path.stem)
            yield f"{problem.place} will be requested again by the next crawl{moved}."


def _move_aside(folder: Path, place: str) -> str:
    """Move the file at a path below ``changed/``, and return a clause that reports it.

    :returns: an empty text where there is no file.
    """
    path = folder / place
    if not lexists(path):
        return ""
    refuse_links(folder, place)
    aside = _free_path(folder / "changed" / PurePosixPath(place))
    refuse_links(folder, str(aside.relative_to(folder)))
    make_folder(aside.parent)
    path.replace(aside)
    sync_folders([aside.parent])
    return f"; what was there is now {aside.relative_to(folder)}"


def _free_path(path: Path) -> Path:
    """Return the path, with a number where it is taken."""
    free, number = path, 1
    while lexists(free):
        number += 1
        free = path.with_name(f"{path.stem}.{number}{path.suffix}")
    return free


def _remove_leftovers(folder: Path, problems: list[Problem]) -> Iterator[str]:
    leftovers = [problem for problem in problems if problem.stored_as is not None]
    if not leftovers:
        return
    with _row_facts(folder) as comparison:
        for problem in leftovers:
            file = folder / problem.place
            if comparison.hash_of(problem.place) or not file.is_file():
                continue  # a crawl has moved the post back meanwhile, or removed the leftover
            stored_as = revision_of_moved_post(folder, PurePosixPath(problem.place), comparison)
            if stored_as is not None:
                refuse_links(folder, problem.place)
                file.unlink()
                sync_folders([file.parent])
                yield f"{problem.place} was removed; its bytes are stored as {stored_as}."


@contextmanager
def _row_facts(folder: Path) -> Iterator[Comparison]:
    """Open a comparison that has the row facts alone."""
    with Comparison() as comparison, Catalog(folder / "catalog.db") as catalog:
        for _ in comparison.add_catalog(catalog):
            pass  # `verify` has reported the wrong rows
        yield comparison
