"""Count posts over time in bars of an hour, a day, a week or a month, which a template draws."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

WIDTH, HEIGHT = 720, 96
#: Gap between two bars, as a fraction of a bar's share of the width.
_GAP = 0.25

#: Year from which on a time of publication is credible; a chart of all years would show nothing.
_EARLIEST = "1990"

#: Bars in a chart at most; the newest are shown.
_MAX_BARS = 600


class Period(StrEnum):
    """The period of a bar."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def least_bars(self) -> int:
        """The number of bars that a chart has at least."""
        return {Period.HOUR: 24, Period.DAY: 7}.get(self, 1)


#: The longest time, in days, that a chart shows with bars of a period.
_LONGEST = ((3, Period.HOUR), (92, Period.DAY), (731, Period.WEEK))


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar; coordinates are in a box of `WIDTH` by `HEIGHT` pixels.

    :param since: beginning of its time in Shanghai, ISO 8601.
    :param until: end of its time, which is not part of it.
    :param parameters: the parameters of the list of its posts.
    """

    since: str
    until: str
    parameters: Mapping[str, str]
    posts: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A bar chart of posts over time.

    :param highest: number of posts of the highest bar.
    :param total: number of posts of all bars.
    """

    period: Period
    bars: Sequence[Bar]
    highest: int
    total: int


def read_chart(
    connection: sqlite3.Connection,
    last: str,
    counted: str,
    values: Mapping[str, str] | None = None,
    earliest: str = _EARLIEST,
) -> Chart:
    """Return the chart of posts from one time of publication to another.

    :param counted: the rows to count, SQL from FROM on without their time.
    :param values: of the SQL parameters in `counted`, by name.
    """
    (first,) = connection.execute(
        f"SELECT min(published) {counted} AND published BETWEEN :earliest AND :last",
        {**(values or {}), "earliest": earliest, "last": last},
    ).fetchone()
    first = first or last
    period = _period(first, last)
    starts = _starts(period, first, last)
    rows = connection.execute(
        f"""
        SELECT (
            SELECT count(*) {counted}
            AND published >= json_extract(value, '$[0]') AND published < json_extract(value, '$[1]')
        ) FROM json_each(:bars)
        """,  # noqa: S608 (our own words)
        {**(values or {}), "bars": json.dumps(list(pairwise(starts)))},
    )
    counts = [posts for (posts,) in rows]
    highest = max(counts)
    step = WIDTH / len(counts)
    bars = []
    for number, posts in enumerate(counts):
        height = max(2.0, HEIGHT * posts / highest) if posts else 0.0
        since, until = starts[number : number + 2]
        bars.append(
            Bar(
                since=since,
                until=until,
                parameters=_parameters(period, since, until),
                posts=posts,
                x=round(step * (number + _GAP / 2), 2),
                y=round(HEIGHT - height, 2),
                width=round(step * (1 - _GAP), 2),
                height=round(height, 2),
            )
        )
    return Chart(period, bars, highest, sum(counts))


def days_until(last: str, number: int) -> list[str]:
    """Return the dates of the `number` days that end with `last`; fewer in the year 1."""
    end = date.fromisoformat(last)
    number = min(number, (end - date.min).days + 1)
    return [(end - timedelta(days=back)).isoformat() for back in range(number - 1, -1, -1)]


def _parameters(period: Period, since: str, until: str) -> dict[str, str]:
    match period:
        case Period.DAY:
            return {"day": since}
        case Period.MONTH:
            return {"month": since}
        case _:
            return {"since": since, "until": until}


def _period(first: str, last: str) -> Period:
    days = (date.fromisoformat(last[:10]) - date.fromisoformat(first[:10])).days + 1
    return next((period for longest, period in _LONGEST if days <= longest), Period.MONTH)


def _starts(period: Period, first: str, last: str) -> list[str]:
    """Return the beginnings of the periods from `first` to `last`, and the end of the last."""
    starts = []
    for start in _backwards(period, datetime.fromisoformat(last[:19])):
        starts.append(start)
        if len(starts) > _MAX_BARS or (start <= first and len(starts) > period.least_bars):
            break
    return starts[::-1]


def _backwards(period: Period, last: datetime) -> Iterator[str]:
    """Yield the end of the period of a time, its beginning, and those of the periods before."""
    if period is Period.MONTH:
        for month in range(last.year * 12 + last.month, 11, -1):
            yield f"{month // 12:04}-{month % 12 + 1:02}"
        return
    hour = last.replace(minute=0, second=0)
    midnight = hour.replace(hour=0)
    step, start, length = {
        Period.HOUR: (timedelta(hours=1), hour, len("2021-12-29T17")),
        Period.DAY: (timedelta(days=1), midnight, len("2021-12-29")),
        Period.WEEK: (timedelta(days=7), midnight - timedelta(last.weekday()), len("2021-12-29")),
    }[period]
    with suppress(OverflowError):  # before the year 1
        start += step
        while True:
            yield start.isoformat()[:length]
            start -= step
