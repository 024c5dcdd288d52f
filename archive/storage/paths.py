"""Build, list and check the paths of post files and of their superseded versions."""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TypeGuard

from archive.capture import is_text
from archive.storage.files import bytes_if_there

_PLACE = re.compile(r"(?:_posts|revisions)(?:/(?!\.\.?(?:/|$))[^/\0]+)+(?<=\.md)")
_NUMBERED = re.compile(r"(?P<post>.+)\.(?P<number>[0-9]{1,9})\.md", re.DOTALL)
# Bytes of a file name, and characters of a path, that every file system accepts.
_LONGEST_NAME, _LONGEST_PATH = 255, 1000


def post_files(folder: Path) -> Iterator[PurePosixPath]:
    """Yield the post files of an archive as paths below its folder, in order."""
    yield from _markdown(folder, "_posts")


def revision_files(folder: Path) -> Iterator[PurePosixPath]:
    """Yield the files of superseded versions as paths below the archive's folder, in order."""
    yield from _markdown(folder, "revisions")


def _markdown(folder: Path, below: str) -> Iterator[PurePosixPath]:
    return (path for path in files_below(folder, below) if path.name.endswith(".md"))


def files_below(folder: Path, below: str) -> Iterator[PurePosixPath]:
    """Yield what is below a folder of an archive and is no folder, as paths below the archive's.

    One folder is listed at a time, so that memory does not grow with the archive.

    :raises OSError: when a folder cannot be read.
    """
    try:
        with os.scandir(folder / below) as entries:
            found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    except FileNotFoundError:
        return
    for name, is_folder in found:
        if is_folder:
            yield from files_below(folder, f"{below}/{name}")
        else:
            yield PurePosixPath(below, name)


def is_place_of_version(path: object) -> TypeGuard[str]:
    """Return whether a value can be the path of a post or a revision below the archive's folder.

    Paths in catalogs and captures need this check before use, because anybody may have changed
    those files.
    """
    if not isinstance(path, str) or not _PLACE.fullmatch(path) or not is_text(path):
        return False
    short = len(path) * 4 <= _LONGEST_NAME or all(
        len(part.encode()) <= _LONGEST_NAME for part in path.split("/")
    )
    return short and len(path) <= _LONGEST_PATH


def revision_path(post: PurePosixPath, version: int) -> PurePosixPath:
    """Return the path of a superseded version of a post: ``revisions/2021/12/….1.md``."""
    return PurePosixPath("revisions", *post.parts[1:-1], f"{post.stem}.{version}.md")


def numbered_name(name: str) -> tuple[str, int]:
    """Split the file name of a superseded version into the post's name and the version number.

    :returns: the post's name without ``.md``; and the number, 0 where the name has none.
    """
    match = _NUMBERED.fullmatch(name)
    return (match["post"], int(match["number"])) if match else (name.removesuffix(".md"), 0)


def post_of_revision(revision: PurePosixPath) -> PurePosixPath:
    """Return the path of the post that a file under ``revisions/`` was a version of."""
    return PurePosixPath("_posts", *revision.parts[1:-1], f"{PurePosixPath(revision.stem).stem}.md")


def real_path(path: Path) -> Path:
    """Return a path without symbolic links, where they do not lead in a circle.

    Before Python 3.13, `Path.resolve` raises `RuntimeError` for links that do.
    """
    return Path(os.path.realpath(path))


def sha256(data: bytes) -> str:
    """Return the SHA-256 of data in hexadecimal, as the catalog has it."""
    return hashlib.sha256(data).hexdigest()


def sha256_if_there(path: Path) -> str | None:
    """Return the SHA-256 of a file; None when the file does not exist.

    :raises OSError: when the file cannot be read.
    """
    data = bytes_if_there(path)
    return None if data is None else sha256(data)
