"""Compare two texts for readers: word by word, and character by character in Chinese."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby, zip_longest

_WORD = re.compile(r"[A-Za-z]+|[0-9]+(?:[.,][0-9]+)*%?|\s+|.", re.DOTALL)

#: Pairs of equal tokens that are compared in a text; they are the cost of a comparison. Paragraphs
#: beyond this limit are shown as removed and added whole.
_MAX_PAIRS = 1_000_000

#: Paragraphs of a text that are compared; the rest is left out.
_MAX_PARAGRAPHS = 4_000

#: Unchanged tokens between two changes, up to this number, count as changed: a diff of many tiny
#: pieces is unreadable.
_MAX_ISLAND = 2

#: Number of successive unchanged paragraphs from which on they are folded; a single one is no
#: longer than the line that replaces it.
_MIN_FOLDED = 2


class DiffChange(StrEnum):
    """The difference between the old and the new text in a piece."""

    UNCHANGED = "unchanged"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class DiffPiece:
    """A run of text with one kind of change."""

    change: DiffChange
    text: str


Paragraph = Sequence[DiffPiece]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Successive paragraphs that are shown or folded together.

    :param folded: whether the paragraphs are far from every change, and hidden at first.
    """

    paragraphs: Sequence[Paragraph]
    folded: bool


def stretches(paragraphs: Sequence[Paragraph]) -> list[Stretch]:
    """Group the paragraphs of a comparison into stretches, in their order.

    Long unchanged stretches are folded; the paragraph before and after every change is not.
    """
    changed = [
        any(piece.change is not DiffChange.UNCHANGED for piece in paragraph)
        for paragraph in paragraphs
    ]
    near = [any(changed[max(0, at - 1) : at + 2]) for at in range(len(changed))]
    found = []
    at = 0
    for shown, group in groupby(near):
        end = at + len(list(group))
        many = end - at >= _MIN_FOLDED or not any(changed)
        found.append(Stretch(paragraphs[at:end], folded=many and not shown))
        at = end
    return found


def compare(old: str, new: str) -> list[Paragraph]:
    """Merge two texts: a paragraph for each line, with removed and added text marked."""
    old_lines = old.split("\n")[:_MAX_PARAGRAPHS]
    new_lines = new.split("\n")[:_MAX_PARAGRAPHS]
    paragraphs: list[Paragraph] = []
    pairs = _MAX_PAIRS
    for tag, i, j, k, m in SequenceMatcher(None, old_lines, new_lines).get_opcodes():
        if tag == "equal":
            paragraphs += [[DiffPiece(DiffChange.UNCHANGED, line)] for line in old_lines[i:j]]
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


#: An opcode of difflib with the old and the new text.
_Step = tuple[str, str, str]


def _without_islands(steps: Sequence[_Step]) -> Iterator[_Step]:
    """Merge short equal runs between two changes into one change."""
    pending: _Step | None = None
    for number, (tag, before, after) in enumerate(steps):
        between = 0 < number < len(steps) - 1
        if tag == "equal" and not (between and len(before) <= _MAX_ISLAND):
            if pending:
                yield pending
                pending = None
            yield (tag, before, after)
        else:
            _, earlier_before, earlier_after = pending or ("", "", "")
            pending = ("replace", earlier_before + before, earlier_after + after)
    if pending:
        yield pending


def _pieces(steps: Sequence[_Step] | Iterator[_Step]) -> Paragraph:
    pieces = []
    for tag, before, after in steps:
        if tag == "equal":
            pieces.append(DiffPiece(DiffChange.UNCHANGED, before))
            continue
        if before:
            pieces.append(DiffPiece(DiffChange.REMOVED, before))
        if after:
            pieces.append(DiffPiece(DiffChange.ADDED, after))
    return pieces
