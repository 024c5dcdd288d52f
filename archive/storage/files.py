"""Read files, and write them atomically: each is there whole or not at all."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from io import FileIO
from itertools import accumulate
from pathlib import Path, PurePosixPath

from archive.errors import ArchiveError, StrayFolder

# Error codes of opening a path that is no file: nothing, a folder, a socket, a link to itself.
_NO_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENXIO, errno.ELOOP})

# Bytes of each file to request in advance; the system reads ahead in a longer file by itself.
_AHEAD = 1 << 20


# Files of an archive besides posts, captures and pictures, with those that SQLite puts next to a
# database.
_FILES = (
    *(".lock", ".watch.lock", "accepted.jsonl", "crawl.log", "crawl.log.1"),
    *(
        f"{database}{suffix}"
        for database in (
            "catalog.db",
            "catalog.db.new",
            "crawl-state.db",
            "reader.db",
            "cluster.db",
        )
        for suffix in ("", "-wal", "-shm", "-journal")
    ),
)
_FOLDERS = (".incoming", "_posts", "revisions", "warc", "media", "changed")

# Files and folders of which one shows that a folder is an archive, not an exported site.
_MARKS = ("catalog.db", "warc", "revisions", "crawl-state.db", ".incoming")

_KINDS = {
    stat.S_IFREG: "a file",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn an error of the disk in this block into an `ArchiveError` that names the file.

    :param folder: of the archive; stands for a file that the error does not name.
    """
    try:
        yield
    except OSError as error:
        place = error.filename2 or error.filename or folder
        raise ArchiveError(f"Could not use {place}: {error.strerror or error}.") from error


def make_private_folder(path: Path) -> None:
    """Create a folder that only this user may use, unless it exists.

    :raises ArchiveError: when another user has made it, or it cannot be created.
    """
    with disk_errors(path):
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode):
        raise ArchiveError(f"{path} belongs to another user; remove it.")


def require_archive(folder: Path) -> None:
    """Check that a folder is an archive; write nothing.

    :raises ArchiveError: when the folder has neither versions nor captures nor a catalog, or when
        something else is in the place of one of its files and folders.
    """
    _require_parts(folder)
    parts = ("catalog.db", "_posts", "warc", "revisions")
    if not any(os.path.lexists(folder / name) for name in parts):
        raise ArchiveError(
            f"There is no archive in {folder}: it has no catalog.db, no _posts and no warc; name "
            "the archive's folder, or set FINEWS_ARCHIVE to it."
        )


def is_archive(folder: Path) -> bool:
    """Return whether a folder has a file or a folder that no other folder of posts has."""
    return any(os.path.lexists(folder / name) for name in _MARKS)


def refuse_stray(folder: Path) -> None:
    """Check that a folder is an archive, or can become one: it has no other files.

    Hidden files do not count.

    :raises StrayFolder: when the folder has other files and is no archive.
    :raises ArchiveError: when it is no folder.
    :raises OSError: when the folder cannot be read.
    """
    require_folder(folder)
    if is_archive(folder) or os.path.lexists(folder / "_posts"):
        return
    if any(name != "lost+found" and name[0] != "." for name in names_in(folder)):
        raise StrayFolder(folder)


def _require_parts(folder: Path) -> None:
    """Check the kind of an archive's folder and of each file and folder that has a fixed name."""
    for path in (folder, *(folder / name for name in _FOLDERS)):
        require_folder(path)
    for name in _FILES:
        require_file(folder / name)


def require_file(path: Path) -> None:
    """Check that a path is a file, or that nothing is there.

    :raises ArchiveError: when it is a folder, a pipe, a link to nothing or the like; to read a pipe
        would take for ever.
    """
    _require(stat.S_IFREG, path)


def require_folder(path: Path) -> None:
    """Check that a path is a folder, or that nothing is there.

    :raises ArchiveError: when it is a file, a pipe, a link to nothing or the like.
    """
    _require(stat.S_IFDIR, path)


def _require(kind: int, path: Path) -> None:
    with disk_errors(path):
        try:
            found = stat.S_IFMT(path.stat().st_mode)
        except OSError as error:
            if error.errno not in _NO_FILE:
                raise
            if path.is_symlink():
                raise ArchiveError(
                    f"{path} must be {_KINDS[kind]}, but is a symbolic link that leads nowhere; "
                    "restore what it points to, or remove the link."
                ) from error
            return
    if found != kind:
        raise ArchiveError(f"{path} must be {_KINDS[kind]}, but is {_KINDS[found]}; move it away.")


def refuse_links(folder: Path, place: str = "") -> None:
    """Check that nothing is written through a symbolic link, or into what is no file or folder.

    :param place: path of a file below the archive's folder, whose folders are checked; when empty,
        all files and folders that an archive writes to are checked.
    :raises ArchiveError: when one of them is a symbolic link, a pipe or the like.
    """
    if not place:
        _require_parts(folder)
        for name in (*_FOLDERS, *_FILES):
            refuse_link(folder / name)
        return
    names = PurePosixPath(place).parts[:-1]
    for path in accumulate(names, lambda parent, name: f"{parent}/{name}"):
        require_folder(folder / path)
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


def is_file(path: Path) -> bool:
    """Return whether a path is a file.

    From Python 3.14 on, `Path.is_file` returns False for a file that this user may not examine.

    :raises OSError: when the path cannot be examined.
    """
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        if error.errno in _NO_FILE:
            return False
        raise


def names_in(folder: Path) -> list[str]:
    """Return the names in a folder; an empty list where there is no such folder.

    `Path.glob` would return nothing, too, for a folder that cannot be read.

    :raises OSError: when the folder cannot be read.
    """
    try:
        return [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []


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


def bytes_if_there(path: Path, most: int = -1) -> bytes | None:
    """Return the bytes of a file; None when no file is at the path.

    :param most: number of bytes to read from the beginning; -1 for the whole file.
    :raises OSError: when the file cannot be read.
    """
    try:
        with FileIO(path, opener=open_without_waiting) as file:
            return file.read(most) if _is_regular(file) else None
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
        file = opened.enter_context(FileIO(path, opener=open_without_waiting))
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


def open_without_waiting(path: str, flags: int) -> int:
    """Open a path without blocking, in case it is a pipe without a writer."""
    return os.open(path, flags | os.O_NONBLOCK)


def publish(staged: Path, path: Path) -> None:
    """Move a staged file to its path atomically; replace an older file there.

    :raises ArchiveError: when a folder is there.
    """
    make_folder(path.parent)
    try:
        staged.replace(path)
    except IsADirectoryError:
        require_file(path)
        raise


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
