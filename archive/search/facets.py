"""Facets: the number of a query's posts by month, media, security and source.

Facets count `SAMPLE` posts of a query at most: the newest, or of a search the last to arrive.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from archive.search.conditions import PRESENT
from archive.search.query import Query, QueryPlan, plan, plan_of_last, rows
from archive.search.securities import NAME_THEN

# Posts of a query that are counted at most.
SAMPLE = 2_000

# Values of a facet.
_FACET_VALUES = 12

# Months that are counted one by one at most.
_MOST_MONTHS = 1_200


_MENTIONS = """
    SELECT security FROM mentions WHERE info_code IN (SELECT value FROM json_each(:posts))
"""
_PAST_MENTIONS = """
    SELECT security FROM mention_history WHERE state IN (SELECT value FROM json_each(:posts))
    UNION ALL SELECT security FROM mentions WHERE info_code IN (
        SELECT info_code FROM post_history
        WHERE known_until IS NULL AND id IN (SELECT value FROM json_each(:posts))
    )
"""


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet, and the number of posts that have it."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Facet:
    """A field of a query with its values, the choices that narrow the query.

    :param name: of the field.
    :param sampled: number of posts that are counted; 0 when all are.
    """

    name: str
    values: Sequence[FacetValue]
    sampled: int = 0


def read_facets(connection: sqlite3.Connection, query: Query) -> list[Facet]:
    """Return the facets of a query that have more than one value or are chosen already."""
    is_present = query.tables is PRESENT
    query_plan, is_cut = plan_of_last(connection, query, SAMPLE)
    table = "posts INDEXED BY posts_facts" if is_present else "post_history"
    newest = f"""
        {query_plan.select("posts.id")}
        ORDER BY {query_plan.published} DESC, posts.id DESC LIMIT {SAMPLE}
    """
    posts = rows(
        connection,
        f"""
        SELECT substr(published, 1, 7), media, body_source, info_code, id
        FROM {table} WHERE id IN ({newest})
        """,  # noqa: S608 (our own words; those of visitors are in the values)
        query_plan.values,
    )
    sampled = len(posts) if is_cut or len(posts) == SAMPLE else 0
    months, media, sources = (Counter(post[column] for post in posts) for column in range(3))
    securities = _most_named(connection, query, [post[3 if is_present else 4] for post in posts])
    counted = _months(connection, query_plan) if sampled and not query.q else None
    facets = (
        Facet("month", _newest_first(counted or months), sampled if counted is None else 0),
        Facet("media", _most_common(media), sampled),
        Facet("security", securities, sampled),
        Facet("source", _most_common(sources), sampled),
    )
    chosen = query.parameters
    return [facet for facet in facets if len(facet.values) > 1 or facet.name in chosen]


def most_named(connection: sqlite3.Connection, query: Query, limit: int) -> list[FacetValue]:
    """Return the securities that most posts of a query name, most posts first.

    :param limit: most securities to return.
    """
    column = "posts.info_code" if query.tables is PRESENT else "posts.id"
    query_plan = plan(connection, query)
    posts = [post for (post,) in rows(connection, query_plan.select(column), query_plan.values)]
    return _most_named(connection, query, posts, limit)


def _most_named(
    connection: sqlite3.Connection,
    query: Query,
    posts: Sequence[object],
    limit: int = _FACET_VALUES,
) -> list[FacetValue]:
    """Return the securities that most posts name.

    :param posts: codes of posts, or numbers of states, as the tables of the query have them.
    """
    mentions, name = _MENTIONS, "coalesce(name, symbol)"
    if query.tables is not PRESENT:
        mentions, name = _PAST_MENTIONS, NAME_THEN
    named = rows(
        connection,
        f"""
        SELECT code, {name}, mentioned FROM (
            SELECT security, count(*) AS mentioned FROM ({mentions})
            GROUP BY security ORDER BY mentioned DESC, security LIMIT {limit}
        ) JOIN securities ON code = security ORDER BY mentioned DESC, code
        """,  # noqa: S608 (our own words)
        {"posts": json.dumps(posts), "as_of": query.values.get("as_of", "")},
    )
    return [FacetValue(*row) for row in named]


def count_by_month(connection: sqlite3.Connection, query: Query) -> list[tuple[str, int]]:
    """Return the months of a query's posts, and the number of posts of each month."""
    query_plan = plan(connection, query)
    sql = query_plan.select(f"substr({query_plan.published}, 1, 7) AS month, count(*)")
    found = rows(connection, f"{sql} GROUP BY month ORDER BY month", query_plan.values)
    return [(month, posts) for month, posts in found]


def _months_between(first: str, last: str) -> list[str]:
    """Return the months from `first` to `last`, both included, such as ``2021-12``."""
    start, end = (int(month[:4]) * 12 + int(month[5:7]) - 1 for month in (first, last))
    return [f"{month // 12:04d}-{month % 12 + 1:02d}" for month in range(start, end + 1)]


def _months(connection: sqlite3.Connection, query_plan: QueryPlan) -> Counter[str] | None:
    """Return the number of posts of each month; None where wrong dates give too many months.

    SQLite counts a range of an index far faster than it groups the rows.
    """
    published = query_plan.published
    least, most = (query_plan.select(f"{each}({published})") for each in ("min", "max"))
    ((first, last),) = rows(connection, f"SELECT ({least}), ({most})", query_plan.values)
    labels = _months_between(first, last)
    if len(labels) > _MOST_MONTHS:
        return None
    of_month = query_plan.select(
        "count(*)", f"{published} BETWEEN label.value AND label.value || '~'"
    )
    posts = rows(
        connection,
        f"SELECT value, ({of_month}) FROM json_each(:months) label",  # noqa: S608
        {**query_plan.values, "months": json.dumps(labels)},
    )
    return Counter({month: number for month, number in posts if number})


def _newest_first(months: Counter[str]) -> list[FacetValue]:
    return [FacetValue(month, month, posts) for month, posts in sorted(months.items())[::-1]]


def _most_common(values: Counter[str | None]) -> list[FacetValue]:
    return [
        FacetValue(value, value, posts)
        for value, posts in values.most_common(_FACET_VALUES + 1)
        if value is not None
    ][:_FACET_VALUES]
