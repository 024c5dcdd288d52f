"""Explain why a query finds nothing, and offer queries that find something."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archive.search.folding import narrow
from archive.search.language import Node, Text, parse, parts_of, written
from archive.search.query import Query, count, named_then
from archive.search.securities import QueriedSecurity, securities_within

# Offers at most, and characters of a part of a term that is offered at least.
_MOST_OFFERS = 4
_SHORTEST = 2


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
        if offer.q or offer.parameters:
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
    for term in _terms(missing):
        shorter = _longest_part(connection, narrow(term.term), anywhere)
        if shorter:
            replaced = Text(shorter, term.in_title, quoted=True)
            yield query.changed(q=_joined(replaced if part is term else part for part in parts))
            yield query.changed(q=written(replaced))


def _terms(parts: Sequence[Node]) -> list[Text]:
    return [part for part in parts if isinstance(part, Text)]


def _joined(parts: Iterator[Node]) -> str:
    return " ".join(map(written, parts))


def _longest_part(connection: sqlite3.Connection, term: str, anywhere: Query) -> str:
    """Return the longest beginning or end of a term that posts have; empty without one."""
    beginning = _longest(connection, [term[:length] for length in range(len(term))], anywhere)
    end = _longest(connection, [term[-length:] for length in range(1, len(term))], anywhere)
    return max(beginning, end, key=len)


def _longest(connection: sqlite3.Connection, parts: Sequence[str], anywhere: Query) -> str:
    """Return the last of some parts of a term that posts have, each contained in the next one."""
    low, high = 0, len(parts)
    while low < high:
        middle = (low + high) // 2
        part = parts[middle].strip()
        if part and not count(connection, anywhere.changed(q=f'"{part}"')):
            high = middle
        else:
            low = middle + 1
    found = parts[low - 1].strip() if low else ""
    return found if len(found) >= _SHORTEST else ""
