"""Damage that an operator has accepted: what was given up, and when.

``accepted.jsonl`` in the archive has a JSON object a line: ``at`` (ISO 8601, UTC), ``wrong``,
``place``, ``sentence``, as `finews verify` printed it. `verify` reports the same damage as accepted
from then on, and other damage as wrong.
"""

import json
import os
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from archive.clock import utc_iso
from archive.integrity.verify import Problem
from archive.storage import bytes_if_there, refuse_link, sync_folders

_NAME = "accepted.jsonl"


class Sorted(NamedTuple):
    """Problems, those that were accepted apart from the others."""

    wrong: list[Problem]
    accepted: list[Problem]


def sort(folder: Path, problems: Sequence[Problem]) -> Sorted:
    """Return which problems of an archive were accepted and which were not.

    :raises OSError: when the list of those that were cannot be read.
    """
    known = _accepted(folder)
    found = Sorted([], [])
    for problem in problems:
        (found.accepted if _facts(problem) in known else found.wrong).append(problem)
    return found


def accept(folder: Path, problems: Collection[Problem], now: datetime) -> None:
    """Record problems as accepted, on disk before this returns.

    :raises OSError: when the disk refuses.
    """
    path = folder / _NAME
    refuse_link(path)
    lines = [
        {"at": utc_iso(now), "wrong": wrong, "place": place, "sentence": sentence}
        for wrong, place, sentence in map(_facts, problems)
    ]
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    sync_folders([folder])


def _accepted(folder: Path) -> set[tuple[str, str, str]]:
    """Return what was accepted; a line that a power cut left half written is no line."""
    known = set()
    for line in (bytes_if_there(folder / _NAME) or b"").splitlines():
        try:
            facts = json.loads(line)
            known.add((facts["wrong"], facts["place"], facts["sentence"]))
        except (ValueError, KeyError, TypeError):
            continue
    return known


def _facts(problem: Problem) -> tuple[str, str, str]:
    return problem.wrong.value, _printable(problem.place), _printable(problem.sentence)


def _printable(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()
