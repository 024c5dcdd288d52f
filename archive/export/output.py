"""Open the output of an export: a file, a device, a pipe or standard output."""

import errno
import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from secrets import token_hex
from typing import IO

from archive.errors import FinewsError
from archive.storage import real_path

STANDARD_OUTPUT = Path("-")
_PREFIX = ".finews-export."


@contextmanager
def output_to(path: Path, archive: Path) -> Iterator[IO[bytes]]:
    """Open a path for writing until the end of the block.

    A regular file is written atomically, and replaces an older one. A device, a pipe and a file of
    this process (``/dev/stdout``) are written directly.

    :param path: a path, or `STANDARD_OUTPUT`.
    :param archive: the folder that is exported; nothing in it is overwritten.
    :raises FinewsError: when the path is in the archive or cannot be written.
    """
    if real_path(path).is_relative_to(real_path(archive)) and path != STANDARD_OUTPUT:
        raise FinewsError(f"{path} is in the archive {archive}; export to a file elsewhere.")
    try:
        if path == STANDARD_OUTPUT:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        elif _is_written_directly(path):
            with path.open("wb") as file:
                yield file
        else:
            with _replacing(real_path(path)) as file:
                yield file
    except OSError as error:
        if error.errno == errno.EPIPE:  # the reader has ended
            raise
        raise FinewsError(
            f"Could not write {_name_of(path)}: {error.strerror or error}."
        ) from error


@contextmanager
def folder_to(path: Path, archive: Path, *, marker: str) -> Iterator[Path]:
    """Open a new folder that is moved to a path when the block ends without an error.

    :param archive: the folder that is exported; nothing in it or around it is replaced.
    :param marker: name of a file in folders of earlier exports; only these are replaced.
    :raises FinewsError: when the path is another folder, or cannot be written.
    """
    target, source = real_path(path), real_path(archive)
    if target.is_relative_to(source) or source.is_relative_to(target):
        raise FinewsError(f"{path} and the archive {archive} overlap: export to another folder.")
    if target.exists() and not (target / marker).is_file():
        raise FinewsError(
            f"{path} exists and no export has written it, so it is not replaced: move it away, or"
            " export to another folder."
        )
    try:
        _remove_leftovers(target.parent)
        new = target.parent / f"{_PREFIX}{token_hex(8)}"
        new.mkdir()
        with _opened(new) as descriptor:
            with suppress(OSError):  # where folders cannot be locked, leftovers stay
                flock(descriptor, LOCK_EX)
            try:
                yield new
                _replace_folder(new, target)
            finally:
                shutil.rmtree(new, ignore_errors=True)
    except OSError as error:
        raise FinewsError(f"Could not write {path}: {error.strerror or error}.") from error


def _replace_folder(new: Path, target: Path) -> None:
    old = new.with_name(f"{new.name}.old")
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def write_lines(records: Iterable[Mapping[str, object]], out: IO[bytes]) -> int:
    """Write records as JSON Lines: a JSON object a line, in UTF-8.

    :returns: the number of records.
    :raises OSError: when `out` cannot be written.
    """
    count = 0
    for record in records:
        out.write(json_line(record))
        count += 1
    return count


def json_line(record: Mapping[str, object]) -> bytes:
    """Return a record as a line of JSON Lines."""
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


def _is_written_directly(path: Path) -> bool:
    folder = real_path(path.parent)
    of_process = folder == Path("/dev") or folder.is_relative_to("/proc")
    return of_process or (path.exists() and not path.is_file())


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a new file that replaces `path` when the block ends without an error."""
    _remove_leftovers(path.parent)
    descriptor, name = _locked_file(path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fchmod(descriptor, _mode_for(path))
            os.fsync(descriptor)
            Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _locked_file(folder: Path) -> tuple[int, str]:
    """Open a new file, locked so that no other export removes it; return descriptor and name."""
    while True:
        descriptor, name = tempfile.mkstemp(prefix=_PREFIX, dir=folder)
        with suppress(OSError):  # where files cannot be locked, leftovers stay
            flock(descriptor, LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor, name
        os.close(descriptor)  # it was removed before it was locked


def _remove_leftovers(folder: Path) -> None:
    """Remove what killed exports have left; that of a running export is locked."""
    for path in folder.glob(f"{_PREFIX}*"):
        with suppress(OSError), _opened(path) as descriptor:
            flock(descriptor, LOCK_EX | LOCK_NB)
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """Open a file or a folder without following a link and without waiting for a pipe's writer."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _mode_for(path: Path) -> int:
    """Return the permissions of the file that is replaced, or those of a new file."""
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _name_of(path: Path) -> str:
    return "standard output" if path == STANDARD_OUTPUT else str(path)
