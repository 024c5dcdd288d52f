"""Takes in folders of posts: another archive, or a checkout of the original site's repository.

Each file becomes a version of the article that its name says, or else its link, to the byte. Of
several versions of an article

1. one whose body a crawl fetched stays the current one, whatever is imported;
2. of the others, a sound post comes before a broken one; then one that is a post where it comes
   from before one that is a superseded version there; then the one that was published later; then
   the larger one; and of the same size, the one with the greater SHA-256.

The rest become superseded versions, the best of them last. None of this depends on the order of
files or folders. Bytes that the archive has already as a version of the article change nothing:
the same import again does nothing, and one that was killed goes on. A version that comes late and
is not the best is put in before the current one, which gets a new number for that and is kept
under its old one, too.

What another archive knows besides its posts (captures, sources, times) is not taken over.
"""

import math
import os
import re
import signal
import sqlite3
import stat
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, groupby
from multiprocessing import get_context, parent_process
from operator import itemgetter
from pathlib import Path, PurePosixPath
from typing import Self

from archive.archive import Archive, utc_now
from archive.article import InfoCode
from archive.body import read_body, with_listed
from archive.catalog import Entry, PostRow
from archive.categories import ROLLING
from archive.errors import ArchiveError, InvalidInfoCode, Refused
from archive.post import Post, parse_post
from archive.progress import Progress, silent
from archive.rows import revision_of
from archive.steps import Clock, Outcome, Step
from archive.versions import entry_of_post, revision_path, sha256

_BATCH_VERSIONS, _BATCH_BYTES = 500, 16 << 20
"""What is written at once: few waits for the disk, one transaction."""

_CHUNK_ARTICLES, _CHUNK_BYTES = 50, 4 << 20
"""What is read at once by a process."""

_CHUNKS_AHEAD = 4
_MOST_PROCESSES = 3
"""That read; more would wait for the one that writes."""

_WORTH_A_PROCESS = 2_000
"""Articles; a process takes most of a second to start."""

_MOST_BYTES = 16 << 20
"""Of a post; the largest in the wild have some hundred thousand."""

_NUMBER_OF_REVISION = re.compile(r"\.([0-9]{1,9})(?=\.md\Z)")


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that something is wrong with.

    :param file: its path; bytes of it that are not UTF-8 are surrogates.
    :param reason: what is wrong, in phrases.
    :param taken: it is archived all the same.
    """

    file: Path
    reason: str
    taken: bool


@dataclass(slots=True)
class Imported:
    """What became of the files; each is counted in one of the first five.

    :param added: became the current versions of articles that are new.
    :param revised: superseded an imported version.
    :param older: are kept as superseded versions.
    :param unchanged: have bytes that were there already, or came twice.
    :param refused: were not taken in.
    :param broken: of the first three, are no sound posts.
    """

    added: int = 0
    revised: int = 0
    older: int = 0
    unchanged: int = 0
    refused: int = 0
    broken: int = 0


Tell = Callable[[Finding], object]


def import_posts(
    folder: Path,
    sources: Sequence[Path],
    progress: Progress = silent,
    *,
    tell: Tell = lambda finding: None,
    clock: Clock = utc_now,
) -> Imported:
    """Take posts into the archive in `folder`, which is created when it is not there.

    Reads the files ``*.md`` below `sources`; names that begin with a dot are left out, and no
    symbolic link is followed. Can be killed at any moment; the same import again goes on.

    :param tell: is called with each file that is broken or refused; not with a broken one that is
        archived already.
    :param clock: gives the aware time of the import.
    :raises Refused: when one of the sources is no folder, or overlaps the archive.
    :raises ArchiveLocked: when another process writes to the archive.
    :raises ArchiveError: when the disk or the catalog refuses.
    """
    for source in sources:
        _check(source, folder)
    imported = Imported()

    def note(finding: Finding) -> None:
        imported.refused += not finding.taken
        imported.broken += finding.taken
        tell(finding)

    with Archive(folder, clock=clock) as archive, _Listing() as listing:
        for source in sources:
            for file in _files(source, note):
                listing.add(file, note)
        seen = clock()
        plan = _Plan(archive, imported, note, seen)
        chunks = _chunks(listing.articles(), archive, seen)
        count = len(listing)
        with closing(_read(chunks, in_processes=count > _WORTH_A_PROCESS)) as articles:
            steps = zip(progress("articles", range(count)), articles, strict=False)
            archive.write(_batches(plan.steps(article) for _, article in steps))
    return imported


def _check(source: Path, folder: Path) -> None:
    if not source.is_dir():
        raise Refused(f"There is no folder {source} to import.")
    theirs, ours = source.resolve(), folder.resolve()
    if theirs.is_relative_to(ours) or ours.is_relative_to(theirs):
        raise Refused(f"{source} and the archive {folder} overlap; no archive imports itself.")


def _files(source: Path, note: Tell) -> Iterator[os.DirEntry[str]]:
    folders = [str(source)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_symlink():
                        note(Finding(Path(entry.path), "it is a symbolic link", taken=False))
                    elif entry.is_dir():
                        folders.append(entry.path)
                    elif entry.name.endswith(".md"):
                        yield entry
        except OSError as error:
            note(Finding(Path(error.filename or source), f"{error.strerror}", taken=False))


@dataclass(frozen=True, slots=True)
class _File:
    """A file that is to be read.

    :param standing: of a post where it comes from; the number of a superseded version.
    """

    path: str
    standing: float
    size: int


class _Listing:
    """Files by article, in a temporary database, so that memory does not grow with them."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute(
            "CREATE TABLE files (code TEXT, path BLOB, standing REAL, size INTEGER,"
            " PRIMARY KEY (code, path)) WITHOUT ROWID"
        )
        self._db.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, *__: object) -> None:
        self._db.close()
        if isinstance(error, sqlite3.Error):
            raise ArchiveError(f"Could not keep a list of the files: {error}.") from error

    def add(self, entry: os.DirEntry[str], note: Tell) -> None:
        try:
            size = entry.stat(follow_symlinks=False).st_size
            code = _code_of(entry)
        except OSError as error:
            note(Finding(Path(entry.path), f"{error.strerror}", taken=False))
        except Refused as reason:
            note(Finding(Path(entry.path), str(reason), taken=False))
        else:
            number = _NUMBER_OF_REVISION.search(entry.name)
            standing = float(number[1]) if number else math.inf
            self._db.execute(
                "INSERT OR IGNORE INTO files VALUES (?, ?, ?, ?)",
                (code, os.fsencode(entry.path), standing, size),
            )

    def __len__(self) -> int:
        (count,) = self._db.execute("SELECT count(DISTINCT code) FROM files").fetchone()
        return int(count)

    def articles(self) -> Iterator["_Listed"]:
        """Info codes in their order, and the files of each."""
        rows = self._db.execute("SELECT * FROM files ORDER BY code, path")
        for code, files in groupby(rows, key=itemgetter(0)):
            yield InfoCode(code), tuple(_File(os.fsdecode(row[1]), *row[2:]) for row in files)


def _code_of(entry: os.DirEntry[str]) -> InfoCode:
    name = _post_name(entry.name)
    try:
        return InfoCode.from_address(name)
    except InvalidInfoCode:
        post = parse_post(_bytes_of(entry.path), name)
    if post.info_code is None:
        raise Refused("; ".join(post.problems))
    return post.info_code


def _post_name(name: str) -> str:
    """The name that the file of a superseded version had when it was a post."""
    return _NUMBER_OF_REVISION.sub("", name)


def _bytes_of(path: str) -> bytes:
    """The bytes of a file, if it is one.

    :raises Refused: when it is something else, or too large.
    :raises OSError: when it cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Refused("it is no regular file")
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise Refused(f"it is larger than {_MOST_BYTES >> 20} MB")
    return data


@dataclass(frozen=True, slots=True)
class _Article:
    """An article that is to be read.

    :param known: hashes of the versions that are archived.
    :param seen: the time of the import.
    """

    code: InfoCode
    known: frozenset[str]
    files: tuple[_File, ...]
    seen: datetime


_Listed = tuple[InfoCode, tuple[_File, ...]]
_Rank = tuple[bool, bool, float, str, int, str]


@dataclass(frozen=True, slots=True)
class _Version:
    """A version of an article.

    :param rank: the greatest is the current one: fetched by a crawl, sound, standing,
        publication, size, hash.
    :param file: where it was read.
    """

    data: bytes
    entry: Entry
    rank: _Rank
    file: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _ReadArticle:
    """What its files say of an article.

    :param known: hashes of the versions that are archived.
    :param versions: that are new, each once.
    :param unchanged: how many files have none of these.
    """

    code: InfoCode
    known: frozenset[str]
    versions: list[_Version]
    unchanged: int
    refused: list[Finding]


def _chunks(
    articles: Iterable[_Listed], archive: Archive, seen: datetime
) -> Iterator[list[_Article]]:
    for chunk in _limited(articles):
        known = archive.hashes(code for code, _ in chunk)
        yield [_Article(code, frozenset(known.get(code, ())), files, seen) for code, files in chunk]


def _limited(articles: Iterable[_Listed]) -> Iterator[list[_Listed]]:
    chunk: list[_Listed] = []
    size = 0
    for article in articles:
        chunk.append(article)
        size += sum(file.size for file in article[1])
        if len(chunk) >= _CHUNK_ARTICLES or size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _read(
    chunks: Iterator[list[_Article]], *, in_processes: bool
) -> Generator[_ReadArticle, None, None]:
    if in_processes:
        yield from _read_in_processes(chunks)
    else:
        yield from chain.from_iterable(map(_read_chunk, chunks))


def _read_in_processes(chunks: Iterator[list[_Article]]) -> Iterator[_ReadArticle]:
    """In order, and never far ahead of what is taken.

    New processes instead of forked ones, which would hold the archive's lock when this one is
    killed.
    """
    processes = max(1, min((os.cpu_count() or 1) - 1, _MOST_PROCESSES))
    pending: deque[Future[list[_ReadArticle]]] = deque()
    try:
        with ProcessPoolExecutor(processes, get_context("spawn"), _live_with_parent) as pool:
            for chunk in chunks:
                pending.append(pool.submit(_read_chunk, chunk))
                if len(pending) > processes * _CHUNKS_AHEAD:
                    yield from pending.popleft().result()
            while pending:
                yield from pending.popleft().result()
    except BrokenProcessPool as error:
        raise ArchiveError(
            "A process that read posts was killed; the same import again goes on."
        ) from error


def _live_with_parent() -> None:
    """Leave Ctrl-C to the parent, and end when it ends, however it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _read_chunk(chunk: list[_Article]) -> list[_ReadArticle]:
    return [_read_article(article) for article in chunk]


def _read_article(article: _Article) -> _ReadArticle:
    found: dict[str, _Version] = {}
    unchanged = 0
    refused = []
    for file in article.files:
        try:
            data = _bytes_of(file.path)
            digest = sha256(data)
            if digest in article.known:
                unchanged += 1
                continue
            version = _version(file.path, data, file.standing, article.seen)
        except OSError as error:
            refused.append(Finding(Path(file.path), str(error.strerror), taken=False))
        except Refused as reason:
            refused.append(Finding(Path(file.path), str(reason), taken=False))
        else:
            unchanged += digest in found
            found[digest] = max(found.get(digest, version), version, key=_rank)
    versions = sorted(found.values(), key=_rank)
    return _ReadArticle(article.code, article.known, versions, unchanged, refused)


def _rank(version: _Version) -> _Rank:
    return version.rank


def _version(path: str, data: bytes, standing: float, seen: datetime) -> _Version:
    """Read a version.

    :raises Refused: when it names no article or no day.
    """
    post = parse_post(data, _post_name(PurePosixPath(path).name))
    entry = entry_of_post(post, _place(post), data, seen)
    if entry is None:
        raise Refused("; ".join((*post.problems, "it names no day")))
    row = entry.post
    rank = (False, not post.problems, standing, row.published, row.bytes, row.sha256)
    return _Version(data, entry, rank, path, post.problems)


def _place(post: Post) -> PurePosixPath:
    """Where a post goes, below the archive's folder; see `archive.post.post_path`."""
    if post.info_code is None or post.day is None:
        return PurePosixPath()
    day = post.day.isoformat()
    code = post.info_code.digits if post.category == ROLLING.slug else post.info_code
    return PurePosixPath("_posts", day[:4], day[5:7], f"{day}-{code}.md")


def _batches(planned: Iterable[list[Step]]) -> Iterator[list[Step]]:
    batch: list[Step] = []
    size = 0
    for steps in planned:
        batch += steps
        size += sum(len(data) for step in steps for data, _ in step.files)
        if len(batch) >= _BATCH_VERSIONS or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    yield batch


class _Plan:
    """Decides what becomes of new versions; see the module for the rule."""

    def __init__(self, archive: Archive, imported: Imported, note: Tell, seen: datetime) -> None:
        self._archive = archive
        self._imported = imported
        self._note = note
        self._seen = seen

    def steps(self, article: _ReadArticle) -> list[Step]:
        """What an article's files do to the archive."""
        self._imported.unchanged += article.unchanged
        for finding in article.refused:
            self._note(finding)
        if not article.versions:
            return []
        try:
            current = self._current(article.code) if article.known else None
        except Refused as reason:
            for version in article.versions:
                self._note(Finding(Path(version.file), str(reason), taken=False))
            return []
        stray = self._stray(article, current)
        others = [version for version in (current, stray) if version]
        versions = sorted([*article.versions, *others], key=_rank)
        if current and versions[-1] is not current:
            versions.remove(current)
        self._count(article.versions, versions[-1], current)
        return list(_steps(versions, current, stray, article.versions[0].entry.post.checked))

    def _current(self, code: InfoCode) -> _Version | None:
        """What the archive has as the current version.

        :raises Refused: when its file is not the one that the catalog knows.
        """
        row = self._archive.row_of(code)
        if row is None:
            return None
        data = self._archive.bytes_of(row.path)
        if data is None or sha256(data) != row.sha256:
            raise Refused("the archive's own post is lost or changed, as finews verify will tell")
        post = parse_post(data, PurePosixPath(row.path).name)
        crawled = row.body_source is not None
        rank = (crawled, not post.problems, math.inf, row.published, row.bytes, row.sha256)
        named = with_listed(read_body(post.body).securities, row.stock_list)
        return _Version(data, Entry(row, named), rank, row.path)

    def _stray(self, article: _ReadArticle, current: _Version | None) -> _Version | None:
        """A post that is in the place of the new one and that the catalog does not know."""
        path = article.versions[-1].entry.post.path
        if current and current.file == path:
            return None
        data = self._archive.bytes_of(path)
        known = article.known.union(version.entry.post.sha256 for version in article.versions)
        if data is None or sha256(data) in known:
            return None
        return _version(path, data, math.inf, self._seen)

    def _count(self, new: list[_Version], newest: _Version, current: _Version | None) -> None:
        wins = newest in new
        self._imported.added += wins and current is None
        self._imported.revised += wins and current is not None
        self._imported.older += len(new) - wins
        for version in new:
            if version.problems:
                reason = "; ".join(version.problems)
                self._note(Finding(Path(version.file), reason, taken=True))


def _steps(
    versions: Sequence[_Version], current: _Version | None, stray: _Version | None, now: str
) -> Iterator[Step]:
    """Each version supersedes the one before it, as if they had come in this order."""
    before = current.entry.post if current else None
    saved = ((current.data, _superseded_path(current.entry.post)),) if current else ()
    for version in versions:
        row = _following(before, version.entry.post, now) if before else version.entry.post
        last = version is versions[-1]
        left = {other.file for other in (current, stray) if other and last} - {row.path}
        named = with_listed(version.entry.securities or (), row.stock_list)
        yield Step(
            Outcome.REVISED if before else Outcome.ADDED,
            Entry(row, named, revision_of(before, now) if before else None),
            (*saved, (version.data, row.path if last else _superseded_path(row))),
            tuple(left),
        )
        before, saved = row, ()


def _following(before: PostRow, row: PostRow, now: str) -> PostRow:
    return replace(
        row,
        version=before.version + 1,
        first_seen=before.first_seen,
        revised=now,
        gone=before.gone,
        stock_list=before.stock_list,
    )


def _superseded_path(row: PostRow) -> str:
    return str(revision_path(PurePosixPath(row.path), row.version))
