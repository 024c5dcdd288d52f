"""The state of the last crawls, in a word."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

_STALE = timedelta(hours=1)
_SHOWN = 5


class Health(StrEnum):
    """How an archive is doing."""

    GOOD = "good"
    STALE = "stale"
    FAILING = "failing"
    RUNNING = "running"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Crawls:
    """The last crawls.

    :param latest: their rows, the newest first.
    :param since: how long ago the last one ended; None when none has.
    """

    latest: Sequence[sqlite3.Row]
    health: Health
    since: timedelta | None


def read_crawls(connection: sqlite3.Connection, now: datetime) -> Crawls:
    """The last crawls as of `now`, which is aware."""
    latest = connection.execute(f"SELECT * FROM crawls ORDER BY id DESC LIMIT {_SHOWN}").fetchall()  # noqa: S608
    ended = [row for row in latest if row["ended"]]
    since = now - datetime.fromisoformat(ended[0]["ended"]) if ended else None
    return Crawls(latest, _health(latest, ended, now), since)


def _health(latest: Sequence[sqlite3.Row], ended: Sequence[sqlite3.Row], now: datetime) -> Health:
    if not latest:
        return Health.UNKNOWN
    # A crawl that was killed never ends; one that failed is the last word until another ends.
    if ended and ended[0]["status"] != 0:
        return Health.FAILING
    if not latest[0]["ended"]:
        running = now - datetime.fromisoformat(latest[0]["started"]) < _STALE
        return Health.RUNNING if running else Health.STALE
    late = now - datetime.fromisoformat(latest[0]["ended"]) > _STALE
    return Health.STALE if late else Health.GOOD
