"""Compute a bar chart of posts over time, which a template draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT = 720, 96
#: Gap between two bars, as a fraction of a bar's share of the width.
_GAP = 0.25

#: Days that a chart has at least.
_MIN_DAYS = 30


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar for a day or a month; coordinates are in a box of `WIDTH` by `HEIGHT` pixels."""

    label: str
    posts: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A bar chart of posts over time.

    :param unit: period of a bar, ``day`` or ``month``.
    :param highest: number of posts of the highest bar.
    :param total: number of posts of all bars.
    """

    unit: str
    bars: Sequence[Bar]
    highest: int
    total: int


def draw(counts: Mapping[str, int], labels: Sequence[str], unit: str) -> Chart:
    """Return a chart with a bar for each of `labels`, in their order."""
    highest = max((counts.get(label, 0) for label in labels), default=0)
    step = WIDTH / max(1, len(labels))
    bars = []
    for number, label in enumerate(labels):
        posts = counts.get(label, 0)
        height = max(2.0, HEIGHT * posts / highest) if posts else 0.0
        bars.append(
            Bar(
                label=label,
                posts=posts,
                x=round(step * (number + _GAP / 2), 2),
                y=round(HEIGHT - height, 2),
                width=round(step * (1 - _GAP), 2),
                height=round(height, 2),
            )
        )
    return Chart(unit, bars, highest, sum(bar.posts for bar in bars))


def days_until(last: str, number: int) -> list[str]:
    """Return the dates of the `number` days that end with `last`; fewer in the year 1."""
    end = date.fromisoformat(last)
    number = min(number, (end - date.min).days + 1)
    return [(end - timedelta(days=back)).isoformat() for back in range(number - 1, -1, -1)]


def days_of_chart(first: str, last: str, *, max_days: int) -> list[str]:
    """Return the dates that a chart of posts between two times shows: from 30 to `max_days`."""
    span = (date.fromisoformat(last[:10]) - date.fromisoformat(first[:10])).days + 1
    return days_until(last[:10], min(max(span, _MIN_DAYS), max_days))
