"""Precision and recall on planted edits, each among noise."""

from collections import Counter

import pytest

from archive.edits import EditClass
from bench.edits import EDITED, classes_of, classes_plainly, scores
from bench.planted_edits import NOISE, Pair, planted_pairs
from tests.conftest import ROOT

CLASSES = [kind.value for kind in EditClass if kind.is_publishers]


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    return list(planted_pairs(ROOT / "tests", rounds=2))


def test_the_pairs_have_every_class_and_every_noise(pairs: list[Pair]) -> None:
    for held_out in (False, True):
        chosen = [pair for pair in pairs if pair.is_held_out is held_out]
        classes = Counter(kind for pair in chosen for kind in pair.classes)
        noise = Counter(kind for pair in chosen for kind in pair.noise)
        assert len(chosen) >= 1_000
        assert sum(not pair.classes for pair in chosen) >= 300
        assert {*classes} == {*CLASSES}
        assert min(classes.values()) >= 100
        assert {*noise} == {*NOISE}


def test_the_pairs_are_always_the_same(pairs: list[Pair]) -> None:
    assert list(planted_pairs(ROOT / "tests", rounds=2)) == pairs


@pytest.mark.parametrize("held_out", [False, True])
def test_precision_and_recall(pairs: list[Pair], held_out: bool) -> None:
    found = scores([pair for pair in pairs if pair.is_held_out is held_out], classes_of)

    assert found[EDITED].precision >= 0.99
    assert found[EDITED].recall >= 0.99
    for kind in CLASSES:
        assert found[kind].precision >= 0.95, kind
        assert found[kind].recall >= 0.95, kind


def test_the_rule_by_which_versions_are_made_is_less_precise(pairs: list[Pair]) -> None:
    chosen = pairs[::10]
    assert scores(chosen, classes_plainly)[EDITED].precision < 0.9
    assert scores(chosen, classes_of)[EDITED].precision >= 0.99
