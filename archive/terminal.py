"""Measure, cut and align text by the columns that it takes on a terminal."""

import unicodedata
from collections.abc import Iterator, Sequence


def columns_of(text: str) -> int:
    """Return the columns that a text takes on a terminal: two for a Chinese character."""
    return sum(map(_columns_of_character, text))


def cut(text: str, columns: int) -> str:
    """Return a text that takes no more columns than these; what is cut ends with ``…``."""
    if columns_of(text) <= columns:
        return text
    taken = 0
    for number, character in enumerate(text):
        taken += _columns_of_character(character)
        if taken > columns - 1:
            return text[:number] + "…"
    return text


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[list[str]]:
    """Yield rows whose cells are as wide as their columns, but for the last cell of each."""
    widths = [max(map(columns_of, column)) for column in zip(*rows, strict=True)]
    for *cells, last in rows:
        rooms = zip(cells, widths, strict=False)
        yield [*(cell + " " * (width - columns_of(cell)) for cell, width in rooms), last]


def _columns_of_character(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Cf", "Mn"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
