"""Compares titles, to find out whether they can be of the same article."""

import re

_NO_WORD = re.compile(r"[\W_]+")


def have_something_in_common(title: str, other: str) -> bool:
    """Return whether two titles share two characters in a row; a single character counts, too.

    Punctuation, white space and case are ignored.
    """
    one, another = _pairs(title), _pairs(other)
    return not one or not another or not one.isdisjoint(another)


def _pairs(title: str) -> set[str]:
    text = _NO_WORD.sub("", title).lower()
    return {text[at : at + 2] for at in range(max(len(text) - 1, min(len(text), 1)))}
