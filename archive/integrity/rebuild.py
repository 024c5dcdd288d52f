"""Generate the catalog again from files alone: captures, posts, revisions.

The new catalog is filled in this order: what the journal records, see `catalog_from_journal`; posts
that no record is about; revisions that no record is about; posts that differ from every version.
It replaces the old one only when it lacks nothing that the old one has, see `catalog_diff`.
"""

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
from archive.integrity.catalog_from_journal import (
    CatalogFromJournal,
    LostVersion,
    read_journal,
    read_posts,
)
from archive.process_pool import BY_SIZE, Sharing, Workers, chunks
from archive.progress import Progress, silent
from archive.search import IndexedRow, PostText, indexed_row
from archive.storage import (
    ArchiveLock,
    connect,
    disk_errors,
    is_damage,
    post_files,
    refuse_links,
    require_archive,
    revision_files,
    sqlite_errors,
)
from archive.warc import WORTH_WORKERS, is_ours, pieces_of, scan, warc_files

# Posts that one process reads in the time that it takes to start worker processes.
_WORTH_WORKERS = 2_000


@dataclass(slots=True)
class Rebuilt:
    """What a rebuilt catalog contains, and what it could not take from the files.

    :param posts: number of posts in the catalog.
    :param lost: versions that the journal records and that no file has.
    :param unread: paths of posts that name no article or no day, below the archive's folder.
    :param strange: why posts and revisions are not in the catalog, a sentence each.
    :param damage: why records could not be read, a sentence each.
    """

    posts: int = 0
    lost: list[LostVersion] = field(default_factory=list)
    unread: list[PurePosixPath] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)


class LessCompleteCatalog(ArchiveError):
    """The error of a rebuilt catalog that would lack what the old, sound one has.

    Attribute `rebuilt` is what the new catalog would contain.
    """

    def __init__(self, folder: Path, lacks: Sequence[str], rebuilt: Rebuilt) -> None:
        self.rebuilt = rebuilt
        wrong = [*rebuilt.damage, *map(str, rebuilt.lost)]
        if not warc_files(folder / "warc"):
            wrong = ["There are no captures"]
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        why = f" ({wrong[0].rstrip('.')}{more})" if wrong else ""
        super().__init__(
            f"The catalog of {folder} is sound and was not replaced, because a catalog generated "
            f"from the files would lack {', '.join(lacks)}{why}; restore the files from a backup, "
            f"or give up what they lack with `finews rebuild --force {shlex.quote(str(folder))}`."
        )


def rebuild(
    folder: Path,
    progress: Progress = silent,
    *,
    force: bool = False,
    only_whole: bool = False,
    sharing: Sharing = BY_SIZE,
) -> Rebuilt:
    """Generate the catalog of an archive from its files, and replace the old one atomically.

    Readers of the old catalog are not disturbed. An old catalog that is no longer a database is
    renamed to ``catalog.db.corrupt``. Files are read in as many processes as there are cores.

    :param force: replace a sound catalog even if the new one lacks something that it has.
    :param only_whole: do not replace the old catalog when a version is lost.
    :param sharing: how the reading is shared among processes.
    :raises LessCompleteCatalog: when the new catalog lacks something, unless `force` is set; the
        old one stays.
    :raises ArchiveLocked: when another process writes to the archive.
    :raises ArchiveError: when the folder is no archive or cannot be read, the new catalog cannot
        be written, or a worker process is killed.
    """
    require_archive(folder)
    fresh, place = folder / "catalog.db.new", folder / "catalog.db"
    refuse_links(folder)
    with disk_errors(folder), ArchiveLock(folder):
        _remove_database(fresh)
        try:
            with Catalog(fresh, private=True) as catalog:
                rebuilt = _fill(catalog, folder, progress, sharing)
            if only_whole and rebuilt.lost:
                return rebuilt
            lacks = [] if force else lacking(fresh, place)
            if lacks:
                raise LessCompleteCatalog(folder, lacks, rebuilt)
            _put_in_place(fresh, place)
        finally:
            _remove_database(fresh)
    return rebuilt


def rebuild_as_of(folder: Path, place: Path, moment: str) -> None:
    """Generate a catalog from the captures of an archive up to a time.

    :param place: of the new catalog, outside of the archive.
    :param moment: ISO 8601, UTC.
    :raises ArchiveError: when the archive cannot be read, or the catalog cannot be written.
    """
    with disk_errors(folder), Catalog(place, private=True) as catalog:
        _fill(catalog, folder, silent, BY_SIZE, until=moment)


def _fill(
    catalog: Catalog, folder: Path, progress: Progress, sharing: Sharing, until: str | None = None
) -> Rebuilt:
    """Fill an empty catalog.

    :param until: only with what the captures had by this time, ISO 8601, UTC.
    """
    rebuilt = Rebuilt()
    replay = CatalogFromJournal(catalog, folder, until)
    warcs = warc_files(folder / "warc")
    rebuilt.damage += [
        f"{path} was not read, because finews gives no file such a name; move it away."
        for path in warcs
        if not is_ours(path)
    ]
    pieces = pieces_of(filter(is_ours, warcs), sharing.piece_bytes)
    posts = 0 if until else sum(1 for _ in post_files(folder))
    worth_it = len(pieces) > WORTH_WORKERS or posts > _WORTH_WORKERS
    with (
        sharing.workers(worth_it=worth_it) as workers,
        catalog.bulk_loading(partial(_indexed, workers, progress, sharing.files)),
    ):
        for piece in scan(pieces, partial(read_journal, folder), workers, progress):
            replay.add(piece)
            rebuilt.damage += piece.damage
        replay.write()
        if until is None:
            _add_files(replay, folder, posts, workers, progress, sharing.files)
            for paths in chunks(revision_files(folder), sharing.files):
                replay.add_revisions(paths)
            replay.add_differing()
            replay.write()
        catalog.renumber(replay.numbers)
    rebuilt.posts = catalog.count()
    rebuilt.lost, rebuilt.unread, rebuilt.strange = list(replay.lost), replay.unread, replay.strange
    return rebuilt


def _add_files(
    replay: CatalogFromJournal,
    folder: Path,
    count: int,
    workers: Workers,
    progress: Progress,
    at_once: int,
) -> None:
    steps = zip(progress("posts", range(count)), post_files(folder), strict=False)
    paths = chunks((path for _, path in steps), at_once)
    for posts in workers.in_order(partial(read_posts, folder), map(replay.files_of, paths)):
        replay.add_files(posts)


def _indexed(
    workers: Workers, progress: Progress, at_once: int, texts: Iterator[PostText], count: int
) -> Iterator[IndexedRow]:
    """Yield the rows of the search index.

    Worker processes cut texts into pairs of characters: that takes longer than the indexing.
    """
    steps = zip(progress("index", range(count)), texts, strict=False)
    texts_at_once = chunks((text for _, text in steps), at_once)
    for rows in workers.in_order(_indexed_rows, texts_at_once):
        yield from rows


def _indexed_rows(texts: Sequence[PostText]) -> list[IndexedRow]:
    return [indexed_row(text) for text in texts]


def _put_in_place(fresh: Path, place: Path) -> None:
    """Copy the database over the old one in one transaction.

    After a rename, the old one's write-ahead log would stay next to the new one, and SQLite would
    apply it.
    """
    with (
        sqlite_errors(f"Could not replace the catalog {place}"),
        closing(sqlite3.connect(fresh.absolute())) as source,
        closing(_open_old(place)) as target,
    ):
        source.backup(target)


def _open_old(place: Path) -> sqlite3.Connection:
    """Open the catalog that is to be replaced; rename it first where it is no database."""
    target = connect(place)
    try:
        target.execute("SELECT count(*) FROM sqlite_master").fetchone()
        target.execute("PRAGMA journal_mode = wal")
    except sqlite3.DatabaseError as error:
        target.close()
        if not is_damage(error):
            raise
        place.rename(place.with_name(place.name + ".corrupt"))
        _remove_database(place)
        return connect(place)
    return target


def _remove_database(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
