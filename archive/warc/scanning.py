"""Reads many WARC files in several processes, a piece at a time."""

import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from archive.processes import cores, in_order
from archive.progress import Progress
from archive.warc.reading import Reading, Record, next_record

Made = TypeVar("Made")

_PIECE = 2 << 20
"""Bytes; some thousand records."""

_WORTH_A_PROCESS = 16 << 20
"""Bytes to be read; a process takes most of a second to start."""


@dataclass(frozen=True, slots=True)
class _Piece:
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
        """The records.

        :param kinds: only these.
        """
        return self._reading.records(kinds, until=self._end)


Work = Callable[[Records], Made]
"""Makes something of the records of a piece. It and what it makes go from process to process."""


def scan(
    paths: Sequence[Path], work: Work[Made], progress: Progress
) -> Generator[Made, None, None]:
    """What `work` makes of all records of some files, in their order.

    Close it, or take all of it: `contextlib.closing`.

    :raises OSError: when a file cannot be read.
    :raises ArchiveError: when one of the processes is killed.
    """
    sizes = [path.stat().st_size for path in paths]
    pieces = [piece for path, size in zip(paths, sizes, strict=True) for piece in _cut(path, size)]
    processes = cores() if sum(sizes) > _WORTH_A_PROCESS else 1
    with closing(in_order(partial(_work_on, work), pieces, processes)) as worked:
        yield from _joined(zip(progress("captures", pieces), worked, strict=False), work)


def _cut(path: Path, size: int) -> Iterator[_Piece]:
    for start in range(0, max(size, 1), _PIECE):
        end = start + _PIECE if start + _PIECE < size else sys.maxsize
        yield _Piece(path, start, end, exact=start == 0)


@dataclass(frozen=True, slots=True)
class _Worked(Generic[Made]):
    """What was made of a piece, and where its first record begins and its last one ends."""

    began: int
    ended: int
    made: Made


def _work_on(work: Work[Made], piece: _Piece) -> _Worked[Made]:
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


def _joined(worked: Iterator[tuple[_Piece, _Worked[Made]]], work: Work[Made]) -> Iterator[Made]:
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
