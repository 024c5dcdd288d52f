"""The values of numerals."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.edits.numerals import value_of

_DIGITS = "零一二三四五六七八九"


def in_chinese(number: int) -> str:
    """Write a number as Chinese does: 10,203 is 一万零二百零三."""
    for scale, name in ((10**8, "亿"), (10**4, "万"), (1_000, "千"), (100, "百"), (10, "十")):
        if number >= scale:
            count, rest = divmod(number, scale)
            gap = "零" if rest and rest < scale // 10 else ""
            return in_chinese(count) + name + (gap + in_chinese(rest) if rest else "")
    return _DIGITS[number]


@given(st.integers(0, 10**12 - 1))
def test_chinese_numerals(number: int) -> None:
    assert value_of(in_chinese(number)) == number


@given(st.integers(0, 10**12 - 1))
def test_thousands_are_separated_or_not(number: int) -> None:
    assert value_of(f"{number:,}") == value_of(str(number)) == number


@given(st.decimals(0, 10**6, places=2), st.sampled_from([("万", 4), ("亿", 8), ("万亿", 12)]))
def test_scales(number: Decimal, scale: tuple[str, int]) -> None:
    name, zeros = scale
    assert value_of(f"{number:f}{name}") == number * 10**zeros


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("3亿2000万", "320000000"),
        ("十二点五", "12.5"),
        ("三百八十点九九", "380.99"),
        ("一点二亿", "120000000"),
        ("两万三", "23000"),
        ("一百五", "150"),
        ("二〇二六", "2026"),
        ("3千万", "30000000"),
    ],
)
def test_examples(numeral: str, value: str) -> None:
    assert value_of(numeral) == Decimal(value)


@pytest.mark.parametrize("text", ["", "十五五", "甲", "1,2", "三x", "9" * 41])
def test_no_numerals(text: str) -> None:
    assert value_of(text) is None


@given(st.text(alphabet="零一二两十百千万亿点0123456789,."))
def test_every_text_is_read(text: str) -> None:
    value = value_of(text)
    assert value is None or value >= 0
