"""What the catalog has of the crawls and the articles of each source."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from archive.catalog.crawl_status import Health, read_crawls
from archive.clock import utc_iso
from archive.storage import CATALOG, holder_of, reading_catalog

# Time over which articles are counted.
_PERIOD = timedelta(days=7)

_LAST = """
    SELECT max(ended) AS ended, max(CASE WHEN status = 0 THEN ended END) AS success,
        min(CASE WHEN status = 0 THEN ended END) AS first_success,
        sum(CASE WHEN ended >= :since THEN added END) AS added
    FROM crawls WHERE spider = :name
"""

# Articles that were archived when the source was crawled already: those before were older.
_TIMES = """
    SELECT julianday(first_seen) - julianday(published) FROM posts
    WHERE info_code GLOB :codes AND first_seen > :crawled
        AND julianday(published) >= julianday(:since)
        AND julianday(published) < julianday(first_seen)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """What the catalog has of the crawls and the articles of a source.

    :param last_crawl: when the last crawl ended, aware; None while none has ended.
    :param last_success: when the last crawl with status 0 ended.
    :param status: exit status of the last crawl that ended.
    :param verdict: its sentence.
    :param lag: median of the times from publication to archive, in the last week; None without
        such articles.
    :param articles_a_day: mean of the last week.
    """

    health: Health
    last_crawl: datetime | None
    last_success: datetime | None
    status: int | None
    verdict: str | None
    lag: timedelta | None
    articles_a_day: float


def health_of_sources(folder: Path, now: datetime) -> dict[str, SourceHealth]:
    """Return the health of each source that was crawled, by the name of its spider.

    :param folder: of the archive; it may not exist yet.
    :param now: aware.
    :raises ArchiveError: when the catalog cannot be read.
    """
    if not (folder / CATALOG).exists():
        return {}
    with reading_catalog(folder) as connection:
        connection.row_factory = sqlite3.Row
        names = connection.execute("SELECT DISTINCT spider FROM crawls").fetchall()
        return {name: _health_of(connection, folder, name, now) for (name,) in names}


def _health_of(
    connection: sqlite3.Connection, folder: Path, name: str, now: datetime
) -> SourceHealth:
    since = utc_iso(now - _PERIOD)
    crawls = read_crawls(connection, now, holder_of(folder), spider=name)
    last = next((row for row in crawls.latest if row["ended"]), None)
    sums = connection.execute(_LAST, {"name": name, "since": since}).fetchone()
    return SourceHealth(
        health=crawls.health,
        last_crawl=_time(sums["ended"]),
        last_success=_time(sums["success"]),
        status=last["status"] if last else None,
        verdict=last["verdict"] if last else None,
        lag=_lag(connection, name, sums["first_success"], since),
        articles_a_day=(sums["added"] or 0) / _PERIOD.days,
    )


def _lag(
    connection: sqlite3.Connection, name: str, first_success: str | None, since: str
) -> timedelta | None:
    if first_success is None:
        return None
    codes = "NW*" if name == "eastmoney" else f"{name}-*"
    values = {"codes": codes, "crawled": first_success, "since": since}
    days = [days for (days,) in connection.execute(_TIMES, values)]
    return timedelta(days=median(days)) if days else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
