"""Clocks for ``FINEWS_CLOCK``, for crawls at another time."""

from datetime import UTC, datetime, timedelta


def tomorrow() -> datetime:
    """Return the time in 25 hours."""
    return datetime.now(UTC) + timedelta(hours=25)


def long_ago() -> datetime:
    """Return the time of a machine whose clock was reset."""
    return datetime(1970, 1, 1, tzinfo=UTC)


def far_ahead() -> datetime:
    """Return the time of a machine whose clock is far ahead."""
    return datetime(2199, 12, 31, tzinfo=UTC)
