"""Record and recognise problems that an operator has accepted.

``accepted.jsonl`` in the archive has one JSON object per line: ``at`` (ISO 8601, UTC), ``wrong``,
``place``, ``sentence``, as `finews verify` printed them, but with paths below the archive's folder,
however a command names that. From then on `verify` reports the same
problem as accepted, and any other as wrong.
"""

import json
import os
import re
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from archive.clock import utc_iso
from archive.integrity.journal_digests import encodable
from archive.integrity.verify import Problem
from archive.storage import bytes_if_there, disk_errors, refuse_link, sync_folders

_NAME = "accepted.jsonl"


class SortedProblems(NamedTuple):
    """Problems that were not accepted, and those that were."""

    wrong: list[Problem]
    accepted: list[Problem]


def sort(folder: Path, problems: Sequence[Problem]) -> SortedProblems:
    """Return which problems of an archive were accepted and which were not.

    :raises ArchiveError: when the list of accepted problems cannot be read.
    """
    with disk_errors(folder):
        known = _read_accepted(folder)
    found = SortedProblems([], [])
    for problem in problems:
        (found.accepted if _facts(folder, problem) in known else found.wrong).append(problem)
    return found


def accept(folder: Path, problems: Collection[Problem], now: datetime) -> None:
    """Record problems as accepted, on disk before this returns.

    :raises ArchiveError: when the list cannot be written.
    """
    path = folder / _NAME
    refuse_link(path)
    lines = [
        {"at": utc_iso(now), "wrong": wrong, "place": place, "sentence": sentence}
        for wrong, place, sentence in (_facts(folder, problem) for problem in problems)
    ]
    with disk_errors(folder):
        with path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        sync_folders([folder])


def _read_accepted(folder: Path) -> set[tuple[str, str, str]]:
    """Return the facts of accepted problems; skip a line that a power cut left incomplete."""
    known = set()
    for line in (bytes_if_there(folder / _NAME) or b"").splitlines():
        try:
            facts = json.loads(line)
            known.add((facts["wrong"], facts["place"], _below(folder, facts["sentence"])))
        except (ValueError, KeyError, TypeError):
            continue
    return known


def _facts(folder: Path, problem: Problem) -> tuple[str, str, str]:
    sentence = _below(folder, encodable(problem.sentence))
    return problem.wrong.value, encodable(problem.place), sentence


def _below(folder: Path, sentence: str) -> str:
    """Return a sentence in which the archive's folder is ``.``, and paths begin below it."""
    name = re.escape(encodable(str(folder)))
    paths = rf"(?<![^\s`('\"]){name}(/|(?![^\s`)'\",.;:]))"
    return re.sub(paths, lambda found: "" if found[1] else ".", sentence)
