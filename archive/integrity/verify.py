"""Check that an archive is whole: read all its files and its catalog, and report each problem.

`verify` first reads everything into a `Comparison`: row facts from the catalog, file facts from
posts, revisions and pictures, recorded facts and file facts from the WARC files. On the way it
reports what is wrong by itself, such as a damaged record. Then it turns each difference that the
comparison finds into a `Problem`.
"""

import errno
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path, PurePosixPath

from archive.article_id import ArticleId
from archive.catalog import Catalog, CatalogReader, ReadOnlyCatalog
from archive.errors import (
    ArchiveLocked,
    CatalogDamaged,
    InvalidArticleId,
    MisshapenCatalog,
)
from archive.integrity.comparison import Comparison, DifferingCapture
from archive.integrity.file_scan import FileHash, ScannedRecords, hash_files, scan_records
from archive.integrity.journal_digests import encodable
from archive.process_pool import BY_SIZE, Sharing, Workers, chunks
from archive.progress import Progress, silent
from archive.storage import (
    ArchiveLock,
    bytes_if_there,
    damage_of,
    disk_errors,
    holder_of,
    is_writable,
    media_files,
    post_files,
    require_archive,
    revision_files,
    sha256,
)
from archive.warc import (
    WORTH_WORKERS,
    finished_name,
    is_being_written,
    is_found,
    pieces_of,
    scan,
    warc_files,
)

_CATALOG = "catalog.db"

# Error numbers of a lock file on storage that cannot be written.
_NOT_WRITABLE = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})

# Files that one process reads in the time that it takes to start worker processes.
_WORTH_WORKERS = 5_000


class Wrong(StrEnum):
    """A kind of problem."""

    FILE_LOST = "file lost"
    FILE_CHANGED = "file changed"
    ROW_LOST = "row lost"
    ROW_CHANGED = "row changed"
    LEFTOVER = "leftover"
    VERSION_LOST = "version lost"
    CAPTURE_LOST = "capture lost"
    CAPTURE_DAMAGED = "capture damaged"
    PICTURE_LOST = "picture lost"
    PICTURE_CHANGED = "picture changed"
    CATALOG_DAMAGED = "catalog damaged"


@dataclass(frozen=True, slots=True)
class Problem:
    """A difference between catalog and files, or a damaged file.

    :param place: of what is wrong, below the archive's folder; its name where it is no file.
    :param sentence: what is wrong, for a user.
    :param sha256: the hash that the file of a version should have.
    :param stored_as: where the bytes of a leftover are stored, below the archive's folder.
    """

    wrong: Wrong
    place: str
    sentence: str
    sha256: str | None = None
    stored_as: str | None = None

    def __str__(self) -> str:
        line = f"{self.wrong}: {self.place}: {self.sentence}"
        return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)


@dataclass(slots=True)
class Verified:
    """The result of a verification.

    :param locked: the archive was locked, so that no other process wrote to it meanwhile.
    :param files: number of posts, revisions and pictures that were read.
    :param captures: number of sound records that were read.
    """

    locked: bool = True
    files: int = 0
    captures: int = 0
    problems: list[Problem] = field(default_factory=list)


def verify(folder: Path, progress: Progress = silent, *, sharing: Sharing = BY_SIZE) -> Verified:
    """Check every file and capture against its hash, and files and catalog against each other.

    Catalog, files and captures are read at the same time, in as many processes as there are cores,
    so that neither disk nor processor waits for the other. An archive on storage that cannot be
    written is checked without a lock.

    :param sharing: how the reading is shared among processes.
    :raises ArchiveLocked: when another process writes to the archive.
    :raises ArchiveError: when the folder is no archive, the disk reports an error, or a worker
        process is killed.
    """
    require_archive(folder)
    verified = Verified()
    with disk_errors(folder), _lock_of(folder) as lock, Comparison() as comparison:
        verified.locked = lock is not None
        reading = _Verification(folder, comparison, verified, progress, sharing)
        verified.problems += reading.problems()
    return verified


@contextmanager
def _lock_of(folder: Path) -> Iterator[ArchiveLock | None]:
    """Lock an archive; yield None where it cannot be written, and so cannot be locked."""
    try:
        lock = ArchiveLock(folder)
    except OSError as error:
        if error.errno not in _NOT_WRITABLE:
            raise
        if holder := holder_of(folder):
            raise ArchiveLocked(folder, holder=holder.name) from error
        yield None
    else:
        with lock:
            yield lock


# The problems in a part of what there is to read.
_Step = Sequence[Problem]


@dataclass(frozen=True, slots=True)
class _Verification:
    """The reading of an archive into a comparison."""

    folder: Path
    comparison: Comparison
    verified: Verified
    progress: Progress
    sharing: Sharing

    def problems(self) -> Iterator[Problem]:
        """Read all facts, and yield what is wrong."""
        place = self.folder / _CATALOG
        with ExitStack() as opened:
            catalog: CatalogReader | None = None
            try:
                if not place.exists():
                    raise CatalogDamaged("it is not there")
                writable = self.verified.locked and is_writable(place)
                kind = Catalog if writable else ReadOnlyCatalog
                catalog = opened.enter_context(kind(place))
            except (MisshapenCatalog, CatalogDamaged) as error:
                yield Problem(Wrong.CATALOG_DAMAGED, _CATALOG, str(error))
                if isinstance(error, MisshapenCatalog):
                    return
            yield from self._read(catalog)
        if catalog is None:
            return  # without row facts there is nothing to compare
        yield from _compare_files(self.folder, self.comparison)
        yield from _compare_captures(self.comparison)
        yield from _compare_recorded_facts(self.comparison)

    def _read(self, catalog: CatalogReader | None) -> Iterator[Problem]:
        """Read all facts into the comparison, and report what is wrong without comparing."""
        folder, at_once = self.folder, self.sharing.files
        count = sum(1 for _ in _files(folder))
        warcs = warc_files(folder / "warc")
        for path in warcs:
            if not is_found(path):
                sentence = (
                    "captures in it cannot be found, because finews gives no file such a name or "
                    "another file has its place; rename it or move it away"
                )
                yield Problem(Wrong.LEFTOVER, f"warc/{path.name}", sentence)
        pieces = pieces_of(warcs, self.sharing.piece_bytes)
        worth_it = count > _WORTH_WORKERS or len(pieces) > WORTH_WORKERS
        with self.sharing.workers(worth_it=worth_it) as workers:
            files = workers.in_order(partial(hash_files, folder), chunks(_files(folder), at_once))
            captures = scan(pieces, scan_records, workers)
            damage = workers.in_order(damage_of, [folder / _CATALOG] if catalog else [])
            # One step of each in turn: one waits for the disk while another computes.
            reading = zip_longest(
                self._read_catalog(catalog) if catalog else (),
                self._read_files(files),
                self._read_captures(captures),
                fillvalue=None,
            )
            bar = iter(self.progress("checked", range(count // at_once + len(pieces))))
            wrong: list[Problem] = []
            for step in chain.from_iterable(reading):
                if step is not None:
                    next(bar, None)
                    wrong += step
            self._read_missing_files(workers)
            broken = [*chain.from_iterable(damage)]
        for sentence in broken:
            yield Problem(Wrong.CATALOG_DAMAGED, _CATALOG, sentence)
        for problem in wrong:
            # Damage that was met while reading rows is the same damage in other words.
            if not (broken and problem.wrong is Wrong.CATALOG_DAMAGED):
                yield problem

    def _read_catalog(self, catalog: CatalogReader) -> Iterator[_Step]:
        try:
            for rows in self.comparison.add_catalog(catalog):
                yield [Problem(Wrong.ROW_CHANGED, place, sentence) for place, sentence in rows]
        except CatalogDamaged as error:
            yield [Problem(Wrong.CATALOG_DAMAGED, _CATALOG, str(error))]

    def _read_files(self, files: Iterable[Sequence[FileHash]]) -> Iterator[_Step]:
        for hashes in files:
            self.verified.files += sum(1 for file in hashes if file.sha256 is not None)
            self.comparison.add_files(hashes)
            yield ()

    def _read_missing_files(self, workers: Workers) -> None:
        """Read the files that no listing found: they may be below a folder that is a link."""
        at_once = self.sharing.files
        if count := self.comparison.list_missing_files():
            paths = chunks(self.comparison.missing_files(), at_once)
            files = workers.in_order(partial(hash_files, self.folder), paths)
            steps = self.progress("elsewhere", range(-(-count // at_once)))
            for _ in zip(steps, self._read_files(files), strict=True):
                pass

    def _read_captures(self, captures: Iterable[ScannedRecords]) -> Iterator[_Step]:
        for scanned in captures:
            self.verified.captures += scanned.count
            path, found = scanned.path, is_found(scanned.path)
            name = finished_name(path) if found else encodable(path.name)
            # The next crawl adds the payloads of a file that a killed crawl was writing.
            settled = found and not is_being_written(path)
            self.comparison.add_records(name, scanned, settled=settled)
            place = f"warc/{path.name}"
            yield [Problem(Wrong.CAPTURE_DAMAGED, place, sentence) for sentence in scanned.damage]


def _files(folder: Path) -> Iterator[str]:
    return map(str, chain(post_files(folder), revision_files(folder), media_files(folder)))


def _compare_files(folder: Path, comparison: Comparison) -> Iterator[Problem]:
    for (path,) in comparison.duplicate_paths():
        yield Problem(Wrong.ROW_CHANGED, path, "the catalog has two versions at this path")
    for path, info_code, expected, actual in comparison.differing_files():
        yield (
            _problem_of_version(path, info_code, expected, actual)
            if info_code is not None
            else _problem_of_picture(path, actual)
        )
    for (path,) in comparison.unknown_files():
        stored_as = revision_of_moved_post(folder, PurePosixPath(path), comparison)
        if stored_as is None:
            yield Problem(Wrong.ROW_LOST, path, "the catalog has no row for this file")
        else:
            sentence = f"its article has another path now; the same bytes are stored as {stored_as}"
            yield Problem(Wrong.LEFTOVER, path, sentence, stored_as=stored_as)


def _problem_of_version(path: str, info_code: str, expected: str, actual: str | None) -> Problem:
    if actual is None:
        sentence = f"the catalog has it as a version of {info_code}, but the file does not exist"
        return Problem(Wrong.FILE_LOST, path, sentence, expected)
    sentence = f"the catalog states the hash {expected}, but the file has {actual}"
    return Problem(Wrong.FILE_CHANGED, path, sentence, expected)


def _problem_of_picture(path: str, actual: str | None) -> Problem:
    if actual is None:
        return Problem(
            Wrong.PICTURE_LOST, path, "the catalog has a row for it, but the file does not exist"
        )
    sentence = f"its name states its hash, but the file has {actual}"
    return Problem(Wrong.PICTURE_CHANGED, path, sentence)


def revision_of_moved_post(folder: Path, file: PurePosixPath, comparison: Comparison) -> str | None:
    """Return the path of the revision that stores the bytes of a post whose article has moved.

    A kill between the catalog's row and the removal of the old file leaves such a post.

    :param file: path of the post, below the archive's folder.
    :returns: None where the file is no such post.
    """
    try:
        info_code = ArticleId.of_file(file.name)
    except InvalidArticleId:
        return None
    data = bytes_if_there(folder / file)
    if data is None or file.parts[0] != "_posts":
        return None
    revision = comparison.revision_with(info_code, sha256(data))
    return revision if revision and bytes_if_there(folder / revision) == data else None


def _compare_captures(comparison: Comparison) -> Iterator[Problem]:
    for name, count in comparison.missing_warc_files():
        sentence = f"the catalog names {count} captures in it, but the file does not exist"
        yield Problem(Wrong.CAPTURE_LOST, f"warc/{name}", sentence)
    yield from map(_problem_of_capture, comparison.differing_captures())
    for name, offset, digest in comparison.revisits_without_response():
        sentence = f"it is a revisit of the payload {digest}, but no response has that payload"
        yield Problem(Wrong.CAPTURE_LOST, f"warc/{name} at {offset}", sentence)
    for name, offset, count in comparison.unknown_payloads():
        more = f", and for {count - 1} more behind it" if count > 1 else ""
        sentence = f"the catalog has no row for the payload there{more}"
        yield Problem(Wrong.ROW_LOST, f"warc/{name} at {offset}", sentence)


def _problem_of_capture(named: DifferingCapture) -> Problem:
    place = f"warc/{named.file} at {named.offset}"
    expected = f"the catalog names a record of {named.url} there"
    if named.found_url is None:
        return Problem(Wrong.CAPTURE_LOST, place, f"{expected}, but there is none")
    if named.found_url != named.url:
        sentence = f"{expected}, but the record is of {named.found_url}"
    elif named.found_fetched != named.fetched:
        sentence = (
            f"{expected} that was fetched at {named.fetched}, but it was fetched at "
            f"{named.found_fetched}"
        )
    else:
        sentence = f"{expected} with the payload {named.digest}, but it has another payload"
    return Problem(Wrong.ROW_CHANGED, place, sentence)


def _compare_recorded_facts(comparison: Comparison) -> Iterator[Problem]:
    for (about,) in comparison.contradicted_rows():
        sentence = "its row in the catalog differs from every record of it in the captures"
        yield Problem(Wrong.ROW_CHANGED, about, sentence)
    for (path,) in comparison.newer_than_records():
        sentence = "the captures record other versions of it, but not this one"
        yield Problem(Wrong.CAPTURE_LOST, path, sentence)
    for code, _, version, path, digest in comparison.lost_versions():
        sentence = (
            f"the captures record it as version {version} of {code} with the hash {digest}, "
            "but neither the catalog nor a file has that version"
        )
        yield Problem(Wrong.VERSION_LOST, path, sentence)
    count, first = comparison.unrecorded_rows()
    if count:
        more = f", nor {count - 1} more of its rows" if count > 1 else ""
        sentence = f"no capture records what the catalog states about {first}{more}"
        yield Problem(Wrong.CAPTURE_LOST, "warc", sentence)
