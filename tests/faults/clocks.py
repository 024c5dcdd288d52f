"""Clocks for ``FINEWS_CLOCK``, for crawls of another time."""

from datetime import UTC, datetime, timedelta


def tomorrow() -> datetime:
    """In 25 hours."""
    return datetime.now(UTC) + timedelta(hours=25)


def long_ago() -> datetime:
    """What a machine says that has lost its clock."""
    return datetime(1970, 1, 1, tzinfo=UTC)


def far_ahead() -> datetime:
    """What one says that counts wrong."""
    return datetime(2199, 12, 31, tzinfo=UTC)
