"""Whether two titles can be of the same article."""

import re

_NO_WORD = re.compile(r"[\W_]+")


def have_something_in_common(title: str, other: str) -> bool:
    """Whether two titles share two characters in a row; those of one character are compared whole.

    Punctuation, white space and capitals say nothing.
    """
    one, another = _pairs(title), _pairs(other)
    return not one or not another or not one.isdisjoint(another)


def _pairs(title: str) -> set[str]:
    text = _NO_WORD.sub("", title).lower()
    return {text[at : at + 2] for at in range(max(len(text) - 1, min(len(text), 1)))}
