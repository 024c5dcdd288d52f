"""Sort the posts of a query by relevance.

Posts with every term in the title come first, then those with every term in title or digest, with
a term in the title, with the terms close to each other in the text, and the others. Among these,
the terms' number and place decide, then the publication time, the newest first.
"""

import json
import math
import sqlite3
from collections.abc import Sequence
from itertools import chain

from archive.search.conditions import focuses
from archive.search.folding import fold, narrow
from archive.search.language import parse, texts_of
from archive.search.query import Hit, Query, find, names_meant, rows

# Posts that are compared with each other; of a longer list, the rest is by time.
MOST_RANKED = 50

# Characters of a text that count for its rank.
_COUNTED = 1_000


def find_relevant(connection: sqlite3.Connection, query: Query, *, limit: int = 20) -> list[Hit]:
    """Return the posts that a query finds, the most relevant first.

    :param limit: most hits to return.
    :raises InvalidQuery: see `archive.search.language.parse`.
    """
    names = names_meant(connection, query.q)
    wanted = max(limit, MOST_RANKED)
    groups: dict[Hit, int] = {}
    for group, focus in enumerate([*focuses(query.q, names), ""]):
        for hit in find(connection, query, limit=wanted, focus=focus):
            groups.setdefault(hit, group)
        if len(groups) >= wanted:
            break
    best = list(groups)[:MOST_RANKED]
    scores = _scores(connection, query.tables.rows, best, _terms(query.q, names))
    ranked = sorted(
        sorted(best, reverse=True), key=lambda hit: (groups[hit], -scores.get(hit.id, 0))
    )
    return [*ranked, *list(groups)[MOST_RANKED:]][: max(0, limit)]


def _terms(q: str, names: dict[str, list[str]]) -> list[str]:
    terms = [text.term for text in texts_of(parse(q))]
    return list(dict.fromkeys(chain(terms, *(names.get(narrow(term), ()) for term in terms))))


def _scores(
    connection: sqlite3.Connection, table: str, hits: Sequence[Hit], terms: Sequence[str]
) -> dict[int, float]:
    posts = rows(
        connection,
        f"""
        SELECT id, title, coalesce(digest, ''), substr(text, 1, {_COUNTED})
        FROM {table} WHERE id IN (SELECT value FROM json_each(:ids))
        """,  # noqa: S608 (a number and our own table)
        {"ids": json.dumps([hit.id for hit in hits])},
    )
    return {number: _score(terms, *map(fold, texts)) for number, *texts in posts}


def _score(terms: Sequence[str], title: str, digest: str, text: str) -> float:
    """Return a number that is higher for more terms, earlier in the title, in a shorter title."""
    score = 0.0
    for term in terms:
        place = title.find(term)
        if place >= 0:
            score += 1 + len(term) / len(title) + 1 / (2 + place)
        score += math.log1p(digest.count(term)) + math.log1p(text.count(term)) / 2
    return score
