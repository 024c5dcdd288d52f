"""``python -m bench.edits``: what is recognised of planted edits, by class.

Compared with the rule by which the archive decides today whether a version is new and what changed
in it, on the same pairs in the same run.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.article import Article, Edition, InfoCode
from archive.catalog import ChangeKind, changes_between, row_of
from archive.content import format_post, same_article
from archive.edits import ComparedVersion, EditClass, edits_between
from bench.harness import seconds_of
from bench.planted_edits import Pair, planted_pairs

EDITED = "edited"
"""The row for pairs with any class that is an edit by the publisher."""

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
    print(f"{'':20} {'pairs':>7} {'precision':>10} {'recall':>8} {'was':>10} {'was':>8}")
    for name, held_out in (("known texts", False), ("held-out texts", True)):
        chosen = [pair for pair in pairs if pair.is_held_out is held_out]
        ours, todays = scores(chosen, classes_of), scores(chosen, classes_today)
        print(f"{name:20} {len(chosen):7}")
        for kind, score in ours.items():
            was, pairs_of = todays[kind], score.right + score.missed
            print(
                f"  {kind:18} {pairs_of:7} {score.precision:10.3f} {score.recall:8.3f}"
                f" {was.precision:10.3f} {was.recall:8.3f}"
            )
    for name, rule in (("finews", classes_of), ("today's rule", classes_today)):
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


# What today's rule calls a change, by the class that comes nearest.
_TODAY = {
    ChangeKind.TITLE: EditClass.TITLE,
    ChangeKind.FIGURES: EditClass.FIGURES,
    ChangeKind.SECURITIES: EditClass.SECURITIES,
    ChangeKind.TEXT: EditClass.WORDING,
    ChangeKind.PUBLISHED: EditClass.PUBLISHED,
}


_NOW = "2026-01-01T00:00:00+00:00"


def classes_today(before: ComparedVersion, after: ComparedVersion) -> frozenset[str]:
    """Return the classes that the archive gives a new version today; empty where it makes none."""
    sources = before.body_source, after.body_source
    if before == after or (sources[0] and sources[1] and sources[1].is_worse_than(sources[0])):
        return frozenset()
    fields = [(one.title, one.published, one.media, one.edition) for one in (before, after)]
    if fields[0] == fields[1] and same_article(before.body, after.body):
        return frozenset()
    old, new = (
        row_of(article, format_post(article), _NOW)[0]
        for article in (_article(before), _article(after))
    )
    found = changes_between(old, new, before.securities, after.securities)
    return frozenset({_TODAY[kind].value for kind in found if kind in _TODAY} or {"other"})


def _article(version: ComparedVersion) -> Article:
    rolling = version.edition == Edition.ROLLING
    return Article(
        info_code=InfoCode("NW202201010000000001"),
        title=version.title,
        published=version.published,
        body=version.body,
        body_source=version.body_source,  # type: ignore[arg-type]
        link="https://example.com/",
        category="emnews" if rolling else "cailianshe",
        tag="东财滚动新闻" if rolling else "财联社新闻",
        media=version.media,
    )


if __name__ == "__main__":
    main()
