"""Files that are there whole or not at all."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from io import FileIO
from itertools import accumulate
from pathlib import Path, PurePosixPath

from archive.errors import ArchiveError, StrayFolder

_NO_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENXIO})
"""How opening what is no file fails: nothing, a folder, a socket."""

_AHEAD = 1 << 20
"""Bytes of each file; the system goes on by itself with one that is longer."""


def require_archive(folder: Path) -> None:
    """See that a folder is an archive, without touching it.

    :raises ArchiveError: when it has neither posts nor captures nor a catalog.
    """
    if not any((folder / room).exists() for room in ("catalog.db", "_posts", "warc")):
        raise ArchiveError(
            f"There is no archive in {folder}: it has no catalog.db, no _posts and no warc; "
            "name its folder, or set FINEWS_ARCHIVE to it."
        )


_ROOMS = (
    *(".incoming", ".lock", "_posts", "revisions", "warc", "media", "changed"),
    *("catalog.db", "crawl-state.db"),
)
"""Of an archive: what is written to."""


_MARKS = ("catalog.db", "_posts", "warc", "revisions", "crawl-state.db", ".incoming")
"""One of these makes an archive of a folder."""


def refuse_stray(folder: Path) -> None:
    """See that an archive is not begun among other files. Hidden ones do not count.

    :raises StrayFolder: when there are some, and no archive.
    :raises OSError: when the folder cannot be read.
    """
    if not folder.exists() or any((folder / room).exists() for room in _MARKS):
        return
    if any(path.name != "lost+found" and path.name[0] != "." for path in folder.iterdir()):
        raise StrayFolder(folder)


def refuse_links(folder: Path, place: str = "") -> None:
    """See that nothing is written through a symbolic link in an archive.

    :param place: of a file, below the archive's folder; without it, all that is written to is
        looked at.
    :raises ArchiveError: when the way to it has a link, or when one of its rooms is one.
    """
    names = PurePosixPath(place).parts[:-1]
    ways = accumulate(names, lambda way, name: f"{way}/{name}") if place else _ROOMS
    for way in ways:
        refuse_link(folder / way)


def refuse_link(path: Path) -> None:
    """See that a path that is to be written to is no symbolic link.

    :raises ArchiveError: when it is one.
    """
    if path.is_symlink():
        raise ArchiveError(
            f"{path} is a symbolic link, and nothing is written through one; put what it leads to "
            "in its place."
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
    """The bytes of a file; None when no file is there.

    :raises OSError: when it cannot be read.
    """
    try:
        with FileIO(path, opener=_at_once) as file:
            return file.read() if _is_regular(file) else None
    except OSError as error:
        if error.errno in _NO_FILE:
            return None
        raise


def read_many(paths: Sequence[Path]) -> Iterator[bytes | None]:
    """The bytes of some files, in their order; None where no file is there.

    All are asked for before the first is read, so that the disk fetches many at the same time. It
    takes a quarter of the time where none is in memory yet (`bench/checking.py`). macOS does
    without.

    :param paths: some hundred at most; all are open at the same time.
    :raises OSError: when one of them cannot be read.
    """
    with ExitStack() as opened:
        files = [_open(path, opened) for path in paths]
        for file in files:
            yield None if file is None else file.read()


def _open(path: Path, opened: ExitStack) -> FileIO | None:
    try:
        file = opened.enter_context(FileIO(path, opener=_at_once))
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
    """Whether it is neither a pipe nor a device, some of which have no end."""
    return stat.S_ISREG(os.fstat(file.fileno()).st_mode)


def _at_once(path: str, flags: int) -> int:
    """Open without waiting for a writer, should somebody have put a pipe there."""
    return os.open(path, flags | os.O_NONBLOCK)


def publish(staged: Path, path: Path) -> None:
    """Move a staged file to its place at once, over an older one if there is one."""
    make_folder(path.parent)
    staged.replace(path)


def make_folder(folder: Path) -> None:
    """Create a folder and those above it, whose entries then last over a power cut."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    sync_folders(each.parent for each in missing)


def sync_folders(folders: Iterable[Path]) -> None:
    """Make renames in `folders` last over a power cut; a rename lives in its folder's entry."""
    for folder in set(folders):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
