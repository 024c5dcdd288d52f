"""Where the versions of posts are, and their hashes."""

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
_LONGEST_NAME, _LONGEST_PATH = 255, 1000
"""Bytes that file systems take in a name, and characters of a path that they surely take."""


def post_files(folder: Path) -> Iterator[PurePosixPath]:
    """The posts of an archive, as paths below its folder, in order."""
    yield from _markdown(folder, "_posts")


def revision_files(folder: Path) -> Iterator[PurePosixPath]:
    """The superseded versions of an archive, likewise."""
    yield from _markdown(folder, "revisions")


def _markdown(folder: Path, room: str) -> Iterator[PurePosixPath]:
    """Folder by folder: a list of all files would be long."""
    place = folder / room
    if place.is_dir():
        with os.scandir(place) as entries:
            found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
        for name, is_folder in found:
            if is_folder:
                yield from _markdown(folder, f"{room}/{name}")
            elif name.endswith(".md"):
                yield PurePosixPath(room, name)


def is_place_of_version(path: object) -> TypeGuard[str]:
    """Whether it can be the path of a post or a revision, below the archive's folder.

    Catalogs and captures may have been changed by anybody, and their paths are read and written.
    """
    if not isinstance(path, str) or not _PLACE.fullmatch(path) or not is_text(path):
        return False
    short = len(path) * 4 <= _LONGEST_NAME or all(
        len(part.encode()) <= _LONGEST_NAME for part in path.split("/")
    )
    return short and len(path) <= _LONGEST_PATH


def revision_path(post: PurePosixPath, version: int) -> PurePosixPath:
    """Where a version goes that another supersedes: ``revisions/2021/12/….1.md``."""
    return PurePosixPath("revisions", *post.parts[1:-1], f"{post.stem}.{version}.md")


def numbered_name(name: str) -> tuple[str, int]:
    """Read the name of a superseded version: that of the post without ``.md``, and its number.

    The number is 0 where the name has none.
    """
    match = _NUMBERED.fullmatch(name)
    return (match["post"], int(match["number"])) if match else (name.removesuffix(".md"), 0)


def post_of_revision(revision: PurePosixPath) -> PurePosixPath:
    """Where the post lay whose superseded version this is; see `revision_path`."""
    return PurePosixPath("_posts", *revision.parts[1:-1], f"{PurePosixPath(revision.stem).stem}.md")


def sha256(data: bytes) -> str:
    """The hash that the catalog records, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_if_there(path: Path) -> str | None:
    """The hash of a file; None when it is not there.

    :raises OSError: when it cannot be read.
    """
    data = bytes_if_there(path)
    return None if data is None else sha256(data)
