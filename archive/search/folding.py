"""Folded text: the form in which posts and queries are compared; never displayed.

In folded text every character counts, but

- traditional characters equal simplified ones (``銀行`` is ``银行``), character by character as
  OpenCC converts them;
- a full-width form, or another compatibility form of one character, equals the plain one
  (``ＡＩ`` is ``AI``, ``，`` is ``,``), and capitals equal small letters;
- a letter and its accent equal the one character that Unicode has for both (NFC);
- curly double quotes equal straight ones;
- white space of any kind and length, control characters included, is one space;
- characters that show nothing (zero-width spaces, direction marks, variation selectors: Unicode's
  Cf and default ignorables) are left out.
"""

import re
import unicodedata
from functools import cache
from itertools import pairwise

from opencc import OpenCC

SPACE = "\u3000"

_QUOTES = "“”„‟"
_SPACES = re.compile(f"{SPACE}{SPACE}+")

# Default ignorable characters of Unicode that are not in category Cf. Their beginnings and ends.
_IGNORABLE = (
    *((0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x3164, 0x3164)),
    *((0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF)),
)

# ASCII is replaced by full-width forms, because FTS5's tokenizers and query language use ASCII
# separators. The tokenizer ``ascii`` has no other separators
# (https://www.sqlite.org/fts5.html, sections 3.1 and 4.3.2).
_WIDE = {code: code + ord("！") - ord("!") for code in range(ord("!"), ord("~") + 1)}
_NARROW = {wide: code for code, wide in _WIDE.items()} | {ord(SPACE): " "}

# Characters that one character of folded text is composed of at most.
_COMPOSED = 3


class _Folding(dict[int, str]):
    """A table for `str.translate`, which adds each character when it is first used."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold_character(chr(code))
        return folded


def _fold_character(character: str) -> str:
    """Return the folded form of a character: one character, or none."""
    category = unicodedata.category(character)
    if character.isspace() or category == "Cc":
        return SPACE
    if category in ("Cf", "Cs") or any(
        first <= ord(character) <= last for first, last in _IGNORABLE
    ):
        return ""
    if character in _QUOTES:
        character = '"'
    character = _if_one(unicodedata.normalize("NFKC", character), character)
    character = _if_one(character.casefold(), character)
    return _if_one(_simplifying().convert(character), character)


def _if_one(form: str, character: str) -> str:
    return form if len(form) == 1 else character


@cache
def _simplifying() -> OpenCC:
    return OpenCC("t2s")


_FOLDING = _Folding()


def fold(text: str) -> str:
    """Return the folded text, in which spaces are U+3000 and ASCII is full-width."""
    folded = _SPACES.sub(SPACE, text.translate(_FOLDING))
    return unicodedata.normalize("NFC", folded).translate(_WIDE)


def simplified(text: str) -> str:
    """Return a text in simplified characters and plain forms, its case unchanged."""
    plain: str = _simplifying().convert(unicodedata.normalize("NFKC", text))
    return plain


def narrow(folded: str) -> str:
    """Return folded text with plain ASCII and plain spaces, as it is reported to people."""
    return folded.translate(_NARROW)


def fold_with_places(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Return the folded text, and for each of its characters start and end of its place in `text`.

    A character and the accents after it have one place.
    """
    same_places = text.translate(_FOLDING)
    if (
        len(same_places) == len(text)
        and SPACE * 2 not in same_places
        and unicodedata.is_normalized("NFC", same_places)
    ):
        return same_places.translate(_WIDE), list(pairwise(range(len(text) + 1)))
    folded: list[str] = []
    places: list[tuple[int, int]] = []
    for place, character in enumerate(text):
        form = _FOLDING[ord(character)]
        if form and not (form == SPACE and folded and folded[-1] == SPACE):
            folded.append(form)
            places.append((place, place + 1))
    if not unicodedata.is_normalized("NFC", "".join(folded)):
        folded, places = _composed(folded, places)
    return "".join(folded).translate(_WIDE), places


def _composed(
    characters: list[str], places: list[tuple[int, int]]
) -> tuple[list[str], list[tuple[int, int]]]:
    """Compose characters as NFC does; those of one composition have one place."""
    groups: list[list[str]] = []
    spans: list[tuple[int, int]] = []
    for character, (start, end) in zip(characters, places, strict=True):
        if groups and _continues(groups[-1], character):
            groups[-1].append(character)
            spans[-1] = (spans[-1][0], end)
        else:
            groups.append([character])
            spans.append((start, end))
    forms = [unicodedata.normalize("NFC", "".join(group)) for group in groups]
    return list("".join(forms)), [
        span for form, span in zip(forms, spans, strict=True) for _ in form
    ]


def _continues(group: list[str], character: str) -> bool:
    """Return whether a character may change or move when it is composed with those before it."""
    if unicodedata.combining(unicodedata.normalize("NFD", character)[0]):
        return True
    before = "".join(group)
    return len(group) <= _COMPOSED and unicodedata.normalize(
        "NFC", before + character
    ) != unicodedata.normalize("NFC", before) + unicodedata.normalize("NFC", character)
