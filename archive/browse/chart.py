"""Bars of posts over time, as numbers that a template draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT = 720, 96
_GAP = 0.25
"""Of a bar's share of the width."""
_FEWEST_DAYS = 30


@dataclass(frozen=True, slots=True)
class Bar:
    """A day or month; coordinates are in a box of `WIDTH` by `HEIGHT`."""

    label: str
    posts: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Posts over time.

    :param unit: ``day`` or ``month``, what a bar stands for.
    """

    unit: str
    bars: Sequence[Bar]
    highest: int
    total: int


def draw(counts: Mapping[str, int], labels: Sequence[str], unit: str) -> Chart:
    """A chart with a bar for each of `labels`, in their order."""
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
    """The dates of `number` days that end with `last`; fewer in the first year that there is."""
    end = date.fromisoformat(last)
    number = min(number, (end - date.min).days + 1)
    return [(end - timedelta(days=back)).isoformat() for back in range(number - 1, -1, -1)]


def days_of_chart(first: str, last: str, *, most: int) -> list[str]:
    """The dates that a chart of posts between two times shows: a month at least, up to `most`."""
    span = (date.fromisoformat(last[:10]) - date.fromisoformat(first[:10])).days + 1
    return days_until(last[:10], min(max(span, _FEWEST_DAYS), most))
