"""Read files, and write them atomically: each is there whole or not at all."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from io import FileIO
from itertools import accumulate
from pathlib import Path, PurePosixPath

from archive.errors import ArchiveError, StrayFolder

# Error codes of opening a path that is no file: nothing, a folder, a socket.
_NO_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENXIO})

# Bytes of each file to request in advance; the system reads ahead in a longer file by itself.
_AHEAD = 1 << 20


def require_archive(folder: Path) -> None:
    """Check that a folder is an archive; write nothing.

    :raises ArchiveError: when the folder has neither posts nor captures nor a catalog.
    """
    if not any((folder / name).exists() for name in ("catalog.db", "_posts", "warc")):
        raise ArchiveError(
            f"There is no archive in {folder}: it has no catalog.db, no _posts and no warc; "
            "name the archive's folder, or set FINEWS_ARCHIVE to it."
        )


# Files and folders of an archive that are written to.
_PARTS = (
    *(".incoming", ".lock", "_posts", "revisions", "warc", "media", "changed"),
    *("catalog.db", "crawl-state.db"),
)


# Files and folders of which one shows that a folder is an archive.
_MARKS = ("catalog.db", "_posts", "warc", "revisions", "crawl-state.db", ".incoming")


def refuse_stray(folder: Path) -> None:
    """Check that a folder is an archive, or can become one: it has no other files.

    Hidden files do not count.

    :raises StrayFolder: when the folder has other files and is no archive.
    :raises OSError: when the folder cannot be read.
    """
    if not folder.exists() or any((folder / name).exists() for name in _MARKS):
        return
    if any(path.name != "lost+found" and path.name[0] != "." for path in folder.iterdir()):
        raise StrayFolder(folder)


def refuse_links(folder: Path, place: str = "") -> None:
    """Check that nothing is written through a symbolic link in an archive.

    :param place: path of a file below the archive's folder, whose folders are checked; when empty,
        all files and folders that an archive writes to are checked.
    :raises ArchiveError: when one of them is a symbolic link.
    """
    names = PurePosixPath(place).parts[:-1]
    paths = accumulate(names, lambda parent, name: f"{parent}/{name}") if place else _PARTS
    for path in paths:
        refuse_link(folder / path)


def refuse_link(path: Path) -> None:
    """Check that a path that will be written to is no symbolic link.

    :raises ArchiveError: when the path is a symbolic link.
    """
    if path.is_symlink():
        raise ArchiveError(
            f"{path} is a symbolic link, and nothing is written through one; replace the link with "
            "the file or folder that it points to."
        )


def stage(data: bytes, incoming: Path, name: str) -> Path:
    """Write a file into the folder `incoming`, flush it to the disk, and return its path.

    :raises OSError: when the disk fails; the incomplete file is removed.
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
    """Return the bytes of a file; None when no file is at the path.

    :raises OSError: when the file cannot be read.
    """
    try:
        with FileIO(path, opener=_open_without_waiting) as file:
            return file.read() if _is_regular(file) else None
    except OSError as error:
        if error.errno in _NO_FILE:
            return None
        raise


def read_many(paths: Sequence[Path]) -> Iterator[bytes | None]:
    """Yield the bytes of some files, in their order; None where no file is at a path.

    All files are requested from the disk before the first is read, so that the disk reads many at
    the same time. Where no file is cached, this takes a quarter of the time
    (`bench/checking.py`). macOS has no such request.

    :param paths: a few hundred at most, because all files are open at the same time.
    :raises OSError: when one of the files cannot be read.
    """
    with ExitStack() as opened:
        files = [_open(path, opened) for path in paths]
        for file in files:
            yield None if file is None else file.read()


def _open(path: Path, opened: ExitStack) -> FileIO | None:
    try:
        file = opened.enter_context(FileIO(path, opener=_open_without_waiting))
    except OSError as error:
        if error.errno in _NO_FILE:
            return None
        raise
    if not _is_regular(file):
        return None
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file.fileno(), 0, _AHEAD, os.POSIX_FADV_WILLNEED)
    return file


def _is_regular(file: FileIO) -> bool:
    """Return whether a file is neither a pipe nor a device, some of which have no end."""
    return stat.S_ISREG(os.fstat(file.fileno()).st_mode)


def _open_without_waiting(path: str, flags: int) -> int:
    """Open a path without blocking, in case it is a pipe without a writer."""
    return os.open(path, flags | os.O_NONBLOCK)


def publish(staged: Path, path: Path) -> None:
    """Move a staged file to its path atomically; replace an older file there."""
    make_folder(path.parent)
    staged.replace(path)


def make_folder(folder: Path) -> None:
    """Create a folder and its parents so that they survive a power cut."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    sync_folders(each.parent for each in missing)


def sync_folders(folders: Iterable[Path]) -> None:
    """Flush the entries of folders to the disk, so that renames in them survive a power cut."""
    for folder in set(folders):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
