"""Compare two texts: sentence by sentence, then word by word, and figures with figures."""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

from archive.edits.alignment import (
    Budget,
    Difference,
    differing_sentences,
    differing_words,
    trimmed,
)
from archive.edits.edit import Edit, EditClass
from archive.edits.figures import Figure
from archive.edits.folding import tidy
from archive.edits.notices import is_left_of, is_notice
from archive.edits.words import Sentence, Word, sentences_in, words_in
from archive.errors import shortened

# Pairs of equal words, and characters, that one comparison reads word by word. Where they are
# spent, the rest is compared sentence by sentence.
_MOST_PAIRS, _MOST_CHARACTERS = 2_000_000, 300_000

# Edits of one class, and characters of a change that an edit shows.
_MOST_EDITS, _LONGEST = 100, 300

# Pairs of sentences that are compared with each other in one place.
_MOST_SENTENCES = 900

# The least share of words that an old and a new form of a sentence have in common.
_LEAST_ALIKE = 0.4

# Equal words between two changes, up to this number, belong to the change.
_LONGEST_ISLAND = 1

# The least number of words of an added clause; fewer words change the wording of theirs.
_SHORTEST_CLAUSE = 6
_END_OF_CLAUSE = frozenset(",。;!?:、()")


def edits_of_titles(old: str, new: str, year: int) -> list[Edit]:
    """Return the edits of a title: itself, and its figures.

    :param year: that of dates without a year.
    """
    edits = list(_TextComparison(year).of_sentences(tidy(old), tidy(new)))
    figures = [edit for edit in edits if edit.edit_class is EditClass.FIGURES]
    return [Edit(EditClass.TITLE, old, new), *figures] if edits else []


def edits_of_texts(old: Sequence[str], new: Sequence[str], year: int) -> Iterator[Edit]:
    """Yield the edits of a text; of each class the first ones alone.

    :param old: lines.
    :param new: lines.
    :param year: that of dates without a year.
    """
    counts: Counter[EditClass] = Counter()
    for edit in _TextComparison(year).of_texts(old, new):
        counts[edit.edit_class] += 1
        if counts[edit.edit_class] <= _MOST_EDITS:
            yield edit


@dataclass(frozen=True, slots=True)
class _Placed:
    """A sentence, and the number of its line."""

    sentence: Sentence
    line: int


class _TextComparison:
    """A comparison of two texts, and what it may still cost."""

    def __init__(self, year: int) -> None:
        self._year = year
        self._budget = Budget(_MOST_PAIRS)
        self._characters = _MOST_CHARACTERS

    def of_texts(self, old: Sequence[str], new: Sequence[str]) -> Iterator[Edit]:
        """Yield the edits of a text."""
        lines = trimmed(old, new, Difference(0, len(old), 0, len(new)))
        before = list(_sentences(old[lines.i : lines.j]))
        after = list(_sentences(new[lines.k : lines.m]))
        is_whole = lines.j - lines.i == len(old)
        size = Counter(placed.line for placed in after)
        keys = [[placed.sentence.key for placed in text] for text in (before, after)]
        for block in differing_sentences(*keys):
            removed, added = before[block.i : block.j], after[block.k : block.m]
            here = Counter(placed.line for placed in added)
            whole = {line for line, count in here.items() if count == size[line]}
            notices, rest = _notices(added, whole)
            was_replaced = is_whole and len(removed) == len(before) and len(added) == len(after)
            if was_replaced and is_left_of(_text(added), _text(removed)):
                notices, rest = [one.sentence for one in added], []
            if notices:
                yield Edit(EditClass.RETRACTION, "", _shown(notices))
                if was_replaced and not rest:
                    continue
            yield from self._of_block([one.sentence for one in removed], rest)

    def _of_block(self, old: Sequence[Sentence], new: Sequence[Sentence]) -> Iterator[Edit]:
        """Yield the edits of a place in which sentences differ."""
        if "".join(one.key for one in old) == "".join(one.key for one in new):
            return
        i = k = 0
        for at_old, at_new in [*self._pairs(old, new), (len(old), len(new))]:
            yield from _of_unpaired(old[i:at_old], new[k:at_new])
            if at_old < len(old):
                yield from self.of_sentences(old[at_old].text, new[at_new].text)
            i, k = at_old + 1, at_new + 1

    def _pairs(self, old: Sequence[Sentence], new: Sequence[Sentence]) -> list[tuple[int, int]]:
        """Return which old sentences became which new ones, in their order in both texts."""
        characters = sum(len(one.text) for one in (*old, *new))
        if not old or not new or len(old) * len(new) > _MOST_SENTENCES:
            return []
        if characters > self._characters:
            return []
        self._characters -= characters
        before = [_shapes(words_in(one.text, self._year)) for one in old]
        after = [_shapes(words_in(one.text, self._year)) for one in new]
        best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
        alike = [[_likeness(one, two) for two in after] for one in before]
        for i in reversed(range(len(old))):
            for k in reversed(range(len(new))):
                paired = alike[i][k] + best[i + 1][k + 1] if alike[i][k] >= _LEAST_ALIKE else 0.0
                best[i][k] = max(best[i + 1][k], best[i][k + 1], paired)
        found = []
        i = k = 0
        while i < len(old) and k < len(new):
            if alike[i][k] >= _LEAST_ALIKE and best[i][k] == alike[i][k] + best[i + 1][k + 1]:
                found.append((i, k))
                i, k = i + 1, k + 1
            elif best[i][k] == best[i + 1][k]:
                i += 1
            else:
                k += 1
        return found

    def of_sentences(self, old: str, new: str) -> Iterator[Edit]:
        """Yield the edits of a sentence: those of its words, then those of its figures."""
        before, after = words_in(old, self._year), words_in(new, self._year)
        old_keys, new_keys = ([word.key for word in words] for words in (before, after))
        pairs: list[tuple[Figure, Figure]] = []
        removed_figures: list[Figure] = []
        added_figures: list[Figure] = []
        blocks = differing_words(old_keys, new_keys, self._budget)
        if [word.shape for word in before] == [word.shape for word in after]:  # 14%和12% → 12%和14%
            both = [(one.figure, two.figure) for one, two in zip(before, after, strict=True)]
            pairs, blocks = [(one, two) for one, two in both if one and two], iter(())
        for block in _without_islands(blocks, before):
            removed, added = before[block.i : block.j], after[block.k : block.m]
            outer, at_start, at_end = _outer_figures(removed, added)
            pairs += outer
            removed = removed[at_start : len(removed) - at_end]
            added = added[at_start : len(added) - at_end]
            if not removed and _is_clause(added, after[: block.k], after[block.m :]):
                yield Edit(EditClass.ADDITION, "", shortened(_text_of(added, new), _LONGEST))
                continue
            figures = _figures_of(removed), _figures_of(added)
            inner = list(_paired(*figures))
            pairs += inner
            removed_figures += [
                one for one in figures[0] if all(one is not two for two, _ in inner)
            ]
            added_figures += [one for one in figures[1] if all(one is not two for _, two in inner)]
            if len(inner) != max(map(len, figures)) or _plain(removed) != _plain(added):
                shown = (
                    shortened(_text_of(removed, old), _LONGEST),
                    shortened(_text_of(added, new), _LONGEST),
                )
                yield Edit(EditClass.WORDING, *shown)
        pairs += _moved(removed_figures, added_figures)
        for one, two in pairs:
            if one.meaning != two.meaning:
                kind = EditClass.FIGURES if one.differs_from(two) else EditClass.WORDING
                yield Edit(kind, one.text, two.text)


def _sentences(lines: Sequence[str]) -> Iterator[_Placed]:
    for number, line in enumerate(lines):
        for sentence in sentences_in(line):
            yield _Placed(sentence, number)


def _text(placed: Sequence[_Placed]) -> str:
    return "".join(one.sentence.text for one in placed)


def _notices(added: Sequence[_Placed], whole: set[int]) -> tuple[list[Sentence], list[Sentence]]:
    """Return the sentences of notices, and the other ones.

    :param whole: lines of which every sentence was added; one notice makes the line one.
    """
    lines = {one.line for one in added if is_notice(one.sentence.text)}
    in_lines = lines & whole
    notices: list[Sentence] = []
    rest: list[Sentence] = []
    for one in added:
        is_one = one.line in in_lines or (one.line in lines and is_notice(one.sentence.text))
        (notices if is_one else rest).append(one.sentence)
    return notices, rest


def _of_unpaired(old: Sequence[Sentence], new: Sequence[Sentence]) -> Iterator[Edit]:
    if old or new:
        kind = EditClass.WORDING if old else EditClass.ADDITION
        yield Edit(kind, _shown(old), _shown(new))


def _figures_of(words: Sequence[Word]) -> list[Figure]:
    return [word.figure for word in words if word.figure]


def _plain(words: Sequence[Word]) -> list[Hashable]:
    return [word.key for word in words if not word.figure]


def _paired(old: Sequence[Figure], new: Sequence[Figure]) -> Iterator[tuple[Figure, Figure]]:
    """Yield which figures became which: in their order; of different numbers, those of one unit."""
    if len(old) == len(new):
        yield from zip(old, new, strict=True)
        return
    waiting = list(new)
    for figure in old:
        other = next((one for one in waiting if one.unit == figure.unit), None)
        if other is not None:
            del waiting[: waiting.index(other) + 1]
            yield figure, other


def _without_islands(blocks: Iterator[Difference], old: Sequence[Word]) -> Iterator[Difference]:
    """Merge changes between which there are few equal words; those would be no change of sense."""
    merged: Difference | None = None
    for block in blocks:
        if merged is None:
            merged = block
        elif block.i - merged.j <= _LONGEST_ISLAND and not any(
            word.figure for word in old[merged.j : block.i]
        ):
            merged = Difference(merged.i, block.j, merged.k, block.m)
        else:
            yield merged
            merged = block
    if merged is not None:
        yield merged


def _outer_figures(
    old: Sequence[Word], new: Sequence[Word]
) -> tuple[list[tuple[Figure, Figure]], int, int]:
    """Return the figures at both ends of a change that became other figures.

    :returns: pairs of figures; how many are at the start, and how many at the end.
    """
    pairs = [(one.figure, two.figure) for one, two in zip(old, new, strict=False)]
    first = list(takewhile(all, pairs))
    rest = min(len(old), len(new)) - len(first)
    ends = zip(reversed(old), reversed(new), strict=False)
    last = list(takewhile(all, islice(((one.figure, two.figure) for one, two in ends), rest)))
    found = [(one, two) for one, two in (*first, *last) if one and two]
    return found, len(first), len(last)


def _moved(old: Sequence[Figure], new: Sequence[Figure]) -> Iterator[tuple[Figure, Figure]]:
    """Yield the figures of reworded parts that are the only ones of their unit before and after."""
    for figure in old:
        others = [one for one in new if one.unit == figure.unit]
        if len(others) == 1 and sum(one.unit == figure.unit for one in old) == 1:
            yield figure, others[0]


def _is_clause(added: Sequence[Word], before: Sequence[Word], behind: Sequence[Word]) -> bool:
    """Return whether added words are a clause of their own.

    :param before: the words in front of them in their sentence.
    :param behind: the words behind them.
    """
    if len(added) < _SHORTEST_CLAUSE:
        return False
    starts = not before or before[-1].key in _END_OF_CLAUSE
    ends = not behind or behind[0].key in _END_OF_CLAUSE
    return (starts and added[-1].key in _END_OF_CLAUSE) or (ends and added[0].key in _END_OF_CLAUSE)


def _shapes(words: Sequence[Word]) -> Counter[object]:
    return Counter(word.shape for word in words)


def _likeness(one: Counter[object], other: Counter[object]) -> float:
    """Return the share of words that two sentences have in common."""
    return 2 * (one & other).total() / max(one.total() + other.total(), 1)


def _text_of(words: Sequence[Word], text: str) -> str:
    return text[words[0].start : words[-1].end] if words else ""


def _shown(sentences: Sequence[Sentence]) -> str:
    return shortened("".join(one.text for one in sentences[:_LONGEST]), _LONGEST)
