"""What changed between two texts."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.browse.text_diff import DiffChange, DiffPiece, compare, stretches

LINES = st.text(st.sampled_from("央行降准基点12. ab\n"), max_size=80)


def shown(old: str, new: str) -> str:
    """A paragraph with what was removed in [] and added in ()."""
    marks = {DiffChange.UNCHANGED: "{}", DiffChange.REMOVED: "[{}]", DiffChange.ADDED: "({})"}
    (paragraph,) = compare(old, new)
    return "".join(marks[piece.change].format(piece.text) for piece in paragraph)


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        ("央行降准", "央行降准", "央行降准"),
        ("央行今日降准", "央行明日降准", "央行[今](明)日降准"),
        ("上涨3.25%。", "上涨3.26%。", "上涨[3.25%](3.26%)。"),
        ("the old bank said", "the new bank said", "the [old](new) bank said"),
        ("甲乙丙丁", "子乙丑丁", "[甲乙丙](子乙丑)丁"),
        ("", "央行", "(央行)"),
        ("央行", "", "[央行]"),
    ],
)
def test_paragraph(old: str, new: str, difference: str) -> None:
    assert shown(old, new) == difference


def test_paragraphs_that_stay_are_kept_whole() -> None:
    assert compare("标题\n第一段\n第三段", "标题\n第一段\n第二段\n第三段") == [
        [DiffPiece(DiffChange.UNCHANGED, "标题")],
        [DiffPiece(DiffChange.UNCHANGED, "第一段")],
        [DiffPiece(DiffChange.ADDED, "第二段")],
        [DiffPiece(DiffChange.UNCHANGED, "第三段")],
    ]


@pytest.mark.parametrize(
    ("changed", "folds"),
    [
        ("..........", ["F10"]),
        (".....X....", ["F4", "3", "F3"]),
        ("X.........", ["2", "F8"]),
        ("X...X....X", ["2", "1", "3", "F2", "2"]),
        ("X..X", ["4"]),
        ("..X", ["1", "2"]),
        (".", ["F1"]),
        ("", []),
    ],
)
def test_what_stayed_is_folded_but_for_its_edges(changed: str, folds: list[str]) -> None:
    marks = {".": DiffChange.UNCHANGED, "X": DiffChange.ADDED}
    paragraphs = [[DiffPiece(marks[mark], f"{at}")] for at, mark in enumerate(changed)]
    found = stretches(paragraphs)
    assert [paragraph for stretch in found for paragraph in stretch.paragraphs] == paragraphs
    told = [f"{'F' * stretch.folded}{len(stretch.paragraphs)}" for stretch in found]
    assert told == folds


@given(LINES, LINES)
def test_both_texts_can_be_read_off_the_difference(old: str, new: str) -> None:
    paragraphs = compare(old, new)
    for left_out, text in ((DiffChange.ADDED, old), (DiffChange.REMOVED, new)):
        lines = [
            "".join(piece.text for piece in paragraph if piece.change is not left_out)
            for paragraph in paragraphs
        ]
        assert [line for line in lines if line] == [line for line in text.split("\n") if line]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("央行" * 50_000, "降准" * 50_000),
        ("稳。" * 50_000, "稳。" * 49_999 + "变"),
        ("\n".join(f"{number}" + "稳。" * 99 for number in range(3_000)), "稳。" * 99),
    ],
)
def test_hostile_texts_are_compared_in_time(old: str, new: str) -> None:
    started = time.process_time()
    compare(old, new)
    assert time.process_time() - started < 5
