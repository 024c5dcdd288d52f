"""The clock of an archive, and the format of its times."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the present time, aware, in UTC."""
    return datetime.now(UTC)


def utc_iso(
    time: datetime,
    timespec: Literal["seconds", "milliseconds", "microseconds"] = "seconds",
    *,
    zone: Literal["Z", "+00:00"] = "Z",
) -> str:
    """Format an aware time as ISO 8601 in UTC.

    :param zone: name of UTC. The times of one column need the same name, because they are compared
        as texts.
    """
    return time.astimezone(UTC).isoformat(timespec=timespec).removesuffix("+00:00") + zone
