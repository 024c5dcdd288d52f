"""Fold the ways in which a character is written: full-width digits, quotation marks, dashes.

A folded text has as many characters as the text, so that a place in one is a place in the other.
"""

import re

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_COMMA = ord("，")  # 12，345 are two numbers; in 12,345 the comma separates thousands
_SAME = {
    '"': "“”„‟「」『』﹁﹂〝〞",
    "'": "‘’‛`´",
    "-": "–—―‐‑‒−─－",
    "~": "～〜∼",
    "·": "•・‧∙⋅",
    " ": "\u00a0\u2002\u2003\u2009\u202f\u3000\t",
    "¥": "￥",
    "%": "﹪",
    "|": "丨│",
    "[": "【〔",
    "]": "】〕",
    **dict(zip("亿万个点两吨", "億萬個點兩噸", strict=True)),  # of figures
}
_FOLDED = {
    **{code: char for code, char in _FULL_WIDTH.items() if code != _COMMA},
    **{ord(char): ord(folded) for folded, chars in _SAME.items() for char in chars},
}
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff\ufe0f]")
_SPACE = re.compile(r"\s+")
_BETWEEN_WORDS = re.compile(r"(?<![A-Za-z0-9Ａ-Ｚａ-ｚ０-９]) | (?![A-Za-z0-9Ａ-Ｚａ-ｚ０-９])")


def tidy(text: str) -> str:
    """Return a line without invisible characters, with white space between Latin words alone."""
    line = _SPACE.sub(" ", INVISIBLE.sub("", text)).strip()
    return _BETWEEN_WORDS.sub("", line)


def fold(text: str) -> str:
    """Return a text with one spelling for each character."""
    return text.translate(_FOLDED)
