"""The time of an archive's clock, and how it is written down."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time, aware."""
    return datetime.now(UTC)


def utc_iso(
    time: datetime,
    timespec: Literal["seconds", "milliseconds", "microseconds"] = "seconds",
    *,
    zone: Literal["Z", "+00:00"] = "Z",
) -> str:
    """Write an aware time as ISO 8601 in UTC.

    :param zone: how UTC is named. Times of one column are compared as texts, so it stays the same.
    """
    return time.astimezone(UTC).isoformat(timespec=timespec).removesuffix("+00:00") + zone
