"""Which publication times are believed: none further ahead than a day.

A post that a source dates in the year 2062 would be the newest for decades, and every stretch of
time that ends with the newest post would be empty but for it. Such posts stand apart.
"""

from datetime import UTC, datetime, timedelta

from archive.article import SHANGHAI

_AHEAD = timedelta(days=1)


def horizon(now: datetime | None = None) -> str:
    """Return the latest publication time that is believed, as the catalog writes times."""
    latest = (now or datetime.now(UTC)) + _AHEAD
    return latest.astimezone(SHANGHAI).isoformat(timespec="seconds")
