"""Sort the posts of a query by relevance.

Posts with every term in the title come first, then those with every term in title or lead, with a
term in the title, with the terms close to each other in the text, and the others. The lead is the
digest, or else the first paragraph. Among these, the terms' number and place decide, then the
publication time, the newest first.
"""

import json
import math
import sqlite3
from collections.abc import Mapping, Sequence
from itertools import chain

from archive.search.conditions import focuses, wanted_parts
from archive.search.folding import fold, narrow
from archive.search.language import And, Field, Node, Not, Or, Text, texts_of
from archive.search.query import Hit, Query, find, names_meant, rows

# Posts that are compared with each other; of a longer list, the rest is by time.
MOST_RANKED = 50

# Characters of a text that count for its rank, and of a first paragraph that are a lead.
_COUNTED, _LEAD = 1_000, 200

# The first groups of posts: every term is in the title, or in title and lead.
_IN_TITLE, _IN_LEAD = range(2)

#: Folded names of the securities whose codes or initials are terms of a query, by term.
Names = Mapping[str, Sequence[str]]


def find_relevant(
    connection: sqlite3.Connection, query: Query, *, limit: int = 20, newest_first: bool = False
) -> list[Hit]:
    """Return the posts that a query finds, the most relevant first.

    :param limit: most hits to return.
    :param newest_first: among posts that have the terms in the same places, the newest first.
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
    scores = _scores(connection, query, {hit.id: groups[hit] for hit in best}, names)
    ranked = sorted(
        sorted(best, reverse=True), key=lambda hit: scores[hit.id][: 1 if newest_first else 2]
    )
    return [*ranked, *list(groups)[MOST_RANKED:]][: max(0, limit)]


def _scores(
    connection: sqlite3.Connection, query: Query, groups: Mapping[int, int], names: Names
) -> dict[int, tuple[int, float]]:
    """Return what posts are sorted by: their group, and less for a better place of the terms.

    :param groups: in which the index found the posts; it does not know where a lead ends.
    """
    parts = wanted_parts(query.q)
    terms = list(
        dict.fromkeys(
            form
            for text in chain.from_iterable(map(texts_of, parts))
            for form in _forms(text, names)
        )
    )
    posts = rows(
        connection,
        f"""
        SELECT id, title, coalesce(digest, ''), substr(text, 1, {_COUNTED})
        FROM {query.tables.rows} WHERE id IN (SELECT value FROM json_each(:ids))
        """,  # noqa: S608 (a number and our own table)
        {"ids": json.dumps(list(groups))},
    )
    scores = {}
    for number, title, digest, text in posts:
        lead = digest or text.partition("\n")[0][:_LEAD]
        group = max(groups[number], _IN_LEAD + 1) if parts else 0
        for better, place in ((_IN_LEAD, fold(f"{title}\n{lead}")), (_IN_TITLE, fold(title))):
            if parts and all(_has(place, part, names) for part in parts):
                group = better
        scores[number] = group, -_score(terms, *map(fold, (title, digest, text)))
    return scores


def _forms(text: Text, names: Names) -> list[str]:
    return [text.term, *names.get(narrow(text.term), ())]


def _has(place: str, node: Node, names: Names) -> bool:
    """Return whether a folded text has the terms of a node, exclusions and fields aside."""
    match node:
        case Text():
            return any(form in place for form in _forms(node, names))
        case And(nodes):
            return all(_has(place, each, names) for each in nodes)
        case Or(nodes):
            return any(
                _has(place, each, names) for each in nodes if not isinstance(each, (Not, Field))
            )
    return True


def _score(terms: Sequence[str], title: str, digest: str, text: str) -> float:
    """Return a number that is higher for more terms, earlier in the title, in a shorter title."""
    score = 0.0
    for term in terms:
        place = title.find(term)
        if place >= 0:
            score += 1 + len(term) / len(title) + 1 / (2 + place)
        score += math.log1p(digest.count(term)) + math.log1p(text.count(term)) / 2
    return score
