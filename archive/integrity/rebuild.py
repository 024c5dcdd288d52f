"""Makes the catalog again, from files alone: captures, posts, revisions."""

import shlex
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from archive.catalog import Catalog
from archive.errors import ArchiveError
from archive.integrity.catalog_diff import lacking
from archive.integrity.journal_replay import Fold, LostVersion, seen_in, told_by
from archive.process_pool import Workers, chunks, cores
from archive.progress import Progress, silent
from archive.search import IndexedRow, PostText, indexed_row
from archive.storage import (
    ArchiveLock,
    is_damage,
    post_files,
    refuse_links,
    require_archive,
    revision_files,
    sqlite_errors,
)
from archive.warc import WORTH_WORKERS, is_ours, pieces_of, scan, warc_files

_FILES_AT_ONCE = 100
"""That a process reads, or texts that it makes an index of."""

_WORTH_WORKERS = 2_000
"""Posts; to start processes takes as long as to read these."""


@dataclass(slots=True)
class Rebuilt:
    """What a rebuilt catalog holds.

    :param posts: how many.
    :param lost: versions that a capture tells of and that no file has.
    :param unread: posts that name no article or no day, as paths below the folder.
    :param strange: posts that differ from every version of their article, a sentence each.
    :param damage: records that could not be read, a sentence each.
    """

    posts: int = 0
    lost: list[LostVersion] = field(default_factory=list)
    unread: list[PurePosixPath] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)


class PoorerCatalog(ArchiveError):
    """The files no longer tell all that a sound catalog knows.

    Attribute `rebuilt` is what they do tell.
    """

    def __init__(self, folder: Path, lacks: Sequence[str], rebuilt: Rebuilt) -> None:
        self.rebuilt = rebuilt
        wrong = [*rebuilt.damage, *map(str, rebuilt.lost)]
        if not warc_files(folder / "warc"):
            wrong = ["There are no captures"]
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        why = f" ({wrong[0].rstrip('.')}{more})" if wrong else ""
        super().__init__(
            f"The catalog of {folder} is sound and stays, because one made of the files would "
            f"lack {', '.join(lacks)}{why}; bring the files back from a backup, or give up what "
            f"they lack with `finews rebuild --force {shlex.quote(str(folder))}`."
        )


def rebuild(
    folder: Path,
    progress: Progress = silent,
    *,
    force: bool = False,
    only_whole: bool = False,
) -> Rebuilt:
    """Make the catalog of an archive again and put it in the place of the old one at once.

    Readers of the old one go on undisturbed. An old one that is no database any more is kept
    beside it as ``catalog.db.corrupt``. Files are read in as many processes as there are cores.

    :param force: replace a sound catalog even by one that lacks what no file tells any more.
    :param only_whole: leave the old one in its place when a version is lost.
    :raises PoorerCatalog: when it would be, without `force`; the old one stays.
    :raises ArchiveLocked: when the archive is being written.
    :raises ArchiveError: when the folder is no archive or cannot be read, the new catalog cannot
        be written, or one of the processes is killed.
    """
    require_archive(folder)
    fresh, place = folder / "catalog.db.new", folder / "catalog.db"
    refuse_links(folder)
    try:
        with ArchiveLock(folder):
            _remove_database(fresh)
            try:
                with Catalog(fresh, private=True) as catalog:
                    rebuilt = _fill(catalog, folder, progress)
                if only_whole and rebuilt.lost:
                    return rebuilt
                lacks = [] if force else lacking(fresh, place)
                if lacks:
                    raise PoorerCatalog(folder, lacks, rebuilt)
                _put_in_place(fresh, place)
            finally:
                _remove_database(fresh)
    except OSError as error:
        wrong = error.filename or folder
        raise ArchiveError(f"The disk refuses {wrong}: {error.strerror}.") from error
    return rebuilt


def _fill(catalog: Catalog, folder: Path, progress: Progress) -> Rebuilt:
    rebuilt = Rebuilt()
    fold = Fold(catalog, folder)
    warcs = warc_files(folder / "warc")
    rebuilt.damage += [
        f"{path} is not read, because finews gives no file such a name; take it away."
        for path in warcs
        if not is_ours(path)
    ]
    pieces = pieces_of(filter(is_ours, warcs))
    posts = sum(1 for _ in post_files(folder))
    worth_it = len(pieces) > WORTH_WORKERS or posts > _WORTH_WORKERS
    with (
        Workers(cores() if worth_it else 1) as workers,
        catalog.bulk_loading(partial(_indexed, catalog, workers, progress)),
    ):
        for piece in scan(pieces, partial(told_by, folder), workers, progress):
            fold.add(piece)
            rebuilt.damage += piece.damage
        fold.write()
        _add_files(fold, folder, posts, workers, progress)
        for paths in chunks(revision_files(folder), _FILES_AT_ONCE):
            fold.add_revisions(paths)
        fold.add_differing()
        fold.write()
        catalog.renumber(fold.numbers)
    rebuilt.posts = catalog.count()
    rebuilt.lost, rebuilt.unread, rebuilt.strange = list(fold.lost), fold.unread, fold.strange
    return rebuilt


def _add_files(fold: Fold, folder: Path, count: int, workers: Workers, progress: Progress) -> None:
    steps = zip(progress("posts", range(count)), post_files(folder), strict=False)
    paths = chunks((path for _, path in steps), _FILES_AT_ONCE)
    for seen in workers.in_order(partial(seen_in, folder), map(fold.files_of, paths)):
        fold.add_files(seen)


def _indexed(
    catalog: Catalog, workers: Workers, progress: Progress, texts: Iterator[PostText]
) -> Iterator[IndexedRow]:
    """The rows of the search index; the text of a post takes longer to be cut into pairs of
    characters than to be indexed.
    """
    steps = zip(progress("index", range(catalog.count())), texts, strict=False)
    texts_at_once = chunks((text for _, text in steps), _FILES_AT_ONCE)
    for rows in workers.in_order(_indexed_rows, texts_at_once):
        yield from rows


def _indexed_rows(texts: Sequence[PostText]) -> list[IndexedRow]:
    return [indexed_row(text) for text in texts]


def _put_in_place(fresh: Path, place: Path) -> None:
    """Copy the database over the old one in one transaction.

    Renaming it would leave the old one's write-ahead log beside the new one, and SQLite would
    apply it.
    """
    with (
        sqlite_errors(f"Could not replace the catalog {place}"),
        closing(sqlite3.connect(fresh.absolute())) as source,
        closing(_old(place)) as target,
    ):
        source.backup(target)


def _old(place: Path) -> sqlite3.Connection:
    target = sqlite3.connect(place.absolute(), timeout=30)
    try:
        target.execute("SELECT count(*) FROM sqlite_master").fetchone()
        target.execute("PRAGMA journal_mode = wal")
    except sqlite3.DatabaseError as error:
        target.close()
        if not is_damage(error):
            raise
        place.rename(place.with_name(place.name + ".corrupt"))
        _remove_database(place)
        return sqlite3.connect(place.absolute())
    return target


def _remove_database(path: Path) -> None:
    for file in _files_of(path):
        file.unlink(missing_ok=True)


def _files_of(path: Path) -> Iterator[Path]:
    for suffix in ("", "-wal", "-shm", "-journal"):
        yield path.with_name(path.name + suffix)
