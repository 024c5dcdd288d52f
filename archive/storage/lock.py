"""The lock of an archive folder, so that one process at a time writes to it."""

import fcntl
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from archive.errors import ArchiveLocked
from archive.storage.closing import Closing
from archive.storage.files import open_without_waiting, refuse_link
from archive.translation import N_

_LOCK = ".lock"
_NAME = N_("process %(pid)s")
_TRIES = 3

# Seconds between two tries, because `holder_of` takes the lock for a moment.
_PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that has an archive's lock.

    :param name: such as ``process 4711``.
    :param since: when the process took the lock; aware.
    """

    name: str
    since: datetime


def holder_of(folder: Path) -> Holder | None:
    """Return the process that has an archive's lock.

    :returns: None when no process has the lock, or the lock's file cannot be read.
    """
    with suppress(OSError), open(folder / _LOCK, opener=open_without_waiting) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _holder_in(file)
    return None


def _holder_in(file: IO[str]) -> Holder:
    """Return the process that a lock's file names; a process that has just started is unnamed."""
    file.seek(0)
    name = file.read(100).strip() or "another process"
    return Holder(name, datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC))


class ArchiveLock(Closing):
    """The exclusive lock of an archive folder, until it is closed or the process ends.

    :param folder: an existing folder.
    :param name: of the lock's file; another than the usual one locks something else.
    :raises ArchiveLocked: when another process has the lock; names that process, unless it has
        just started.
    :raises OSError: when the lock's file cannot be written.
    """

    def __init__(self, folder: Path, name: str = _LOCK) -> None:
        refuse_link(folder / name)
        self._file = (folder / name).open("a+")
        for tries_left in reversed(range(_TRIES)):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if tries_left:
                    time.sleep(_PAUSE)
                    continue
                with self._file:
                    holder = _holder_in(self._file)
                    raise ArchiveLocked(folder, holder=holder.name, since=holder.since) from None
        self._file.truncate(0)
        self._file.write(_NAME % {"pid": os.getpid()} + "\n")
        self._file.flush()

    def close(self) -> None:
        """Release the lock."""
        self._file.close()
