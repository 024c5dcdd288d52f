"""Plant articles and the edits of their publishers, for `bench.revisits`. Times are in hours."""

import math
import random
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

#: Age at which revisits end, as in ``settings.base``.
WINDOW = 72.0
MEDIA = tuple(f"media {number}" for number in range(24))


@dataclass(slots=True)
class Published:
    """An article. A crawl archives it on the hour after its publication.

    :param edits: when its publisher edits it.
    :param checked: when it was last requested.
    :param found: when an edit was found, and how late.
    """

    number: int
    at: float
    groups: tuple[str, ...]
    edits: tuple[float, ...]
    checked: float
    found: list[tuple[float, float]] = field(default_factory=list)

    @property
    def arrived(self) -> int:
        """When the archive has it."""
        return math.ceil(self.at)

    def check(self, now: float) -> None:
        """Find the edits since the last check: one version, however many they are."""
        since = [edit for edit in self.edits if self.checked < edit <= now]
        if since:
            self.found.append((now, now - since[0]))
        self.checked = now

    def version(self, now: float) -> int:
        """Return the number of edits up to a time."""
        return bisect_right(self.edits, now)


#: Yields the ages at which an article of these groups is edited.
Process = Callable[[tuple[str, ...], random.Random], Iterator[float]]


def _poisson(expected: float, chance: random.Random) -> int:
    threshold, product, number = math.exp(-expected), chance.random(), 0
    while product > threshold:
        product *= chance.random()
        number += 1
    return number


def _early(chance: random.Random) -> float:
    """Return an age: half of the edits come within two hours."""
    return min(chance.lognormvariate(math.log(2), 1.2), WINDOW)


def by_media(groups: tuple[str, ...], chance: random.Random) -> Iterator[float]:
    """Yield edits of an eighth of the media, which edit every second article, early."""
    often = int(groups[1].split()[1]) % 8 == 0
    for _ in range(_poisson(0.5 if often else 0.02, chance)):
        yield _early(chance)


def breaking(groups: tuple[str, ...], chance: random.Random) -> Iterator[float]:
    """Yield edits of breaking news, and of what appears in the hours of trading."""
    rate = (
        0.03 * (8 if groups[3] == "breaking 1" else 1) * (2 if groups[2] == "part_of_day 2" else 1)
    )
    for _ in range(_poisson(rate, chance)):
        yield _early(chance)


def late(groups: tuple[str, ...], chance: random.Random) -> Iterator[float]:
    """Yield edits of a quarter of the media, at any age."""
    for _ in range(_poisson(0.4 if int(groups[1].split()[1]) % 4 == 0 else 0.03, chance)):
        yield chance.uniform(0, WINDOW)


def scattered(groups: tuple[str, ...], chance: random.Random) -> Iterator[float]:
    """Yield early edits of media whose rates are spread widely, as those of real media are."""
    rate = 0.04 * math.exp(random.Random(groups[1]).gauss(0, 1.2))
    for _ in range(_poisson(rate, chance)):
        yield _early(chance)


def even(groups: tuple[str, ...], chance: random.Random) -> Iterator[float]:
    """Yield edits of all articles alike, at any age: nothing can be learnt."""
    for _ in range(_poisson(0.1, chance)):
        yield chance.uniform(0, WINDOW)


PROCESSES: dict[str, Process] = {
    each.__name__: each for each in (by_media, breaking, late, scattered, even)
}


def published(process: Process, hours: float, an_hour: float, seed: int) -> list[Published]:
    """Return the articles of some hours, which are the same for each order."""
    chance = random.Random(seed)
    found: list[Published] = []
    at = 0.0
    while at < hours:
        at += _seconds(chance.expovariate(an_hour * (1.6 if 8 <= at % 24 < 18 else 0.4)))
        groups = (
            "source planted",
            chance.choice(MEDIA),
            f"part_of_day {int(at % 24 // 4)}",
            f"breaking {int(chance.random() < 0.15)}",
        )
        edits = tuple(sorted(at + _seconds(age) for age in process(groups, chance)))
        found.append(Published(len(found), at, groups, edits, math.ceil(at)))
    return found


def _seconds(hours: float) -> float:
    """Return a time in whole seconds, of which there is one at least."""
    return max(round(hours * 3600), 1) / 3600
