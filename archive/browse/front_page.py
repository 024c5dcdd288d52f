"""Read what the front page shows: newest posts, totals, rankings of media and securities."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from archive.browse.chart import Chart, days_of_chart, days_until, draw
from archive.browse.post_list import Card, read_cards
from archive.search import Query, find, most_named

#: Number of posts in the list of the newest.
_NEWEST = 20

#: Days in the chart at most.
_MAX_DAYS = 90

#: Days that the rankings of the front page and of the page of all securities count.
_WEEK, _MONTH = 7, 30

#: Number of entries in the rankings of the front page and of the page of all securities.
_RANKED, _LONG_RANKING = 12, 200

_NAMED_BETWEEN = """
    SELECT code, coalesce(name, symbol), posts FROM (
        SELECT security, count(*) AS posts FROM mentions INDEXED BY mentions_by_time
        WHERE published BETWEEN ? AND ? GROUP BY security ORDER BY posts DESC, security LIMIT ?
    ) JOIN securities ON code = security ORDER BY posts DESC, code
"""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A media or a security, and its number of posts."""

    key: str
    label: str
    posts: int


@dataclass(frozen=True, slots=True)
class Front:
    """The contents of the front page.

    :param total: number of posts in the archive.
    :param first: publication date of the oldest post.
    :param newest: publication time of the newest post that is not dated in the future.
    :param future: number of posts dated in the future; see `archive.catalog.future_dates`.
    :param week: first and last day that the rankings count; the last is the newest post's.
    :param chart: chart of posts per day.
    """

    total: int
    first: str
    newest: str
    future: int
    cards: Sequence[Card]
    week: tuple[str, str]
    chart: Chart
    media: Sequence[Ranked]
    securities: Sequence[Ranked]


def read_front(connection: sqlite3.Connection, until: str) -> Front | None:
    """Return what the front page shows; None while the archive is empty.

    :param until: latest publication time of a post that is not dated in the future; see
        `archive.catalog.future_dates`.
    """
    total, first, newest, future = connection.execute(
        "SELECT (SELECT count(*) FROM posts), (SELECT min(published) FROM posts), "
        "(SELECT max(published) FROM posts WHERE published <= :until), "
        "(SELECT count(*) FROM posts WHERE published > :until)",
        {"until": until},
    ).fetchone()
    if not total:
        return None
    newest = newest or until
    first = min(first, newest)
    days = days_of_chart(first, newest, max_days=_MAX_DAYS)
    counts = dict(
        connection.execute(
            "SELECT substr(published, 1, 10) AS day, count(*) FROM posts "
            "WHERE published BETWEEN ? AND ? GROUP BY day",
            [days[0], until],
        ).fetchall()
    )
    week = days_until(newest[:10], _WEEK)
    ids = connection.execute(
        "SELECT id FROM posts WHERE published <= ? ORDER BY published DESC, id DESC LIMIT ?",
        [until, _NEWEST],
    )
    return Front(
        total=total,
        first=first[:10],
        newest=newest,
        future=future,
        cards=read_cards(connection, [row[0] for row in ids]),
        week=(week[0], week[-1]),
        chart=draw(counts, days, "day"),
        media=_ranked(
            connection,
            """
            SELECT media, media, count(*) AS posts FROM posts INDEXED BY posts_newest
            WHERE published BETWEEN ? AND ? AND media IS NOT NULL
            GROUP BY media ORDER BY posts DESC, media LIMIT ?
            """,
            week[0],
            until,
        ),
        securities=_ranked(
            connection,
            _NAMED_BETWEEN,
            week[0],
            until,
        ),
    )


def _ranked(
    connection: sqlite3.Connection, sql: str, since: str, until: str, limit: int = _RANKED
) -> list[Ranked]:
    return [Ranked(*row) for row in connection.execute(sql, [since, until, limit])]


def read_media(connection: sqlite3.Connection, as_of: str = "") -> list[Ranked]:
    """Return every media with its number of posts, most posts first.

    :param as_of: see `archive.search.Query`.
    """
    query = Query(as_of=as_of)
    sql = f"""
        SELECT media, media, count(*) AS number FROM {query.tables.posts}
        WHERE {query.condition} AND media IS NOT NULL
        GROUP BY media ORDER BY number DESC, media LIMIT 2000
    """  # noqa: S608 (our own words)
    return [Ranked(*row) for row in connection.execute(sql, query.values)]


def read_securities(connection: sqlite3.Connection, until: str, as_of: str = "") -> list[Ranked]:
    """Return the securities that most posts of the last 30 days name, most posts first.

    The last of these days is that of the newest post up to `until`.

    :param as_of: see `archive.search.Query`.
    """
    if as_of:
        query = Query(until=until, as_of=as_of)
        newest = next((hit.published for hit in find(connection, query, limit=1)), None)
    else:
        (newest,) = connection.execute(
            "SELECT max(published) FROM mentions WHERE published <= ?", [until]
        ).fetchone()
    if newest is None:
        return []
    since = days_until(newest[:10], _MONTH)[0]
    if as_of:
        named = most_named(connection, query.changed(since=since), _LONG_RANKING)
        return [Ranked(each.value, each.label, each.count) for each in named]
    return _ranked(connection, _NAMED_BETWEEN, since, until, limit=_LONG_RANKING)
