"""One process at a time writes to an archive."""

import fcntl
import os
from pathlib import Path
from typing import Self

from archive.errors import ArchiveLocked


class ArchiveLock:
    """The right to write to an archive folder, until it is closed or the process ends.

    :param folder: must be there.
    :raises ArchiveLocked: when another process has it, with that process's number,
        unless it has just begun.
    :raises OSError: when the lock's file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._file = (folder / ".lock").open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with self._file:
                self._file.seek(0)
                # Who has got it a moment ago has not written its number yet.
                holder = self._file.read().strip() or "another process"
                raise ArchiveLocked(folder, holder=holder) from None
        self._file.truncate(0)
        self._file.write(f"process {os.getpid()}\n")
        self._file.flush()

    def close(self) -> None:
        """Let go of it."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
