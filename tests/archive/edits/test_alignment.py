"""The alignment of sequences."""

import time
from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from archive.edits.alignment import Budget, Difference, differing_sentences, differing_words

sequences = st.lists(st.sampled_from("abcdefgh"), max_size=30)


def applied(blocks: Iterator[Difference], old: Sequence[str], new: Sequence[str]) -> list[str]:
    """Apply what differs to the old sequence."""
    found: list[str] = []
    at = 0
    for block in blocks:
        found += [*old[at : block.i], *new[block.k : block.m]]
        at = block.j
    return [*found, *old[at:]]


@given(sequences, sequences)
def test_what_differs_makes_the_new_of_the_old(old: list[str], new: list[str]) -> None:
    assert applied(differing_sentences(old, new), old, new) == new
    assert applied(differing_words(old, new, Budget(10**6)), old, new) == new
    assert applied(differing_words(old, new, Budget(0)), old, new) == new


@given(sequences)
def test_equal_sequences_do_not_differ(old: list[str]) -> None:
    assert list(differing_sentences(old, old)) == []


def test_an_insertion_is_found_between_unique_sentences() -> None:
    old = [str(number) for number in range(1_000)]
    new = [*old[:500], "x", *old[500:]]
    assert list(differing_sentences(old, new)) == [Difference(500, 500, 500, 501)]


def test_a_budget_is_spent_once() -> None:
    budget = Budget(100)
    old, new = list("abcabcabc"), list("cbacbacba")
    first = list(differing_words(old, new, budget))
    rest = [list(differing_words(old, new, budget)) for _ in range(9)]
    assert len(first) > 1
    assert len(rest[-1]) == 1
    assert budget.pairs >= 0


def test_long_sequences_take_little_time() -> None:
    old = [str(number) for number in range(200_000)]
    new = [word if number % 2 else f"{word}x" for number, word in enumerate(old)]
    start = time.process_time()
    assert len(list(differing_sentences(old, new))) == 100_000
    assert len(list(differing_sentences(["a"] * 200_000, ["a", "b"] * 100_000))) == 1
    assert time.process_time() - start < 20
