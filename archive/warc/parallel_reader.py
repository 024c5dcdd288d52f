"""Reads many WARC files in several processes, a piece at a time."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from archive.process_pool import Workers
from archive.progress import Progress, silent
from archive.warc.reader import Reading, Record, next_record

Made = TypeVar("Made")

_PIECE = 2 << 20
"""Bytes; some thousand records."""

WORTH_WORKERS = 8
"""Pieces; to start processes takes as long as to read these."""


@dataclass(frozen=True, slots=True)
class FilePiece:
    """A part of a file: the records that begin in it.

    :param exact: a record is known to begin at `start`.
    """

    path: Path
    start: int
    end: int
    exact: bool


@dataclass(slots=True)
class Records:
    """The records that begin in a piece of a file; can be read once.

    :param damage: what was wrong with those that are left out, a sentence each.
    """

    path: Path
    _reading: Reading
    _end: int
    damage: list[str] = field(default_factory=list)

    def read(self, kinds: frozenset[str] | None = None) -> Iterator[Record]:
        """Yield the records.

        :param kinds: only these.
        """
        return self._reading.records(kinds, until=self._end)

    @property
    def count(self) -> int:
        """Return how many sound records have been read, those of other kinds too."""
        return self._reading.count


Work = Callable[[Records], Made]
"""Makes something of the records of a piece. It and what it makes go from process to process."""


def pieces_of(paths: Iterable[Path]) -> list[FilePiece]:
    """Return the pieces that files are scanned in, in their order.

    :raises OSError: when a file cannot be found.
    """
    return [piece for path in paths for piece in _cut(path, path.stat().st_size)]


def _cut(path: Path, size: int) -> Iterator[FilePiece]:
    for start in range(0, max(size, 1), _PIECE):
        end = start + _PIECE if start + _PIECE < size else sys.maxsize
        yield FilePiece(path, start, end, exact=start == 0)


def scan(
    pieces: Sequence[FilePiece], work: Work[Made], workers: Workers, progress: Progress = silent
) -> Iterator[Made]:
    """Yield the results of `work` for all records of some files, in their order.

    The first pieces are worked on from now on, see `Workers.in_order`.

    :param pieces: all those of the files.
    :raises OSError: when a file cannot be read.
    :raises ArchiveError: when one of the processes is killed.
    """
    worked = workers.in_order(partial(_work_on, work), pieces)
    return _joined(zip(progress("captures", pieces), worked, strict=False), work)


@dataclass(frozen=True, slots=True)
class _Worked(Generic[Made]):
    """The result for a piece, and where its first record begins and its last one ends."""

    began: int
    ended: int
    made: Made


def _work_on(work: Work[Made], piece: FilePiece) -> _Worked[Made]:
    with piece.path.open("rb") as file:
        if piece.exact:
            file.seek(piece.start)
        else:
            next_record(file, piece.start)
        reading = Reading(file, piece.path, lambda error: records.damage.append(str(error)))
        records = Records(piece.path, reading, piece.end)
        began = reading.position
        made = work(records)
        return _Worked(began, reading.position, made)


def _joined(worked: Iterator[tuple[FilePiece, _Worked[Made]]], work: Work[Made]) -> Iterator[Made]:
    """Each record once: where a piece does not begin with the record after the one before it, it
    was taken in by bytes of a payload that look like a record.
    """
    path, position = None, 0
    for piece, done in worked:
        if piece.path != path:
            path, position = piece.path, 0
        if position >= piece.end:
            continue  # in the middle of a record that begins in a piece before
        if done.began != position:
            done = _work_on(work, replace(piece, start=position, exact=True))
        position = done.ended
        yield done.made
