"""The usual results of an archive's crawls, for comparison with the crawl that just ended."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from archive.clock import utc_iso

# Weeks before the present one whose same hour is counted.
_WEEKS = 4

# Last crawls whose failures are counted.
_CRAWLS = 50

_CRAWLED = "SELECT count(*) FROM crawls WHERE ended >= ? AND ended < ? AND status = 0"
_FIRST_SEEN = "SELECT count(*) FROM posts WHERE first_seen >= ? AND first_seen < ?"
_FAILURES = """
    SELECT coalesce(sum(failed) * 1.0 / nullif(sum(asked), 0), 0) FROM (
        SELECT * FROM crawls WHERE ended IS NOT NULL ORDER BY id DESC LIMIT ?
    )
"""


@dataclass(frozen=True, slots=True)
class History:
    """The usual results of an archive's crawls.

    :param usual_hour: new articles in this hour of the week, the median of some weeks; 0 with less
        than two weeks of crawls.
    :param last_hour: new articles in the last hour.
    :param usual_failures: share of the requested articles that failed in the last crawls, 0 to 1.
    """

    usual_hour: int = 0
    last_hour: int = 0
    usual_failures: float = 0.0


def read_history(connection: sqlite3.Connection, now: datetime) -> History:
    """Return the usual results of crawls as of a time.

    :param now: aware.
    """
    weeks = [now - timedelta(weeks=week) for week in range(1, _WEEKS + 1)]
    hours = [(utc_iso(end - timedelta(hours=1)), utc_iso(end)) for end in weeks]
    crawled = [hour for hour in hours if _value(connection, _CRAWLED, *hour)]
    new_posts = sorted(_value(connection, _FIRST_SEEN, *hour) for hour in crawled)
    last_hour = (utc_iso(now - timedelta(hours=1)), "~")
    return History(
        usual_hour=int(new_posts[len(new_posts) // 2]) if len(new_posts) > 1 else 0,
        last_hour=int(_value(connection, _FIRST_SEEN, *last_hour)),
        usual_failures=_value(connection, _FAILURES, _CRAWLS),
    )


def _value(connection: sqlite3.Connection, sql: str, *values: object) -> float:
    (value,) = connection.execute(sql, values).fetchone()
    return float(value)
