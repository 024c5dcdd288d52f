"""What changed between two texts, in a form for reading: by words, and by characters in Chinese."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby, zip_longest

_WORD = re.compile(r"[A-Za-z]+|[0-9]+(?:[.,][0-9]+)*%?|\s+|.", re.DOTALL)
_MOST_PAIRS = 1_000_000
"""Pairs of equal tokens that are looked at in a text; it is what a comparison costs. Paragraphs
beyond that are shown as removed and added whole."""
_LONGEST_TEXT = 4_000
"""Paragraphs of a text that are compared; what follows is left out."""
_ISLAND = 2
"""Unchanged tokens, this few between two changes, count as changed: confetti cannot be read."""


_FOLDED = 2
"""Unchanged paragraphs, from this many on, are folded; one is no longer than what says so."""


class DiffChange(StrEnum):
    """What became of a piece of text."""

    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class DiffPiece:
    """A run of text with one fate."""

    change: DiffChange
    text: str


Paragraph = Sequence[DiffPiece]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Paragraphs that follow one another.

    :param folded: none of them is worth reading for what changed.
    """

    paragraphs: Sequence[Paragraph]
    folded: bool


def stretches(paragraphs: Sequence[Paragraph]) -> list[Stretch]:
    """The paragraphs of a comparison in their order, long unchanged stretches apart; a paragraph
    before and after every change stays with it."""
    changed = [
        any(piece.change is not DiffChange.KEPT for piece in paragraph) for paragraph in paragraphs
    ]
    near = [any(changed[max(0, at - 1) : at + 2]) for at in range(len(changed))]
    found = []
    at = 0
    for shown, group in groupby(near):
        end = at + len(list(group))
        many = end - at >= _FOLDED or not any(changed)
        found.append(Stretch(paragraphs[at:end], folded=many and not shown))
        at = end
    return found


def compare(old: str, new: str) -> list[Paragraph]:
    """The two texts as one: a paragraph for each line, with what was removed and added marked."""
    old_lines = old.split("\n")[:_LONGEST_TEXT]
    new_lines = new.split("\n")[:_LONGEST_TEXT]
    paragraphs: list[Paragraph] = []
    pairs = _MOST_PAIRS
    for tag, i, j, k, m in SequenceMatcher(None, old_lines, new_lines).get_opcodes():
        if tag == "equal":
            paragraphs += [[DiffPiece(DiffChange.KEPT, line)] for line in old_lines[i:j]]
            continue
        for before, after in zip_longest(old_lines[i:j], new_lines[k:m], fillvalue=""):
            tokens = _WORD.findall(before), _WORD.findall(after)
            pairs -= _equal_pairs(*tokens)
            if pairs < 0:
                paragraphs.append(_pieces([("replace", before, after)]))
            else:
                paragraphs.append(_compare_tokens(*tokens))
    return paragraphs


def _equal_pairs(old: Sequence[str], new: Sequence[str]) -> int:
    in_old = Counter(old)
    return sum(in_old[token] * number for token, number in Counter(new).items())


def _compare_tokens(old: Sequence[str], new: Sequence[str]) -> Paragraph:
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return _pieces(
        _without_islands([(tag, "".join(old[i:j]), "".join(new[k:m])) for tag, i, j, k, m in steps])
    )


_Step = tuple[str, str, str]
"""An opcode of difflib with its text before and after."""


def _without_islands(steps: Sequence[_Step]) -> Iterator[_Step]:
    """Melt short equal runs between two changes into one change."""
    held: _Step | None = None
    for number, (tag, before, after) in enumerate(steps):
        between = 0 < number < len(steps) - 1
        if tag == "equal" and not (between and len(before) <= _ISLAND):
            if held:
                yield held
                held = None
            yield (tag, before, after)
        else:
            _, earlier_before, earlier_after = held or ("", "", "")
            held = ("replace", earlier_before + before, earlier_after + after)
    if held:
        yield held


def _pieces(steps: Sequence[_Step] | Iterator[_Step]) -> Paragraph:
    pieces = []
    for tag, before, after in steps:
        if tag == "equal":
            pieces.append(DiffPiece(DiffChange.KEPT, before))
            continue
        if before:
            pieces.append(DiffPiece(DiffChange.REMOVED, before))
        if after:
            pieces.append(DiffPiece(DiffChange.ADDED, after))
    return pieces
