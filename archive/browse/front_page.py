"""The front page: what is new, how much there is, who writes, what is written about."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from archive.browse.chart import Chart, days_of_chart, days_until, draw
from archive.browse.post_list import Card, read_cards

_NEWEST = 20
_DAYS = 90
_WEEK = 7
_MONTH = 30
_RANKED = 12
_LONG_RANKING = 200
_NAMED_BETWEEN = """
    SELECT code, coalesce(name, symbol), posts FROM (
        SELECT security, count(*) AS posts FROM mentions INDEXED BY mentions_by_time
        WHERE published BETWEEN ? AND ? GROUP BY security ORDER BY posts DESC, security LIMIT ?
    ) JOIN securities ON code = security ORDER BY posts DESC, code
"""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A media or a security, and how many posts it has."""

    key: str
    label: str
    posts: int


@dataclass(frozen=True, slots=True)
class Front:
    """What the front page shows.

    :param total: posts in the archive.
    :param first: publication date of the oldest.
    :param newest: publication time of the newest that is not dated ahead.
    :param future: posts that are dated ahead; see `archive.catalog.future_dates`.
    :param week: its first and last day; the last is the newest post's.
    :param chart: posts per day.
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
    """The front page of the archive; None while it is empty.

    :param until: posts that are dated later stand apart; see `archive.catalog.future_dates`.
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
    days = days_of_chart(first, newest, most=_DAYS)
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


def read_media(connection: sqlite3.Connection) -> list[Ranked]:
    """Every media and how many posts it has in all, the busiest first."""
    return [
        Ranked(*row)
        for row in connection.execute(
            "SELECT media, media, posts FROM posts_per_media ORDER BY posts DESC, media LIMIT 2000"
        )
    ]


def read_securities(connection: sqlite3.Connection, until: str) -> list[Ranked]:
    """The securities that most posts of the last month name, the newest post's day included."""
    (newest,) = connection.execute(
        "SELECT max(published) FROM mentions WHERE published <= ?", [until]
    ).fetchone()
    if newest is None:
        return []
    since = days_until(newest[:10], _MONTH)[0]
    return _ranked(connection, _NAMED_BETWEEN, since, until, limit=_LONG_RANKING)
