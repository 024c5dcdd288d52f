"""Find the files that are to be imported, and list them by article."""

import math
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path, PurePath

from archive.article_id import ArticleId, InfoCode
from archive.content import parse_post
from archive.errors import InvalidInfoCode, Refused
from archive.storage import TemporaryDatabase

# The most bytes in a post; the largest known ones have some hundred thousand.
_MOST_BYTES = 16 << 20

# The suffixes that Jekyll accepts for posts, in lower or upper case.
_MARKDOWN = frozenset({".md", ".markdown", ".mkdown", ".mkdn", ".mkd"})

_LIKE_A_POST = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-.*|-?(?:NW)?[0-9]{15,20}\b.*", re.ASCII)
_NUMBER_OF_REVISION = re.compile(r"\.([0-9]{1,9})(?=\.md\Z)")


@dataclass(frozen=True, slots=True)
class FileFinding:
    """A file that is broken or refused.

    :param file: path of the file; bytes of it that are not UTF-8 are surrogates.
    :param reason: what is wrong, in phrases.
    :param taken: True where the file was imported nevertheless.
    """

    file: Path
    reason: str
    taken: bool


#: A function that is called with each finding.
ReportFinding = Callable[[FileFinding], object]


def check(source: Path, folder: Path) -> None:
    """Refuse a source that is no folder, or that overlaps the archive in `folder`."""
    if not source.is_dir():
        raise Refused(f"There is no folder {source} to import.")
    theirs, ours = source.resolve(), folder.resolve()
    if theirs.is_relative_to(ours) or ours.is_relative_to(theirs):
        raise Refused(f"{source} and the archive {folder} overlap; no archive imports itself.")


def posts_below(source: Path, note: ReportFinding) -> Iterator[os.DirEntry[str]]:
    """Yield the files below a folder whose names are those of posts."""
    folders = [str(source)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_symlink():
                        note(FileFinding(Path(entry.path), "it is a symbolic link", taken=False))
                    elif entry.is_dir():
                        folders.append(entry.path)
                    elif _is_post(entry.name):
                        yield entry
                    elif _LIKE_A_POST.fullmatch(entry.name):
                        reason = "its name is a post's, but does not end in .md, .markdown or .html"
                        note(FileFinding(Path(entry.path), reason, taken=False))
        except OSError as error:
            note(FileFinding(Path(error.filename or source), f"{error.strerror}", taken=False))


def _is_post(name: str) -> bool:
    """Return whether Jekyll would treat a file, by its name, as a post or as a Markdown page."""
    end = PurePath(name).suffix.lower()
    return end in _MARKDOWN or (end == ".html" and _LIKE_A_POST.fullmatch(name) is not None)


@dataclass(frozen=True, slots=True)
class PostFile:
    """A file that is to be read.

    :param standing: the number of a superseded version; infinity for a post.
    :param size: in bytes.
    """

    path: str
    standing: float
    size: int


_SCHEMA = """
    CREATE TABLE files (
        code TEXT, path BLOB, standing REAL, size INTEGER, PRIMARY KEY (code, path)
    ) WITHOUT ROWID
"""


class Listing(TemporaryDatabase):
    """The files that are to be read, by article."""

    def __init__(self) -> None:
        super().__init__(_SCHEMA, "list the files")

    def add(self, entry: os.DirEntry[str], note: ReportFinding) -> None:
        """Add a file under the article that its name, or else its content, states."""
        try:
            size = entry.stat(follow_symlinks=False).st_size
            code = _code_of(entry)
        except OSError as error:
            note(FileFinding(Path(entry.path), f"{error.strerror}", taken=False))
        except Refused as reason:
            note(FileFinding(Path(entry.path), str(reason), taken=False))
        else:
            number = _NUMBER_OF_REVISION.search(_as_markdown(entry.name))
            standing = float(number[1]) if number else math.inf
            self._db.execute(
                "INSERT OR IGNORE INTO files VALUES (?, ?, ?, ?)",
                (code, os.fsencode(entry.path), standing, size),
            )

    def __len__(self) -> int:
        (count,) = self._db.execute("SELECT count(DISTINCT code) FROM files").fetchone()
        return int(count)

    def articles(self) -> Iterator["ListedFiles"]:
        """Yield the info codes in their order, with the files of each."""
        rows = self._db.execute("SELECT * FROM files ORDER BY code, path")
        for code, files in groupby(rows, key=itemgetter(0)):
            yield ArticleId(code), tuple(PostFile(os.fsdecode(row[1]), *row[2:]) for row in files)


def _code_of(entry: os.DirEntry[str]) -> ArticleId:
    name = post_name(entry.name)
    try:
        return InfoCode.from_address(name)
    except InvalidInfoCode:
        post = parse_post(bytes_of(entry.path), name)
    if post.info_code is None:
        raise Refused("; ".join(post.problems))
    return post.info_code


def post_name(name: str) -> str:
    """Return the name of a post, ending in ``.md``, from the name of a file of any version."""
    return _NUMBER_OF_REVISION.sub("", _as_markdown(name))


def _as_markdown(name: str) -> str:
    return PurePath(name).stem + ".md"


def bytes_of(path: str) -> bytes:
    """Return the bytes of a regular file.

    :raises Refused: when it is no regular file, or too large.
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


#: An article and its files.
ListedFiles = tuple[ArticleId, tuple[PostFile, ...]]
