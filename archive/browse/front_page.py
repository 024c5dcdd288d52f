"""Read what the front page shows: the news of the day, and how much there is of it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from pathlib import PurePosixPath

from archive.browse.chart import Chart, days_until, read_chart
from archive.browse.post_list import Card, read_cards
from archive.catalog import edits_from
from archive.search import Query, find, most_named
from archive.storage import is_stored_picture, media_path

#: Numbers of posts: leading articles, the list of the newest, and a section.
_LEADING, _NEWEST, _IN_SECTION = 5, 12, 4

#: Number of sections, which are the media of the most posts.
_SECTIONS = 6

#: Number of newest posts among which the leading articles are chosen.
_CANDIDATES = 300

#: Days that the rankings of the front page and of the page of all securities count.
_WEEK, _MONTH = 7, 30

#: Days of the chart: it counts these alone, however old the archive is.
_CHARTED = 92

#: Number of entries in the rankings of the front page and of the page of all securities.
_RANKED, _LONG_RANKING = 12, 200

#: Days before the last one whose mean number of mentions is the usual one.
_USUAL_DAYS = 28

#: Mentions in a day from which on a security can stand out, and securities that are compared.
_LEAST_MENTIONS, _COMPARED = 3, 100

#: Number of corrections and withdrawals, and of securities that stand out.
_SHOWN_CHANGES, _MOVED = 6, 8

_NAMED_BETWEEN = """
    SELECT code, coalesce(name, symbol), posts FROM (
        SELECT security, count(*) AS posts FROM mentions INDEXED BY mentions_by_time
        WHERE published BETWEEN ? AND ? GROUP BY security ORDER BY posts DESC, security LIMIT ?
    ) JOIN securities ON code = security ORDER BY posts DESC, code
"""

# The publishers' own edits of the present versions, and the withdrawn posts, the last ones first.
_EDITED = """
    SELECT revised AS at, info_code, title, edits FROM posts
    WHERE edits <> '[]' AND cause IN ('edited', 'corrected_in_list')
    ORDER BY revised DESC LIMIT ?
"""
_WITHDRAWN = """
    SELECT gone AS at, info_code, title, NULL AS edits FROM posts
    WHERE gone IS NOT NULL ORDER BY gone DESC LIMIT ?
"""

# Long articles come first, and a picture counts as much as 1,500 characters.
_LEADS = """
    SELECT id, (
        SELECT min(sha256 || ' ' || type) FROM illustrations JOIN pictures USING (address)
        WHERE illustrations.info_code = posts.info_code AND bytes >= 500
    ) AS picture
    FROM posts WHERE id IN (
        SELECT id FROM posts WHERE published BETWEEN ? AND ?
        ORDER BY published DESC, id DESC LIMIT ?
    ) AND gone IS NULL
    ORDER BY min(length, 3000) + 1500 * (picture IS NOT NULL) DESC, published DESC, id DESC LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A media or a security, and its number of posts."""

    key: str
    label: str
    posts: int


@dataclass(frozen=True, slots=True)
class Moved:
    """A security that more posts of the last day name than usual.

    :param usual: mean number of posts in one of the days before; None without such days.
    """

    security: Ranked
    usual: float | None


@dataclass(frozen=True, slots=True)
class Lead:
    """A leading article.

    :param picture: name of the file of a stored picture, if it has one.
    """

    card: Card
    picture: str | None


@dataclass(frozen=True, slots=True)
class RecentChange:
    """A correction or a withdrawal.

    :param at: when the archive learnt of it, ISO 8601.
    :param classes: of the edits; empty for a withdrawal.
    """

    at: str
    info_code: str
    title: str
    classes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Front:
    """The contents of the front page.

    :param total: number of posts in the archive.
    :param first: publication date of the oldest post.
    :param newest: publication time of the newest post that is not dated in the future.
    :param future: number of posts dated in the future; see `archive.catalog.future_dates`.
    :param sections: names of media, each with its newest posts.
    :param older: parameters of the list of the posts that are older than those of the stream.
    """

    total: int
    first: str
    newest: str
    future: int
    leads: Sequence[Lead]
    cards: Sequence[Card]
    sections: Sequence[tuple[str, Sequence[Card]]]
    older: dict[str, str] | None
    changes: Sequence[RecentChange]
    moved: Sequence[Moved]
    chart: Chart
    media: Sequence[Ranked]


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
    leads = _leads(connection, newest)
    leading = [lead.card.id for lead in leads]
    found = connection.execute(
        "SELECT published, id FROM posts WHERE published <= ?"
        " ORDER BY published DESC, id DESC LIMIT ?",
        [until, _NEWEST + _LEADING + 1],
    ).fetchall()
    stream = [row for row in found if row["id"] not in leading][:_NEWEST]
    media = _media(connection, days_until(newest[:10], _WEEK)[0], until)
    shown = {*leading, *(row["id"] for row in stream)}
    more = stream and found[-1]["id"] != stream[-1]["id"]
    return Front(
        total=total,
        first=first[:10],
        newest=newest,
        future=future,
        leads=leads,
        cards=read_cards(connection, [row["id"] for row in stream]),
        sections=_sections(connection, media, until, shown),
        older={"after": f"{stream[-1]['published']}~{stream[-1]['id']}"} if more else None,
        changes=_changes(connection),
        moved=_moved(connection, newest),
        chart=read_chart(
            connection,
            newest,
            "FROM posts INDEXED BY posts_newest WHERE 1",
            earliest=days_until(newest[:10], _CHARTED)[0],
        ),
        media=media,
    )


def _leads(connection: sqlite3.Connection, newest: str) -> list[Lead]:
    day = _before(newest, days=1)
    pictures = dict(connection.execute(_LEADS, [day, newest, _CANDIDATES, _LEADING]).fetchall())
    cards = read_cards(connection, list(pictures))
    return [Lead(card, _picture_name(pictures[card.id])) for card in cards]


def _picture_name(stored: str | None) -> str | None:
    """Return the file name of a picture, from its hash and its media type."""
    digest, _, kind = (stored or "").partition(" ")
    return PurePosixPath(media_path(digest, kind)).name if is_stored_picture(digest, kind) else None


def _sections(
    connection: sqlite3.Connection, media: Sequence[Ranked], until: str, shown: set[int]
) -> list[tuple[str, Sequence[Card]]]:
    """Return the newest posts of the first of some media, without those that are shown already."""
    sections: list[tuple[str, Sequence[Card]]] = []
    for name in [ranked.key for ranked in media[:_SECTIONS]]:
        found = connection.execute(
            "SELECT id FROM posts WHERE media = ? AND published <= ?"
            " ORDER BY published DESC, id DESC LIMIT ?",
            [name, until, _IN_SECTION + len(shown)],
        )
        ids = [post for (post,) in found if post not in shown][:_IN_SECTION]
        if ids:
            sections.append((name, read_cards(connection, ids)))
    return sections


def _changes(connection: sqlite3.Connection) -> list[RecentChange]:
    """Return the last corrections and withdrawals, the last one first."""
    found = [
        RecentChange(
            row["at"],
            row["info_code"],
            row["title"],
            list(dict.fromkeys(edit.edit_class for edit in edits_from(row["edits"] or "[]"))),
        )
        for sql in (_EDITED, _WITHDRAWN)
        for row in connection.execute(sql, [_SHOWN_CHANGES])
    ]
    return sorted(found, key=lambda change: change.at, reverse=True)[:_SHOWN_CHANGES]


def _moved(connection: sqlite3.Connection, newest: str) -> list[Moved]:
    """Return the securities that stand out in the last day against their own usual.

    The measure is the distance from the mean of the days before in standard deviations of a Poisson
    distribution, with one mention a day added: so neither a security that is always named often nor
    one that is named for the first time stands out by itself.
    """
    day, month = _before(newest, days=1), _before(newest, days=1 + _USUAL_DAYS)
    (oldest,) = connection.execute("SELECT min(published) FROM mentions").fetchone()
    if oldest is None:
        return []
    seconds = datetime.fromisoformat(day) - datetime.fromisoformat(max(oldest, month))
    days = seconds / timedelta(days=1)
    named = connection.execute(_NAMED_BETWEEN, [day, newest, _COMPARED]).fetchall()
    found = []
    for code, label, posts in named:
        if posts < _LEAST_MENTIONS:
            break
        before = 0
        if days > 1:
            (before,) = connection.execute(
                "SELECT count(*) FROM mentions WHERE security = ? AND published >= ?"
                " AND published < ?",
                [code, month, day],
            ).fetchone()
        usual = before / days if days > 1 else None
        distance = (posts - (usual or 0)) / sqrt((usual or 0) + 1)
        found.append((distance, Moved(Ranked(code, label, posts), usual)))
    found.sort(key=lambda each: each[0], reverse=True)
    return [moved for distance, moved in found[:_MOVED] if distance > 1]


def _before(time: str, days: int) -> str:
    """Return the time some days before an ISO 8601 time; the first of all where that is earlier."""
    try:
        return (datetime.fromisoformat(time) - timedelta(days=days)).isoformat(timespec="seconds")
    except OverflowError:
        return f"0001-01-01T00:00:00{time[19:]}"


def _media(connection: sqlite3.Connection, since: str, until: str) -> list[Ranked]:
    rows = connection.execute(
        """
        SELECT media, media, count(*) AS posts FROM posts INDEXED BY posts_newest
        WHERE published BETWEEN ? AND ? AND media IS NOT NULL
        GROUP BY media ORDER BY posts DESC, media LIMIT ?
        """,
        [since, until, _RANKED],
    )
    return [Ranked(*row) for row in rows]


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
    rows = connection.execute(_NAMED_BETWEEN, [since, until, _LONG_RANKING])
    return [Ranked(*row) for row in rows]
