"""Read what the page of a security shows: its row, its posts over time, and its companions."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from archive.browse.chart import Chart, read_chart
from archive.browse.front_page import Ranked

#: Number of companions.
_COMPANIONS = 8

#: Number of newest posts in which companions are counted.
_COMPARED = 500


@dataclass(frozen=True, slots=True)
class SecurityPage:
    """The part of a security's page above its list of posts.

    :param security: the security's row in the catalog.
    :param total: number of posts that name the security.
    :param timeline: chart of these posts; None when there are none.
    :param companions: other securities, each with the number of posts that name both.
    """

    security: sqlite3.Row
    total: int
    timeline: Chart | None
    companions: Sequence[Ranked]


def read_security(connection: sqlite3.Connection, code: str, until: str) -> SecurityPage | None:
    """Return the security with this code; None when no post has ever named it.

    :param until: latest end of the timeline; see `archive.catalog.future_dates`.
    """
    security = connection.execute("SELECT * FROM securities WHERE code = ?", [code]).fetchone()
    if security is None:
        return None
    total, last = connection.execute(
        "SELECT count(*), max(published) FROM mentions WHERE security = ?", [code]
    ).fetchone()
    timeline = None
    if total:
        counted = "FROM mentions WHERE security = :code"
        timeline = read_chart(connection, min(last, until), counted, {"code": code})
    return SecurityPage(security, total, timeline, _companions(connection, code))


def _companions(connection: sqlite3.Connection, code: str) -> list[Ranked]:
    rows = connection.execute(
        """
        SELECT code, coalesce(name, symbol), posts FROM (
            SELECT security, count(*) AS posts FROM mentions
            WHERE info_code IN (
                SELECT info_code FROM mentions WHERE security = :code
                ORDER BY published DESC LIMIT :compared
            ) AND security <> :code
            GROUP BY security ORDER BY posts DESC, security LIMIT :companions
        ) JOIN securities ON code = security ORDER BY posts DESC, code
        """,
        {"code": code, "compared": _COMPARED, "companions": _COMPANIONS},
    )
    return [Ranked(*row) for row in rows]
