"""One process at a time writes to an archive."""

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
from archive.storage.files import refuse_link

_LOCK = ".lock"
_TRIES = 3
_PAUSE = 0.02
"""Seconds between tries: `holder_of` takes the lock for a moment."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that writes to an archive.

    :param name: such as ``process 4711``.
    :param since: when it began; aware.
    """

    name: str
    since: datetime


def holder_of(folder: Path) -> Holder | None:
    """Return the process that writes to an archive; None where none does, or nobody may know."""
    with suppress(OSError), (folder / _LOCK).open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _holder_in(file)
    return None


def _holder_in(file: IO[str]) -> Holder:
    """The process that a lock's file names; one that has just begun has not written it yet."""
    file.seek(0)
    name = file.read(100).strip() or "another process"
    return Holder(name, datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC))


class ArchiveLock(Closing):
    """The right to write to an archive folder, until it is closed or the process ends.

    :param folder: must be there.
    :raises ArchiveLocked: when another process has it, with that process's number,
        unless it has just begun.
    :raises OSError: when the lock's file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        refuse_link(folder / _LOCK)
        self._file = (folder / _LOCK).open("a+")
        for more in reversed(range(_TRIES)):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if more:
                    time.sleep(_PAUSE)
                    continue
                with self._file:
                    holder = _holder_in(self._file)
                    raise ArchiveLocked(folder, holder=holder.name, since=holder.since) from None
        self._file.truncate(0)
        self._file.write(f"process {os.getpid()}\n")
        self._file.flush()

    def close(self) -> None:
        """Let go of it."""
        self._file.close()
