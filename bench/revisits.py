"""``python -m bench.revisits``: how many edits revisits find, and how soon.

A simulation: articles appear, publishers edit some of them by a planted process, and each crawl may
request so many of those that are due. Four orders of the same requests are compared: the fixed one
of today, even polling (the one whose last check is oldest), chance, and the learnt one, which knows
nothing but what its own revisits have found. The processes are different; in ``even`` nothing
can be learnt.
"""

import argparse
import math
import random
import statistics
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from archive.revisits import Candidate, EditRates, RevisitedArticle, in_order, learn

SHARE, WINDOW = 0.5, 72.0
"""The schedule of ``settings.base``: share of the age between revisits, hours until they end."""
ARRIVAL = 0.05
"""Hours from the publication of an article until the archive has it."""
LEARNT_EVERY, LEARNT_FROM = 12.0, 30 * 24.0
"""Hours between two estimates of the rates, and the hours of observations behind one."""
MEDIA = tuple(f"media {number}" for number in range(24))


@dataclass(slots=True)
class Published:
    """An article of the simulation. Times are in hours.

    :param edits: when its publisher edits it.
    :param found: when an edit was found, and how late.
    """

    number: int
    at: float
    groups: tuple[str, ...]
    edits: tuple[float, ...]
    checked: float
    found: list[tuple[float, float]] = field(default_factory=list)

    def candidate(self, now: float) -> Candidate:
        """Return the article as the order sees it."""
        return Candidate(f"{self.number:07}", self.groups, self.checked - self.at, now - self.at)

    def check(self, now: float) -> None:
        """Find the edits since the last check: one version, however many they are."""
        since = [edit for edit in self.edits if self.checked < edit <= now]
        if since:
            self.found.append((now, now - since[0]))
        self.checked = now


Process = Callable[[tuple[str, ...], random.Random], Iterator[float]]
"""Yields the ages at which an article of these groups is edited."""


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
    rate = 0.03 * (8 if groups[3] == "breaking True" else 1) * (2 if groups[2] == "hour 2" else 1)
    for _ in range(_poisson(rate, chance)):
        yield _early(chance)


def late(groups: tuple[str, ...], chance: random.Random) -> Iterator[float]:
    """Yield edits of one source, at any age."""
    for _ in range(_poisson(0.4 if groups[0] == "source c" else 0.03, chance)):
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

Order = Callable[[Sequence[Candidate], int, EditRates], Sequence[str]]


def fixed(due: Sequence[Candidate], limit: int, _: EditRates) -> Sequence[str]:
    """Return the longest overdue, as today."""
    return [each.id for each in due[:limit]]


def polling(due: Sequence[Candidate], limit: int, _: EditRates) -> Sequence[str]:
    """Return those whose last check is oldest."""
    oldest = sorted(due, key=lambda each: (each.since - each.until, each.id))
    return [each.id for each in oldest[:limit]]


def shuffled(due: Sequence[Candidate], limit: int, _: EditRates) -> Sequence[str]:
    """Return some of them by chance."""
    chance = random.Random(len(due))
    return [each.id for each in chance.sample(list(due), min(limit, len(due)))]


def learnt(due: Sequence[Candidate], limit: int, rates: EditRates) -> Sequence[str]:
    """Return those that are worth most."""
    return in_order(due, rates, limit)


ORDERS: dict[str, Order] = {
    "fixed": fixed,
    "even polling": polling,
    "by chance": shuffled,
    "learnt": learnt,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an order found: edits for 1,000 requests, and the median hours until one was found."""

    requests: int
    edits: float
    delay: float


def published(process: Process, hours: float, an_hour: float, seed: int) -> list[Published]:
    """Return the articles of a simulation, which are the same for each order."""
    chance = random.Random(seed)
    found: list[Published] = []
    at = 0.0
    while at < hours:
        at += chance.expovariate(an_hour * (1.6 if 8 <= at % 24 < 18 else 0.4))
        groups = (
            f"source {chance.choice('abc')}",
            chance.choice(MEDIA),
            f"hour {int(at % 24 // 4)}",
            f"breaking {chance.random() < 0.15}",
        )
        edits = tuple(sorted(at + age for age in process(groups, chance)))
        found.append(Published(len(found), at, groups, edits, at + ARRIVAL))
    return found


def simulate(
    articles: Sequence[Published], order: Order, hours: float, limit: int, warm_up: float
) -> Outcome:
    """Run a crawl an hour; what is found in the first hours does not count."""
    rates, learnt_at, requests = EditRates(), -math.inf, 0
    times = [article.at for article in articles]
    by_id = {f"{article.number:07}": article for article in articles}
    for now in range(1, int(hours)):
        window = articles[bisect_left(times, now - WINDOW) : bisect_left(times, now - ARRIVAL)]
        due = [a for a in window if now - a.checked >= (now - a.at) * SHARE]
        due.sort(key=lambda a: (-(now - a.checked) / (now - a.at), a.number))
        if order is learnt and now - learnt_at >= LEARNT_EVERY:
            rates, learnt_at = learn(observed(articles, now)), now
        for found in order([a.candidate(now) for a in due], limit, rates):
            by_id[found].check(now)
            requests += now >= warm_up
    delays = [late for a in articles for at, late in a.found if at >= warm_up]
    if not delays:
        return Outcome(requests, 0.0, math.inf)
    return Outcome(requests, 1000 * len(delays) / requests, statistics.median(delays))


def observed(articles: Sequence[Published], now: float) -> Iterator[RevisitedArticle]:
    """Yield what an archive knows at a time: arrival, last check, and when edits were found."""
    for a in articles:
        if now - LEARNT_FROM <= a.at < now:
            edited = tuple(at - a.at for at, _ in a.found)
            yield RevisitedArticle(a.groups, ARRIVAL, a.checked - a.at, edited)


def compare(hours: float, an_hour: float, limit: int, seeds: Sequence[int]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield f"{'process':12} {'order':14} {'requests':>9} {'edits/1000':>11} {'delay h':>8}   ratio"
    for name, process in PROCESSES.items():
        today = 0.0
        for order_name, order in ORDERS.items():
            found = [
                simulate(published(process, hours, an_hour, seed), order, hours, limit, hours / 4)
                for seed in seeds
            ]
            edits = statistics.mean(each.edits for each in found)
            delay = statistics.median(each.delay for each in found)
            requests = statistics.mean(each.requests for each in found)
            today = today or edits
            yield (
                f"{name:12} {order_name:14} {requests:9.0f} {edits:11.1f} {delay:8.1f}"
                f" {edits / today if today else 1:6.2f}"
            )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.revisits", description=__doc__)
    parser.add_argument("--days", type=int, default=21)
    parser.add_argument("--articles", type=float, default=30.0, help="new ones an hour")
    parser.add_argument("--limit", type=int, default=8, help="revisits a crawl, of which 24 a day")
    parser.add_argument("--seeds", type=int, default=2)
    given = parser.parse_args()
    for line in compare(given.days * 24, given.articles, given.limit, range(given.seeds)):
        print(line, flush=True)


if __name__ == "__main__":
    main()
