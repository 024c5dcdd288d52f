"""Explain why a query finds nothing, and offer queries that find something."""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from archive.search.folding import fold, narrow
from archive.search.language import And, Field, Node, Text, parse, parts_of, written
from archive.search.query import Query, count, find, named_then, rows
from archive.search.securities import QueriedSecurity, Rank, securities_within

# Offers at most; characters of a part of a term that is offered at least; such parts at most.
_MOST_OFFERS = 4
_SHORTEST = 2
_MOST_PIECES = 4

# What is no word at the beginning and the end of a part.
_EDGES = re.compile(r"^\W+|\W+$")

# SQL for the values that a field of a query can have.
_NAMES = {
    "media": "SELECT DISTINCT media FROM posts WHERE media IS NOT NULL",
    "source": "SELECT DISTINCT source FROM posts WHERE source IS NOT NULL",
    "security": f"SELECT key FROM security_keys WHERE rank = {Rank.NAME}",  # noqa: S608
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A query that finds posts.

    :param posts: number of posts that it finds.
    """

    query: Query
    posts: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a query finds nothing.

    :param missing: parts of the query that no post has, as a query has them.
    :param offers: similar queries that find something.
    :param securities: whose names are in the query.
    """

    missing: Sequence[str]
    offers: Sequence[Offer]
    securities: Sequence[QueriedSecurity]


def explain(connection: sqlite3.Connection, query: Query) -> Explanation:
    """Explain a query that finds nothing."""
    parts = parts_of(parse(query.q)) if query.q else ()
    anywhere = Query(as_of=query.as_of)
    missing = [part for part in parts if not count(connection, anywhere.changed(q=written(part)))]
    offers: dict[Query, int] = {}
    for offer in _offers(connection, query, parts, missing):
        if offer != anywhere:
            offers.setdefault(offer, count(connection, offer))
        if sum(map(bool, offers.values())) == _MOST_OFFERS:
            break
    return Explanation(
        [written(part) for part in missing],
        [Offer(offer, posts) for offer, posts in offers.items() if posts],
        named_then(
            connection,
            securities_within(connection, [narrow(part.term) for part in _terms(parts)]),
            query.as_of,
        ),
    )


def _offers(
    connection: sqlite3.Connection, query: Query, parts: Sequence[Node], missing: Sequence[Node]
) -> Iterator[Query]:
    anywhere = Query(as_of=query.as_of)
    if query.q and query != anywhere.changed(q=query.q):
        yield anywhere.changed(q=query.q)
    if missing:
        yield query.changed(q=_joined(part for part in parts if part not in missing))
    elif len(parts) > 1:
        for left_out in reversed(parts):
            yield query.changed(q=_joined(part for part in parts if part is not left_out))
    for part in missing:
        for other in _replacements(connection, part, anywhere):
            yield query.changed(q=_joined(other if each is part else each for each in parts))
            yield query.changed(q=_joined([other]))


def _replacements(connection: sqlite3.Connection, part: Node, anywhere: Query) -> Iterator[Node]:
    """Yield what may have been meant by a part of a query that no post has."""
    match part:
        case Text(term, in_title) if not (text := narrow(term)).isascii():
            searched = _Searched(connection, anywhere, "title:" if in_title else "")
            pieces = searched.pieces(text)
            if pieces:
                texts = tuple(Text(fold(piece), in_title) for piece in pieces)
                yield And(texts) if len(texts) > 1 else texts[0]
            if len(pieces) != 1 and (shorter := searched.longest_part(text)):
                yield Text(fold(shorter), in_title, quoted=True)
        case Field("date"):
            newest = find(connection, anywhere, limit=1)
            yield from (Field("date", hit.published[:7]) for hit in newest)
        case Field(name, value) if name in _NAMES:
            known = [known for (known,) in rows(connection, _NAMES[name])]
            folded = {narrow(fold(each)): each for each in known}
            wanted = narrow(fold(value))
            having = [each for each in folded if wanted in each]
            close = get_close_matches(wanted, folded, _MOST_OFFERS)
            yield from (Field(name, folded[each]) for each in dict.fromkeys([*having, *close]))


def _terms(parts: Sequence[Node]) -> list[Text]:
    return [part for part in parts if isinstance(part, Text)]


def _joined(parts: Iterable[Node]) -> str:
    """Write parts as a query; those of a conjunction stand without parentheses."""
    return " ".join(written(each) for part in parts for each in parts_of(part))


@dataclass(frozen=True, slots=True)
class _Searched:
    """Searches parts of a term.

    :param field: before the part, such as ``title:``.
    """

    connection: sqlite3.Connection
    anywhere: Query
    field: str

    def pieces(self, term: str) -> list[str]:
        """Split a term into pieces that posts have, each as long as can be; empty when it fails."""
        pieces: list[str] = []
        for word in re.findall(r"\w+", term):
            while word:
                piece = self._longest([word[: length + 1] for length in range(len(word))])
                if not piece or len(pieces) == _MOST_PIECES:
                    return []
                pieces.append(piece)
                word = word[len(piece) :]
        return pieces

    def longest_part(self, term: str) -> str:
        """Return the longest beginning or end of a term that posts have; empty without one."""
        beginning = self._longest([term[:length] for length in range(len(term))])
        end = self._longest([term[-length:] for length in range(1, len(term))])
        return max(beginning, end, key=len)

    def _longest(self, parts: Sequence[str]) -> str:
        """Return the last of some parts that posts have, each contained in the next one."""
        low, high = 0, len(parts)
        while low < high:
            middle = (low + high) // 2
            part = parts[middle].strip()
            query = self.anywhere.changed(q=f'{self.field}"{part}"')
            if len(part) >= _SHORTEST and not count(self.connection, query):
                high = middle
            else:
                low = middle + 1
        found = _EDGES.sub("", parts[low - 1]) if low else ""
        return found if len(found) >= _SHORTEST else ""
