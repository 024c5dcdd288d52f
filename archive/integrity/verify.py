"""Proves that an archive is whole."""

import errno
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path, PurePosixPath

from archive.article import InfoCode
from archive.catalog import Catalog, CatalogReader, ReadOnlyCatalog
from archive.errors import (
    ArchiveError,
    ArchiveLocked,
    CatalogDamaged,
    InvalidInfoCode,
    MisshapenCatalog,
)
from archive.integrity.comparison import Ledger, Misnamed
from archive.integrity.file_scan import Captured, Hashed, captured, hashed
from archive.integrity.journal_digests import plain
from archive.process_pool import Workers, chunks, cores
from archive.progress import Progress, silent
from archive.storage import (
    ArchiveLock,
    bytes_if_there,
    damage_of,
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

_NOT_WRITABLE = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})

_FILES_AT_ONCE = 100
"""That a process reads."""

_WORTH_WORKERS = 5_000
"""Files; to start processes takes as long as to read these."""


class Wrong(StrEnum):
    """What can be wrong."""

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
    """What a verification looked at and found.

    :param locked: nobody else could write to the archive meanwhile.
    """

    locked: bool = True
    files: int = 0
    captures: int = 0
    problems: list[Problem] = field(default_factory=list)


def verify(folder: Path, progress: Progress = silent) -> Verified:
    """Check every post, revision, picture and capture against its recorded hash, and files and
    catalog against each other, both ways. Reads in as many processes as there are cores, whatever
    there is to read at the same time, so that neither disk nor processor waits for the other.

    An archive that cannot be written is checked without a lock.

    :raises ArchiveLocked: when the archive is being written.
    :raises ArchiveError: when the folder is no archive, the disk refuses, or one of the processes
        is killed.
    """
    require_archive(folder)
    verified = Verified()
    try:
        with _lock_of(folder) as lock, Ledger() as ledger:
            verified.locked = lock is not None
            verified.problems += _check(folder, ledger, verified, progress)
    except OSError as error:
        place = error.filename or folder
        raise ArchiveError(f"The disk refuses {place}: {error.strerror}.") from error
    return verified


@contextmanager
def _lock_of(folder: Path) -> Iterator[ArchiveLock | None]:
    """Lock an archive; None where it cannot be written, and so not be locked."""
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


def _check(
    folder: Path, ledger: Ledger, verified: Verified, progress: Progress
) -> Iterator[Problem]:
    place = folder / _CATALOG
    with ExitStack() as opened:
        catalog: CatalogReader | None = None
        try:
            if not place.exists():
                raise CatalogDamaged("it is not there")
            writable = verified.locked and is_writable(place)
            catalog = opened.enter_context(Catalog(place) if writable else ReadOnlyCatalog(place))
        except MisshapenCatalog as error:
            yield Problem(Wrong.CATALOG_DAMAGED, _CATALOG, str(error))
            return
        except CatalogDamaged as error:
            yield Problem(Wrong.CATALOG_DAMAGED, _CATALOG, str(error))
        yield from _read(folder, catalog, ledger, verified, progress)
    if catalog is None:
        return  # there is nothing to compare files and captures with
    yield from _compare_files(folder, ledger)
    yield from _compare_captures(ledger)
    yield from _compare_statements(ledger)


def _read(
    folder: Path,
    catalog: CatalogReader | None,
    ledger: Ledger,
    verified: Verified,
    progress: Progress,
) -> Iterator[Problem]:
    """Have all that there is in the ledger, and tell what is wrong with it by itself."""
    count = sum(1 for _ in _files(folder))
    warcs = warc_files(folder / "warc")
    for path in warcs:
        if not is_found(path):
            told = "nothing finds captures in it by this name; give it its own, or take it away"
            yield Problem(Wrong.LEFTOVER, f"warc/{path.name}", told)
    pieces = pieces_of(warcs)
    worth_it = count > _WORTH_WORKERS or len(pieces) > WORTH_WORKERS
    with Workers(cores() if worth_it else 1) as workers:
        files = workers.in_order(partial(hashed, folder), chunks(_files(folder), _FILES_AT_ONCE))
        captures = scan(pieces, captured, workers)
        damage = workers.in_order(damage_of, [folder / _CATALOG] if catalog else [])
        # A step of each in turn: the one waits for the disk while the other computes.
        reading = zip_longest(
            _read_catalog(catalog, ledger) if catalog else (),
            _read_files(files, ledger, verified),
            _read_captures(captures, ledger, verified),
            fillvalue=None,
        )
        bar = iter(progress("checked", range(count // _FILES_AT_ONCE + len(pieces))))
        wrong: list[Problem] = []
        for step in chain.from_iterable(reading):
            if step is not None:
                next(bar, None)
                wrong += step
        _read_elsewhere(folder, ledger, workers, verified, progress)
        broken = [*chain.from_iterable(damage)]
    for told in broken:
        yield Problem(Wrong.CATALOG_DAMAGED, _CATALOG, told)
    for problem in wrong:
        if not (broken and problem.wrong is Wrong.CATALOG_DAMAGED):  # the same, in other words
            yield problem


def _files(folder: Path) -> Iterator[str]:
    return map(str, chain(post_files(folder), revision_files(folder), media_files(folder)))


_Step = Sequence[Problem]
"""What was found wrong in a part of what there is to read."""


def _read_catalog(catalog: CatalogReader, ledger: Ledger) -> Iterator[_Step]:
    try:
        for rows in ledger.copying(catalog):
            yield [Problem(Wrong.ROW_CHANGED, place, sentence) for place, sentence in rows]
    except CatalogDamaged as error:
        yield [Problem(Wrong.CATALOG_DAMAGED, _CATALOG, str(error))]


def _read_files(
    files: Iterable[Sequence[Hashed]], ledger: Ledger, verified: Verified
) -> Iterator[_Step]:
    for found in files:
        verified.files += sum(1 for file in found if file.sha256 is not None)
        ledger.note_files(found)
        yield ()


def _read_elsewhere(
    folder: Path, ledger: Ledger, workers: Workers, verified: Verified, progress: Progress
) -> None:
    """Read what was found nowhere, but may be below a folder that is a link."""
    if count := ledger.seek():
        paths = chunks(ledger.sought(), _FILES_AT_ONCE)
        files = workers.in_order(partial(hashed, folder), paths)
        steps = progress("elsewhere", range(-(-count // _FILES_AT_ONCE)))
        for _ in zip(steps, _read_files(files, ledger, verified), strict=True):
            pass


def _read_captures(
    captures: Iterable[Captured], ledger: Ledger, verified: Verified
) -> Iterator[_Step]:
    for found in captures:
        verified.captures += found.records
        path = found.path
        name = finished_name(path) if is_found(path) else plain(path.name)
        # Of what a killed crawl was writing, the next one tells the catalog.
        due = is_found(path) and not is_being_written(path)
        ledger.note_captures(name, found, due=due)
        place = f"warc/{path.name}"
        yield [Problem(Wrong.CAPTURE_DAMAGED, place, told) for told in found.damage]


def _compare_files(folder: Path, ledger: Ledger) -> Iterator[Problem]:
    for (path,) in ledger.twice():
        yield Problem(Wrong.ROW_CHANGED, path, "the catalog has it as two versions")
    for path, info_code, expected, actual in ledger.differing():
        yield (
            _of_version(path, info_code, expected, actual)
            if info_code is not None
            else _of_picture(path, actual)
        )
    for (path,) in ledger.unknown_files():
        file = PurePosixPath(path)
        kept = kept_elsewhere(folder, file, ledger)
        if kept is None:
            yield Problem(Wrong.ROW_LOST, path, "the catalog knows nothing of it")
        else:
            told = f"its article has moved, and its bytes are kept as {kept}"
            yield Problem(Wrong.LEFTOVER, path, told, kept=kept)


def _of_version(path: str, info_code: str, expected: str, actual: str | None) -> Problem:
    if actual is None:
        told = f"the catalog has it for {info_code}, and it is not there"
        return Problem(Wrong.FILE_LOST, path, told, expected)
    told = f"it should have the hash {expected}, and it has {actual}"
    return Problem(Wrong.FILE_CHANGED, path, told, expected)


def _of_picture(path: str, actual: str | None) -> Problem:
    if actual is None:
        return Problem(Wrong.PICTURE_LOST, path, "the catalog has it, and it is not there")
    told = f"it should have the hash that it is named after, and it has {actual}"
    return Problem(Wrong.PICTURE_CHANGED, path, told)


def kept_elsewhere(folder: Path, file: PurePosixPath, ledger: Ledger) -> str | None:
    """Where the bytes of a post are kept whose article has moved; None where it is none.

    A kill between the catalog's row and the removal of the old file leaves one.
    """
    try:
        info_code = InfoCode.from_address(file.name)
    except InvalidInfoCode:
        return None
    data = bytes_if_there(folder / file)
    if data is None or file.parts[0] != "_posts":
        return None
    kept = ledger.superseded(info_code, sha256(data))
    if kept is None:
        return None
    return kept if bytes_if_there(folder / kept) == data else None


def _compare_captures(ledger: Ledger) -> Iterator[Problem]:
    for name, count in ledger.lost_captures():
        told = f"{count} captures that the catalog names were in it, and it is not there"
        yield Problem(Wrong.CAPTURE_LOST, f"warc/{name}", told)
    yield from map(_of_capture, ledger.misnamed())
    for name, offset, digest in ledger.unanswered():
        told = f"it revisits a payload, {digest}, and no response has it"
        yield Problem(Wrong.CAPTURE_LOST, f"warc/{name} at {offset}", told)
    for name, offset, count in ledger.unknown_payloads():
        more = f", nor {count - 1} behind it" if count > 1 else ""
        told = f"the catalog does not know the payload there{more}"
        yield Problem(Wrong.ROW_LOST, f"warc/{name} at {offset}", told)


def _of_capture(named: Misnamed) -> Problem:
    place = f"warc/{named.file} at {named.offset}"
    told = f"the catalog names a record of {named.url} there"
    if named.found_url is None:
        return Problem(Wrong.CAPTURE_LOST, place, f"{told}, and there is none")
    if named.found_url != named.url:
        told = f"{told}, and it is one of {named.found_url}"
    elif named.found_fetched != named.fetched:
        told = f"{told}, fetched at {named.fetched}, and it was at {named.found_fetched}"
    else:
        told = f"{told} with the payload {named.digest}, and that is not in it"
    return Problem(Wrong.ROW_CHANGED, place, told)


def _compare_statements(ledger: Ledger) -> Iterator[Problem]:
    for (about,) in ledger.contradicted():
        told = "no capture tells what the catalog says of it"
        yield Problem(Wrong.ROW_CHANGED, about, told)
    for (path,) in ledger.newer_than_captures():
        yield Problem(Wrong.CAPTURE_LOST, path, "the captures know only other versions of it")
    for code, _, version, path, digest in ledger.lost_versions():
        sentence = f"the captures have it as version {version} of {code} with the hash {digest}, "
        yield Problem(Wrong.VERSION_LOST, path, f"{sentence}and the archive has not")
    count, first = ledger.untold()
    if count:
        more = f", nor of {count - 1} more that it has" if count > 1 else ""
        told = f"no capture tells what the catalog has of {first}{more}"
        yield Problem(Wrong.CAPTURE_LOST, "warc", told)
