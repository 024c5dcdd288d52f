"""The state of the last crawls, in a word."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from archive.storage import Holder

_STALE = timedelta(hours=1)
_SHOWN = 5
_ROUNDING = timedelta(seconds=2)
"""Times of crawls are whole seconds."""


class Health(StrEnum):
    """How an archive is doing."""

    GOOD = "good"
    STALE = "stale"
    FAILING = "failing"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CrawlSummary:
    """The last crawls.

    :param latest: their rows, the newest first.
    :param running: the number of the one that is running; None where none is.
    :param since: how long ago the last one ended; None when none has.
    """

    latest: Sequence[sqlite3.Row]
    running: int | None
    health: Health
    since: timedelta | None


def is_running(crawl: sqlite3.Row, holder: Holder | None) -> bool:
    """Whether a crawl is under way; one that was killed has no end either.

    :param holder: of the archive's lock.
    """
    if crawl["ended"] or holder is None:
        return False
    return datetime.fromisoformat(crawl["started"]) >= holder.since - _ROUNDING


def read_crawls(
    connection: sqlite3.Connection, now: datetime, holder: Holder | None
) -> CrawlSummary:
    """The last crawls as of `now`, which is aware.

    :param holder: of the archive's lock.
    """
    latest = connection.execute(f"SELECT * FROM crawls ORDER BY id DESC LIMIT {_SHOWN}").fetchall()  # noqa: S608
    ended = [row for row in latest if row["ended"]]
    since = now - datetime.fromisoformat(ended[0]["ended"]) if ended else None
    running = next((row["id"] for row in latest if is_running(row, holder)), None)
    return CrawlSummary(latest, running, _health(latest, ended, now, running), since)


def _health(
    latest: Sequence[sqlite3.Row], ended: Sequence[sqlite3.Row], now: datetime, running: int | None
) -> Health:
    if not latest:
        return Health.UNKNOWN
    # A crawl that was killed never ends; one that failed is the last word until another ends.
    if ended and ended[0]["status"] != 0:
        return Health.FAILING
    if not latest[0]["ended"]:
        return Health.INTERRUPTED if running is None else Health.RUNNING
    late = now - datetime.fromisoformat(latest[0]["ended"]) > _STALE
    return Health.STALE if late else Health.GOOD
