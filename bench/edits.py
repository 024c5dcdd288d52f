"""``python -m bench.edits``: what is recognised of planted edits, by class.

Compared with a plain comparison of the texts, on the same pairs in the same run.
"""

import argparse
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.content import read_body, same_article
from archive.edits import ComparedVersion, EditClass, edits_between
from bench.harness import seconds_of
from bench.planted_edits import Pair, planted_pairs

#: The row for pairs with any class that is an edit by the publisher.
EDITED = "edited"

Rule = Callable[[ComparedVersion, ComparedVersion], frozenset[str]]


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How many pairs have a class rightly, wrongly, or lack it."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """The share of the pairs with a class that have it rightly; 1 without any."""
        return self.right / max(self.right + self.wrong, 1) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """The share of the pairs that should have a class which have it; 1 without any."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0


def main() -> None:
    """Print a row for each class, for the texts that rules were adapted to and for the others."""
    parser = argparse.ArgumentParser(prog="python -m bench.edits", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("tests"), help="of the tests")
    parser.add_argument("--rounds", type=int, default=3, help="pairs of each edit")
    arguments = parser.parse_args()
    pairs = list(planted_pairs(arguments.folder, rounds=arguments.rounds))
    print(f"{'':20} {'pairs':>7} {'precision':>10} {'recall':>8} {'plain':>10} {'plain':>8}")
    for name, held_out in (("known texts", False), ("held-out texts", True)):
        chosen = [pair for pair in pairs if pair.is_held_out is held_out]
        ours, plain = scores(chosen, classes_of), scores(chosen, classes_plainly)
        print(f"{name:20} {len(chosen):7}")
        for kind, score in ours.items():
            was, pairs_of = plain[kind], score.right + score.missed
            print(
                f"  {kind:18} {pairs_of:7} {score.precision:10.3f} {score.recall:8.3f}"
                f" {was.precision:10.3f} {was.recall:8.3f}"
            )
    for name, rule in (("finews", classes_of), ("plain comparison", classes_plainly)):
        seconds = seconds_of(lambda rule=rule: scores(pairs, rule))  # type: ignore[misc]
        print(f"{name:20} {1_000 * seconds / len(pairs):7.2f} ms for a pair")


def scores(pairs: Sequence[Pair], rule: Rule) -> dict[str, ClassScore]:
    """Return how right a rule is, for each class and for edits by the publisher at all."""
    found = [rule(pair.before, pair.after) for pair in pairs]
    truths = [pair.classes for pair in pairs]
    kinds = [kind.value for kind in EditClass if kind.is_publishers]
    of_all = [(EDITED, [bool(one) for one in found], [bool(one) for one in truths])]
    of_kinds = [
        (kind, [kind in one for one in found], [kind in one for one in truths]) for kind in kinds
    ]
    return {kind: _score(given, true) for kind, given, true in (*of_all, *of_kinds)}


def _score(given: Sequence[bool], true: Sequence[bool]) -> ClassScore:
    both = list(zip(given, true, strict=True))
    return ClassScore(
        both.count((True, True)), both.count((True, False)), both.count((False, True))
    )


def classes_of(before: ComparedVersion, after: ComparedVersion) -> frozenset[str]:
    """Return the classes of the edits between two versions."""
    found = (edit.edit_class for edit in edits_between(before, after))
    return frozenset(kind.value for kind in found if kind.is_publishers)


_NUMBER = re.compile(r"\d[\d,.]*\d|\d")


def classes_plainly(before: ComparedVersion, after: ComparedVersion) -> frozenset[str]:
    """Return the classes that a plain comparison finds, as the archive made it before.

    It reads a worse source of the body as no new version, and leaves adverts and charts out.
    """
    sources = before.body_source, after.body_source
    if before == after or (sources[0] and sources[1] and sources[1].is_worse_than(sources[0])):
        return frozenset()
    fields = [(one.title, one.published, one.media, one.edition) for one in (before, after)]
    if fields[0] == fields[1] and same_article(before.body, after.body):
        return frozenset()
    return frozenset(_plain_differences(before, after) or {"other"})


def _plain_differences(before: ComparedVersion, after: ComparedVersion) -> set[str]:
    found = set()
    if before.title != after.title:
        found.add(EditClass.TITLE.value)
    if (before.body_source, before.extractor) == (after.body_source, after.extractor):
        old, new = (read_body(one.body).text for one in (before, after))
        if old != new:
            found.add(EditClass.WORDING.value)
        numbers = (
            Counter(_NUMBER.findall(text)) for text in (before.title + old, after.title + new)
        )
        if len({frozenset(each.items()) for each in numbers}) > 1:
            found.add(EditClass.FIGURES.value)
    if set(before.securities) != set(after.securities):
        found.add(EditClass.SECURITIES.value)
    if before.published != after.published:
        found.add(EditClass.PUBLISHED.value)
    return found


if __name__ == "__main__":
    main()
