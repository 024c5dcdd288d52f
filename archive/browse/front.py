"""The front page: what is new, how much there is, who writes, what is written about."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from archive.browse.chart import Chart, days_of_chart, days_until, draw
from archive.browse.listing import Card, read_cards

_NEWEST = 20
_DAYS = 90
_WEEK = 7
_MONTH = 30
_RANKED = 12
_LONG_RANKING = 200
_NAMED_SINCE = """
    SELECT code, coalesce(name, symbol), posts FROM (
        SELECT security, count(*) AS posts FROM mentions INDEXED BY mentions_by_time
        WHERE published >= ? GROUP BY security ORDER BY posts DESC, security LIMIT ?
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
    :param newest: publication time of the newest.
    :param week: its first and last day; the last is the newest post's.
    :param chart: posts per day.
    """

    total: int
    first: str
    newest: str
    cards: Sequence[Card]
    week: tuple[str, str]
    chart: Chart
    media: Sequence[Ranked]
    securities: Sequence[Ranked]


def read_front(connection: sqlite3.Connection) -> Front | None:
    """The front page of the archive; None while it is empty."""
    total, first, newest = connection.execute(
        "SELECT (SELECT count(*) FROM posts), (SELECT min(published) FROM posts), "
        "(SELECT max(published) FROM posts)"
    ).fetchone()
    if not total:
        return None
    days = days_of_chart(first, newest, most=_DAYS)
    counts = dict(
        connection.execute(
            "SELECT substr(published, 1, 10) AS day, count(*) FROM posts "
            "WHERE published >= ? GROUP BY day",
            [days[0]],
        ).fetchall()
    )
    week = days_until(newest[:10], _WEEK)
    ids = connection.execute(
        f"SELECT id FROM posts ORDER BY published DESC, id DESC LIMIT {_NEWEST}"  # noqa: S608
    )
    return Front(
        total=total,
        first=first[:10],
        newest=newest,
        cards=read_cards(connection, [row[0] for row in ids]),
        week=(week[0], week[-1]),
        chart=draw(counts, days, "day"),
        media=_ranked(
            connection,
            """
            SELECT media, media, count(*) AS posts FROM posts INDEXED BY posts_newest
            WHERE published >= ? AND media IS NOT NULL
            GROUP BY media ORDER BY posts DESC, media LIMIT ?
            """,
            week[0],
        ),
        securities=_ranked(
            connection,
            _NAMED_SINCE,
            week[0],
        ),
    )


def _ranked(
    connection: sqlite3.Connection, sql: str, since: str, limit: int = _RANKED
) -> list[Ranked]:
    return [Ranked(*row) for row in connection.execute(sql, [since, limit])]


def read_media(connection: sqlite3.Connection) -> list[Ranked]:
    """Every media and how many posts it has in all, the busiest first."""
    return [
        Ranked(*row)
        for row in connection.execute(
            "SELECT media, media, posts FROM posts_per_media ORDER BY posts DESC, media LIMIT 2000"
        )
    ]


def read_securities(connection: sqlite3.Connection) -> list[Ranked]:
    """The securities that most posts of the last month name, the newest post's day included."""
    (newest,) = connection.execute("SELECT max(published) FROM mentions").fetchone()
    if newest is None:
        return []
    since = days_until(newest[:10], _MONTH)[0]
    return _ranked(connection, _NAMED_SINCE, since, limit=_LONG_RANKING)
