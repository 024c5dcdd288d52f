"""Align two sequences, in bounded time.

Sentences are aligned at those that are unique in both texts, as in Bram Cohen's patience diff: its
time is nearly linear. Words are aligned by difflib, whose time grows with the pairs of equal
words; a budget limits these.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

# Levels of anchors between anchors. Each level reads a text once.
_MOST_LEVELS = 6

# Pairs of equal words in one alignment, and words of it.
_MOST_PAIRS, _MOST_WORDS = 40_000, 2_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A part of two sequences in which they differ: ``old[i:j]`` became ``new[k:m]``."""

    i: int
    j: int
    k: int
    m: int


@dataclass(slots=True)
class Budget:
    """The pairs of equal words that a comparison may still read."""

    pairs: int

    def allows(self, old: Sequence[Hashable], new: Sequence[Hashable]) -> bool:
        """Return whether difflib may align two sequences, and charge it."""
        if max(len(old), len(new)) > _MOST_WORDS:
            return False
        in_old = Counter(old)
        pairs = sum(in_old[word] * count for word, count in Counter(new).items())
        pairs += len(old) + len(new)
        if pairs > min(_MOST_PAIRS, self.pairs):
            return False
        self.pairs -= pairs
        return True


def differing_words(
    old: Sequence[Hashable], new: Sequence[Hashable], budget: Budget
) -> Iterator[Difference]:
    """Yield where two lists of words differ; they differ as a whole where the budget is spent."""
    block = trimmed(old, new, Difference(0, len(old), 0, len(new)))
    if block.i == block.j and block.k == block.m:
        return
    before, after = old[block.i : block.j], new[block.k : block.m]
    if not before or not after or not budget.allows(before, after):
        yield block
        return
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            yield Difference(block.i + i, block.i + j, block.k + k, block.k + m)


def differing_sentences(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[Difference]:
    """Yield where two lists of sentences differ, in their order."""
    waiting = [(Difference(0, len(old), 0, len(new)), 0)]
    while waiting:
        whole, level = waiting.pop()
        block = trimmed(old, new, whole)
        if block.i == block.j and block.k == block.m:
            continue
        anchors = _anchors(old, new, block) if level < _MOST_LEVELS else []
        if not anchors:
            yield block
            continue
        i, k = block.i, block.k
        parts = []
        for at_old, at_new in [*anchors, (block.j, block.m)]:
            parts.append((Difference(i, at_old, k, at_new), level + 1))
            i, k = at_old + 1, at_new + 1
        waiting += reversed(parts)


def trimmed(old: Sequence[Hashable], new: Sequence[Hashable], block: Difference) -> Difference:
    """Return a block without the equal elements at its start and its end."""
    i, j, k, m = block.i, block.j, block.k, block.m
    while i < j and k < m and old[i] == new[k]:
        i, k = i + 1, k + 1
    while i < j and k < m and old[j - 1] == new[m - 1]:
        j, m = j - 1, m - 1
    return Difference(i, j, k, m)


def _anchors(
    old: Sequence[Hashable], new: Sequence[Hashable], block: Difference
) -> list[tuple[int, int]]:
    """Return the longest list of places, in order in both, of elements that are unique in both."""
    places = _unique(new, block.k, block.m)
    common = [
        (place, places[element])
        for element, place in _unique(old, block.i, block.j).items()
        if element in places
    ]
    ends: list[int] = []  # the least place in `new` at which a list of each length ends
    last: list[int] = []  # the pair of that place, as a number in `common`
    before: list[int | None] = []  # the pair before each pair
    for number, (_, at_new) in enumerate(common):
        length = bisect_left(ends, at_new)
        before.append(last[length - 1] if length else None)
        ends[length : length + 1] = [at_new]
        last[length : length + 1] = [number]
    found = []
    at = last[-1] if last else None
    while at is not None:
        found.append(common[at])
        at = before[at]
    return found[::-1]


def _unique(elements: Sequence[Hashable], start: int, end: int) -> dict[Hashable, int]:
    """Return the places of the elements that are there once, in their order."""
    counts = Counter(elements[start:end])
    return {elements[place]: place for place in range(start, end) if counts[elements[place]] == 1}
