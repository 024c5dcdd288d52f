"""Split a text into sentences, and a sentence into words; a figure is one word."""

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from archive.edits.figures import Figure, figures_in
from archive.edits.folding import fold

_SENTENCE = re.compile(r"[^。!?;]*[。!?;]+[\"')】\]]*|[^。!?;]+")
_WORD = re.compile(r"[A-Za-z]+|\d+(?:\.\d+)*|…+|\.{2,}|-+|\S")
_NO_WORDS = re.compile(r"[\s\"'☀-➿\U0001f300-\U0001faff]+")
_DASHES, _DOTS = re.compile(r"-{2,}"), re.compile(r"\.{3,}")
_RANGE = re.compile(r"[-~至到]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or a line without a full stop.

    :param key: the same for sentences that differ in the form of characters alone.
    """

    text: str
    key: str


@dataclass(frozen=True, slots=True)
class Word:
    """A Chinese character, a Latin word, a punctuation mark, or a figure.

    :param key: equal for words with the same meaning.
    :param shape: the same for words that can stand for each other: figures of one unit, too.
    """

    key: Hashable
    start: int
    end: int
    shape: Hashable
    figure: Figure | None = None


def sentences_in(line: str) -> Iterator[Sentence]:
    """Yield the sentences of a line."""
    folded = fold(line)
    for match in _SENTENCE.finditer(folded):
        key = key_of(match[0])
        if key:
            yield Sentence(line[match.start() : match.end()], key)


def key_of(text: str) -> str:
    """Return a folded text in one form of punctuation, without white space, quotes and emoji."""
    key = _NO_WORDS.sub("", text).replace("，", ",").replace("…", "...")
    return _DASHES.sub("-", _DOTS.sub("...", key))


def words_in(text: str, year: int) -> list[Word]:
    """Return the words of a sentence.

    :param year: that of dates without a year.
    """
    folded = fold(text)
    figures = figures_in(folded, year)
    words: list[Word] = []
    end = 0
    for number, figure in enumerate(figures):
        joins = bool(number) and _RANGE.fullmatch(folded, end, figure.start) is not None
        if joins:
            words.append(Word("~", end, figure.start, "~"))
        else:
            words += _plain_words(folded, end, figure.start)
        shape = ("figure", figure.unit)
        words.append(Word(figure.meaning, figure.start, figure.end, shape, figure))
        end = figure.end
    return words + list(_plain_words(folded, end, len(folded)))


def _plain_words(text: str, start: int, end: int) -> Iterator[Word]:
    for match in _WORD.finditer(text, start, end):
        if key := key_of(match[0]):
            yield Word(key, match.start(), match.end(), key)
