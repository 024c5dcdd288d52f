"""The state of the last crawls, summed up in one word."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from archive.storage import Holder

# Time after the last crawl from which an archive is stale.
_STALE = timedelta(hours=1)

# Crawls of a summary.
_SHOWN = 5

_LATEST = "SELECT * FROM crawls {where} ORDER BY id DESC LIMIT :shown"

# Times of crawls are whole seconds.
_ROUNDING = timedelta(seconds=2)


class Health(StrEnum):
    """The state of an archive's crawls in one word."""

    GOOD = "good"
    STALE = "stale"
    FAILING = "failing"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CrawlSummary:
    """A summary of the last crawls.

    :param latest: rows of the crawls, the newest first.
    :param running: number of the running crawl; None when no crawl is running.
    :param since: time since the last crawl ended; None when no crawl has ended.
    """

    latest: Sequence[sqlite3.Row]
    running: int | None
    health: Health
    since: timedelta | None


def is_running(crawl: sqlite3.Row, holder: Holder | None) -> bool:
    """Return whether a crawl is running. A killed crawl has no end, but is not running.

    :param crawl: row of ``crawls``.
    :param holder: of the archive's lock.
    """
    if crawl["ended"] or holder is None:
        return False
    return datetime.fromisoformat(crawl["started"]) >= holder.since - _ROUNDING


def read_crawls(
    connection: sqlite3.Connection,
    now: datetime,
    holder: Holder | None,
    spider: str | None = None,
) -> CrawlSummary:
    """Return a summary of the last crawls.

    :param now: aware.
    :param holder: of the archive's lock.
    :param spider: only crawls of this spider; all where it is None.
    """
    sql = _LATEST.format(where="" if spider is None else "WHERE spider = :spider")
    latest = connection.execute(sql, {"spider": spider, "shown": _SHOWN}).fetchall()
    ended = [row for row in latest if row["ended"]]
    since = now - datetime.fromisoformat(ended[0]["ended"]) if ended else None
    running = next((row["id"] for row in latest if is_running(row, holder)), None)
    return CrawlSummary(latest, running, _health(latest, ended, now, running), since)


def _health(
    latest: Sequence[sqlite3.Row], ended: Sequence[sqlite3.Row], now: datetime, running: int | None
) -> Health:
    if not latest:
        return Health.UNKNOWN
    # A killed crawl has no end, so a failed crawl decides until another crawl ends.
    if ended and ended[0]["status"] != 0:
        return Health.FAILING
    if not latest[0]["ended"]:
        return Health.INTERRUPTED if running is None else Health.RUNNING
    late = now - datetime.fromisoformat(latest[0]["ended"]) > _STALE
    return Health.STALE if late else Health.GOOD
