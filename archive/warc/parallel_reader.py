"""Read many WARC files in several processes, a piece at a time."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from archive.process_pool import Workers
from archive.progress import Progress, silent
from archive.warc.reader import Reading, Record, next_record

Result = TypeVar("Result")

#: Pieces that one process reads in the time that it takes to start worker processes.
WORTH_WORKERS = 8


@dataclass(frozen=True, slots=True)
class FilePiece:
    """A part of a file, with the records that begin in it.

    :param exact: a record is known to begin at `start`.
    """

    path: Path
    start: int
    end: int
    exact: bool


@dataclass(slots=True)
class Records:
    """The records that begin in a piece of a file; they can be read once.

    :param damage: why records could not be read, a sentence each.
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
        """The number of sound records that were read, those of other kinds included."""
        return self._reading.count


#: A function of the records of a piece. It and its result are sent between processes.
Work = Callable[[Records], Result]


def pieces_of(paths: Iterable[Path], piece_bytes: int) -> list[FilePiece]:
    """Divide files into pieces, in their order.

    :param piece_bytes: size of a piece.
    :raises OSError: when a file cannot be found.
    """
    return [piece for path in paths for piece in _cut(path, piece_bytes)]


def _cut(path: Path, piece_bytes: int) -> Iterator[FilePiece]:
    size = path.stat().st_size
    for start in range(0, max(size, 1), piece_bytes):
        end = start + piece_bytes if start + piece_bytes < size else sys.maxsize
        yield FilePiece(path, start, end, exact=start == 0)


def scan(
    pieces: Sequence[FilePiece], work: Work[Result], workers: Workers, progress: Progress = silent
) -> Iterator[Result]:
    """Yield the results of `work` for all records of some files, in their order.

    The work on the first pieces starts at once, see `Workers.in_order`.

    :param pieces: all those of the files.
    :raises OSError: when a file cannot be read.
    :raises ArchiveError: when one of the processes is killed.
    """
    worked = workers.in_order(partial(_work_on, work), pieces)
    return _joined(zip(progress("captures", pieces), worked, strict=False), work)


@dataclass(frozen=True, slots=True)
class _Worked(Generic[Result]):
    """The result for a piece, and where its first record begins and its last one ends."""

    began: int
    ended: int
    result: Result


def _work_on(work: Work[Result], piece: FilePiece) -> _Worked[Result]:
    with piece.path.open("rb") as file:
        if piece.exact:
            file.seek(piece.start)
        else:
            next_record(file, piece.start)
        reading = Reading(file, piece.path, lambda error: records.damage.append(str(error)))
        records = Records(piece.path, reading, piece.end)
        began = reading.position
        result = work(records)
        return _Worked(began, reading.position, result)


def _joined(
    worked: Iterator[tuple[FilePiece, _Worked[Result]]], work: Work[Result]
) -> Iterator[Result]:
    """Yield the results, so that each record is read exactly once.

    A piece begins with the record after the last one of the piece before it. Where it does not,
    bytes of a payload looked like a record, and the piece is read again from the right place.
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
        yield done.result
