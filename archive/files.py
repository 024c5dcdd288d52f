"""Files that are there whole or not at all."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from archive.errors import ArchiveError

_AHEAD = 1 << 20
"""Bytes of each file; the system goes on by itself with one that is longer."""


def demand_archive(folder: Path) -> None:
    """See that a folder is an archive, without touching it.

    :raises ArchiveError: when it has neither posts nor captures nor a catalog.
    """
    if not any((folder / room).exists() for room in ("catalog.db", "_posts", "warc")):
        raise ArchiveError(
            f"{folder} is no archive: it has no catalog.db, no _posts and no warc in it."
        )


def stage(data: bytes, incoming: Path, name: str) -> Path:
    """Write `data` to a file in `incoming`, down to the disk, and return its path.

    :raises OSError: when the disk refuses; what was staged of it is removed.
    """
    staged = incoming / name
    try:
        with staged.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        staged.unlink(missing_ok=True)
        raise
    return staged


def bytes_if_there(path: Path) -> bytes | None:
    """The bytes of a file; None when it is not there.

    :raises OSError: when it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def read_ahead(paths: Iterable[Path]) -> None:
    """Have the disk fetch many files at the same time that are about to be read one by one.

    It takes a quarter of the time where none is in memory yet (`bench/checking.py`). What is wrong
    with a file is left to whoever reads it. macOS does without.
    """
    if not hasattr(os, "posix_fadvise"):
        return
    for path in paths:
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            try:
                os.posix_fadvise(descriptor, 0, _AHEAD, os.POSIX_FADV_WILLNEED)
            finally:
                os.close(descriptor)


def publish(staged: Path, path: Path) -> None:
    """Move a staged file to its place at once, over an older one if there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staged.replace(path)


def sync_folders(folders: Iterable[Path]) -> None:
    """Make renames in `folders` last over a power cut; a rename lives in its folder's entry."""
    for folder in set(folders):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
