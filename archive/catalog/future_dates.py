"""The limit of credible publication times: one day ahead.

A post that its source dates in the year 2062 would be the newest post for decades, and a list of
the newest day would show nothing else. Such posts are listed separately.
"""

from datetime import UTC, datetime, timedelta

from archive.article import SHANGHAI

_AHEAD = timedelta(days=1)


def horizon(now: datetime | None = None) -> str:
    """Return the latest credible publication time in the format of the catalog.

    :param now: aware; the present time when None.
    """
    latest = (now or datetime.now(UTC)) + _AHEAD
    return latest.astimezone(SHANGHAI).isoformat(timespec="seconds")
