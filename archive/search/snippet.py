"""The part of a text that shows why it was found, with the hits marked."""

import html
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter

from archive.search.tokenizer import fold_with_places, parse_query

SNIPPET_WIDTH = 120

_CLAUSE_ENDS = re.compile(r"[，。；：！？、\s]+|[,;:!?.]\s+")

# A part of a snippet, and whether it is a hit.
Piece = tuple[str, bool]


@dataclass(frozen=True, slots=True, order=True)
class _Hit:
    start: int
    end: int
    term: str


def snippet(text: str, query: str, width: int | None = SNIPPET_WIDTH) -> list[Piece]:
    """The part of a text with the most of a query's terms, then the most hits, then the first.

    :param width: in characters; None for the whole text.
    :returns: pieces that together are that part, with ``…`` where text was left out. Without a
        hit it is the beginning of the text.
    """
    hits = sorted(_hits(text, parse_query(query).terms))
    start, end = (0, len(text)) if width is None else _window(text, hits, width)
    pieces: list[Piece] = [("…", False)] if start > 0 else []
    done = start
    for hit_start, hit_end in _merged(hits):
        hit_start, hit_end = max(hit_start, start), min(hit_end, end)
        if hit_start < hit_end:
            pieces += [(text[done:hit_start], False), (text[hit_start:hit_end], True)]
            done = hit_end
    pieces.append((text[done:end] + ("…" if end < len(text) else ""), False))
    return [piece for piece in pieces if piece[0]]


def marked_snippet(text: str, query: str, width: int | None = SNIPPET_WIDTH) -> str:
    """A snippet as HTML, escaped, with the hits in ``<mark>``."""
    return "".join(
        f"<mark>{html.escape(piece)}</mark>" if is_hit else html.escape(piece)
        for piece, is_hit in snippet(text, query, width)
    )


def _hits(text: str, terms: Iterable[str]) -> Iterator[_Hit]:
    """Every occurrence of every term, overlapping ones too, in places of the text as written."""
    folded, places = fold_with_places(text)
    for term in terms:
        at = folded.find(term)
        while at >= 0:
            yield _Hit(places[at], places[at + len(term) - 1] + 1, term)
            at = folded.find(term, at + 1)


def _window(text: str, hits: list[_Hit], width: int) -> tuple[int, int]:
    """Start and end of the best part; what it has of hits is in its middle, or ends it where that
    lets it begin with a clause."""
    best, first, last = (0, 0), 0, 0
    for number, hit in enumerate(hits):
        end = hit.start + width
        beyond = bisect_left(hits, end, lo=number, key=attrgetter("start"))
        inside = [other for other in hits[number:beyond] if other.end <= end]
        score = len({other.term for other in inside}), len(inside)
        if score > best or number == 0:
            best, first = score, hit.start
            last = max((other.end for other in inside), default=hit.end)
    spare = max(0, width - (last - first))
    start = max(0, min(first - spare // 2, len(text) - width))
    if start and (before := _CLAUSE_ENDS.search(text, start - 1, first)):
        start = before.end()
    return start, min(len(text), start + width)


def _merged(hits: Iterable[_Hit]) -> Iterator[tuple[int, int]]:
    """Stretches of text that hits cover, from sorted hits."""
    start, end = 0, 0
    for hit in hits:
        if hit.start > end:
            if end > start:
                yield start, end
            start = hit.start
        end = max(end, hit.end)
    if end > start:
        yield start, end
