"""Makes the catalog again, from files alone: captures, posts, revisions."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from archive.article import InfoCode
from archive.body import Security, read_body, with_listed
from archive.capture import Capture
from archive.catalog import Catalog, Entry, PostRow, RevisionRow
from archive.errors import ArchiveError, InvalidInfoCode
from archive.files import demand_archive
from archive.journal import CRAWL, PICTURE, tells_of_new_version
from archive.lock import ArchiveLock
from archive.media import Picture
from archive.post import parse_post
from archive.progress import Progress, silent
from archive.versions import entry_of_file, post_files, revision_path, sha256
from archive.warc import Record, finished_name, read_records, warc_files

_BATCH = 500
_KINDS = frozenset({"response", "metadata"})


@dataclass(slots=True)
class Rebuilt:
    """What a rebuilt catalog holds.

    :param posts: how many.
    :param lost: versions that a capture tells of and that no file has, a sentence each.
    :param unread: posts that name no article or no day, as paths below the folder.
    :param strange: posts that differ from every version of their article, a sentence each.
    :param damage: records that could not be read, a sentence each.
    """

    posts: int = 0
    lost: list[str] = field(default_factory=list)
    unread: list[PurePosixPath] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)


class PoorerCatalog(ArchiveError):
    """The files no longer tell all that a sound catalog knows."""

    def __init__(self, folder: Path, rebuilt: Rebuilt) -> None:
        wrong = [*rebuilt.damage, *rebuilt.lost]
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        super().__init__(
            f"The catalog of {folder} is sound and stays, because one made of the files would "
            f"lack something: {wrong[0].rstrip('.')}{more}; bring the files back from a backup, "
            f"or give up what they lack with `finews rebuild --force {folder}`."
        )


def rebuild(folder: Path, progress: Progress = silent, *, force: bool = False) -> Rebuilt:
    """Make the catalog of an archive again and put it in the place of the old one at once.

    Readers of the old one go on undisturbed. An old one that is no database any more is kept
    beside it as ``catalog.db.corrupt``.

    :param force: replace a sound catalog even by one that lacks what no file tells any more.
    :raises PoorerCatalog: when it would be, without `force`; the old one stays.
    :raises ArchiveLocked: when the archive is being written.
    :raises ArchiveError: when the folder is no archive or cannot be read, or the new catalog
        cannot be written.
    """
    demand_archive(folder)
    fresh = folder / "catalog.db.new"
    try:
        with ArchiveLock(folder):
            _remove_database(fresh)
            with Catalog(fresh, private=True) as catalog:
                rebuilt = _fill(catalog, folder, progress)
            if (rebuilt.damage or rebuilt.lost) and not force and _is_sound(folder / "catalog.db"):
                _remove_database(fresh)
                raise PoorerCatalog(folder, rebuilt)
            _put_in_place(fresh, folder / "catalog.db")
            _remove_database(fresh)
    except OSError as error:
        place = error.filename or folder
        raise ArchiveError(f"The disk refuses {place}: {error.strerror}.") from error
    return rebuilt


def _fill(catalog: Catalog, folder: Path, progress: Progress) -> Rebuilt:
    rebuilt = Rebuilt()
    with catalog.bulk_loading():
        fold = _Fold(catalog, folder, rebuilt)
        for path in progress("captures", list(warc_files(folder / "warc"))):
            for record in read_records(path, _KINDS, damaged=fold.tell_damage):
                fold.add(record, finished_name(path))
        fold.write()
        for post in progress("posts", list(post_files(folder))):
            fold.add_orphan(post)
        fold.write()
        catalog.renumber()
    rebuilt.posts = catalog.count()
    return rebuilt


class _Fold:
    """Repeats what the captures tell, in order, on an empty catalog."""

    def __init__(self, catalog: Catalog, folder: Path, rebuilt: Rebuilt) -> None:
        self._catalog = catalog
        self._folder = folder
        self._rebuilt = rebuilt
        self._entries: list[Entry] = []
        self._latest: dict[str, PostRow] = {}
        self._payloads: dict[str, Capture] = {}

    def add(self, record: Record, file: str) -> None:
        if record.kind == "response":
            if record.payload and record.digest:
                capture = Capture(
                    url=record.url, file=file, offset=record.offset, fetched=record.date
                )
                self._payloads.setdefault(record.digest, capture)
        elif record.url == CRAWL:
            self._catalog.put_crawl(record.facts)
        elif record.url == PICTURE:
            self._add_picture(Picture(**record.facts))
        else:
            self._add_post(record.facts)

    def tell_damage(self, error: ArchiveError) -> None:
        self._rebuilt.damage.append(str(error))

    def add_orphan(self, path: PurePosixPath) -> None:
        """A post that no capture tells of: somebody put it there, or captures are lost."""
        try:
            stored = self._stored(InfoCode.from_address(path.name))
        except InvalidInfoCode:
            stored = None
        file = self._folder / path
        data = file.read_bytes()
        if stored is not None:
            if sha256(data) not in self._hashes(stored):
                told = f"{path} differs from every version of {stored.info_code}"
                self._rebuilt.strange.append(f"{told}, and is not in the catalog.")
            return
        modified = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        entry = entry_of_file(path, data, modified)
        if entry is None:
            self._rebuilt.unread.append(path)
        else:
            self._put(entry)

    def write(self) -> None:
        self._catalog.put(self._entries, self._payloads)
        self._entries.clear()
        self._latest.clear()
        self._payloads.clear()

    def _put(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._latest[entry.post.info_code] = entry.post
        if len(self._entries) >= _BATCH:
            self.write()

    def _stored(self, info_code: str) -> PostRow | None:
        return self._latest.get(info_code) or self._catalog.get(InfoCode(info_code))

    def _hashes(self, stored: PostRow) -> set[str]:
        if stored.info_code in self._latest:
            self.write()
        return self._catalog.hashes([stored.info_code])[stored.info_code]

    def _add_post(self, facts: dict[str, Any]) -> None:
        post = facts["post"]
        stored = self._stored(post["info_code"])
        changes = facts.get("changes", ())
        if not tells_of_new_version(facts):
            if stored is not None and stored.sha256 == post["sha256"]:
                row = replace(stored, **post)
                named = self._named(row) if row.stock_list != stored.stock_list else None
                self._put(Entry(row, named, changes=changes))
            return
        data = self._bytes_of(post)
        if data is None:
            told = f"version {post['version']} of {post['info_code']}"
            self._rebuilt.lost.append(f"No file has {told} with the hash {post['sha256']}.")
            return
        if stored is not None and stored.version >= post["version"]:
            self._forget_first_telling(stored)
        body = read_body(parse_post(data, PurePosixPath(post["path"]).name).body)
        row = PostRow(
            **post,
            text=body.text,
            length=len(body.text),
            pictures=body.pictures_json,
        )
        revision = facts.get("revision")
        self._put(
            Entry(
                row,
                with_listed(body.securities, row.stock_list),
                RevisionRow(**revision) if revision else None,
                changes,
            )
        )

    def _named(self, row: PostRow) -> Sequence[Security] | None:
        """The securities that a post names; None when its file is lost."""
        data = self._bytes_of({"path": row.path, "version": row.version, "sha256": row.sha256})
        if data is None:
            return None
        body = read_body(parse_post(data, PurePosixPath(row.path).name).body)
        return with_listed(body.securities, row.stock_list)

    def _add_picture(self, picture: Picture) -> None:
        """A kill between the record and the file leaves one without the other."""
        if (self._folder / picture.path).is_file():
            self._catalog.keep_picture(picture)

    def _forget_first_telling(self, stored: PostRow) -> None:
        """A version is told twice where a kill came between its record and its row.

        What was told later counts: of the first version everything, its number too, of others
        what was found changed.
        """
        self.write()
        if stored.version == 1:
            self._catalog.forget(InfoCode(stored.info_code))
        else:
            self._catalog.forget_changes(
                InfoCode(stored.info_code), stored.revised or stored.checked
            )

    def _bytes_of(self, post: dict[str, Any]) -> bytes | None:
        """The file of a version: the post itself, or where it went when it was superseded."""
        path = PurePosixPath(post["path"])
        for place in (path, revision_path(path, post["version"])):
            try:
                data = (self._folder / place).read_bytes()
            except FileNotFoundError:
                continue
            if sha256(data) == post["sha256"]:
                return data
        return None


def _is_sound(place: Path) -> bool:
    """Whether a catalog is whole and has something to lose."""
    if not place.exists():
        return False
    try:
        with closing(sqlite3.connect(place, timeout=30)) as old:
            found = old.execute("SELECT 1 FROM posts LIMIT 1").fetchone()
            return found is not None and old.execute("PRAGMA quick_check").fetchall() == [("ok",)]
    except sqlite3.DatabaseError:
        return False


def _put_in_place(fresh: Path, place: Path) -> None:
    """Copy the database over the old one in one transaction.

    Renaming it would leave the old one's write-ahead log beside the new one, and SQLite would
    apply it.
    """
    try:
        with closing(sqlite3.connect(fresh)) as source, closing(_old(place)) as target:
            source.backup(target)
    except sqlite3.Error as error:
        raise ArchiveError(f"Could not replace the catalog {place}: {error}.") from error


def _old(place: Path) -> sqlite3.Connection:
    target = sqlite3.connect(place, timeout=30)
    try:
        target.execute("SELECT count(*) FROM sqlite_master").fetchone()
        target.execute("PRAGMA journal_mode = wal")
    except sqlite3.DatabaseError:
        target.close()
        place.rename(place.with_name(place.name + ".corrupt"))
        _remove_database(place)
        return sqlite3.connect(place)
    return target


def _remove_database(path: Path) -> None:
    for file in _files_of(path):
        file.unlink(missing_ok=True)


def _files_of(path: Path) -> Iterator[Path]:
    for suffix in ("", "-wal", "-shm", "-journal"):
        yield path.with_name(path.name + suffix)
