"""Snippets: the part of a found text with the most matches, which are marked."""

import html
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter

from archive.search.folding import fold_with_places
from archive.search.language import parse, texts_of

# Characters of a snippet.
SNIPPET_WIDTH = 120

_CLAUSE_ENDS = re.compile(r"[，。；：！？、\s]+|[,;:!?.]\s+")

# A part of a snippet, and whether it is a match.
Piece = tuple[str, bool]


@dataclass(frozen=True, slots=True, order=True)
class _Match:
    start: int
    end: int
    term: str


def snippet(
    text: str, query: str, width: int | None = SNIPPET_WIDTH, names: Iterable[str] = ()
) -> list[Piece]:
    """Return the part of a text with the most terms of a query; of several, the most matches.

    :param width: of the part in characters; None for the whole text.
    :param names: folded names that count as terms; see `archive.search.query.names_meant`.
    :returns: the pieces of that part, with ``…`` where text was left out. Without a match, the part
        is the beginning of the text.
    """
    terms = dict.fromkeys([*(each.term for each in texts_of(parse(query))), *names])
    matches = sorted(_matches(text, terms))
    start, end = (0, len(text)) if width is None else _window(text, matches, width)
    pieces: list[Piece] = [("…", False)] if start > 0 else []
    done = start
    for match_start, match_end in _merged(matches):
        match_start, match_end = max(match_start, start), min(match_end, end)
        if match_start < match_end:
            pieces += [(text[done:match_start], False), (text[match_start:match_end], True)]
            done = match_end
    pieces.append((text[done:end] + ("…" if end < len(text) else ""), False))
    return [piece for piece in pieces if piece[0]]


def marked_snippet(text: str, query: str, width: int | None = SNIPPET_WIDTH) -> str:
    """Return a snippet as escaped HTML, with the matches in ``<mark>``."""
    return "".join(
        f"<mark>{html.escape(piece)}</mark>" if is_match else html.escape(piece)
        for piece, is_match in snippet(text, query, width)
    )


def _matches(text: str, terms: Iterable[str]) -> Iterator[_Match]:
    """Yield every match of every term, overlapping matches too, by positions in the text."""
    folded, places = fold_with_places(text)
    for term in terms:
        at = folded.find(term)
        while at >= 0:
            yield _Match(places[at][0], places[at + len(term) - 1][1], term)
            at = folded.find(term, at + 1)


def _window(text: str, matches: list[_Match], width: int) -> tuple[int, int]:
    """Return start and end of the best part.

    Its matches are in the middle, or nearer to the start where the part can begin with a clause.
    """
    best, first, last = (0, 0), 0, 0
    for number, match in enumerate(matches):
        end = match.start + width
        beyond = bisect_left(matches, end, lo=number, key=attrgetter("start"))
        inside = [other for other in matches[number:beyond] if other.end <= end]
        score = len({other.term for other in inside}), len(inside)
        if score > best or number == 0:
            best, first = score, match.start
            last = max((other.end for other in inside), default=match.end)
    spare = max(0, width - (last - first))
    start = max(0, min(first - spare // 2, len(text) - width))
    if start and (before := _CLAUSE_ENDS.search(text, start - 1, first)):
        start = before.end()
    return start, min(len(text), start + width)


def _merged(matches: Iterable[_Match]) -> Iterator[tuple[int, int]]:
    """Yield start and end of the stretches of text that sorted matches cover."""
    start, end = 0, 0
    for match in matches:
        if match.start > end:
            if end > start:
                yield start, end
            start = match.start
        end = max(end, match.end)
    if end > start:
        yield start, end
