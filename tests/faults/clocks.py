"""Clocks for ``FINEWS_CLOCK``, for crawls of another time."""

from datetime import UTC, datetime, timedelta


def tomorrow() -> datetime:
    """In 25 hours."""
    return datetime.now(UTC) + timedelta(hours=25)
