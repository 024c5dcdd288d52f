"""``python -m bench.revisits``: how many edits revisits find, and how soon.

Articles appear, publishers edit some of them by a planted process, and each crawl may request so
many of those that are due. Four orders of the same requests are compared: the fixed one, even
polling (the one whose last check is oldest), chance, and the learnt one, which knows nothing but
what its own revisits have found. The processes are different; in ``even`` nothing can be learnt.

Weeks of crawls are simulated. With ``--crawls``, `bench.revisit_crawls` also crawls a replica in
which the same articles appear and change; each order must find the same edits there.
"""

import argparse
import json
import math
import random
import statistics
import subprocess
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from archive.revisits import Candidate, EditRates, RevisitedArticle, in_order, learn
from bench.planted_revisits import PROCESSES, WINDOW, Published, published

#: Share of the age between revisits, as in ``settings.base``.
SHARE = 0.5
#: Hours of observations from which rates are estimated.
LEARNT_FROM = 30 * 24.0

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


@dataclass(frozen=True, slots=True)
class Given:
    """What is compared: hours of crawls, new articles an hour, and revisits a crawl."""

    hours: int
    articles: float
    limit: int


#: What is crawled as well.
SHORT = Given(hours=96, articles=8.0, limit=2)


def simulate(process: str, order: str, given: Given, seed: int, learnt_every: int = 1) -> Outcome:
    """Simulate a crawl an hour.

    :param learnt_every: hours between two estimates of the rates.
    """
    articles = published(PROCESSES[process], given.hours, given.articles, seed)
    rates, revisits = EditRates(), []
    times = [article.at for article in articles]
    for now in range(1, given.hours):
        window = articles[bisect_left(times, now - WINDOW) : bisect_right(times, now)]
        due = [a for a in window if now > a.checked and now - a.checked >= (now - a.at) * SHARE]
        due.sort(key=lambda a: (-(now - a.checked) / (now - a.at), a.number))
        if order == "learnt" and now % learnt_every == 0:
            rates = learn(observed(articles[: bisect_right(times, now)], now))
        candidates = [
            Candidate(f"{a.number:07}", a.groups, a.checked - a.at, now - a.at) for a in due
        ]
        for found in ORDERS[order](candidates, given.limit, rates):
            articles[int(found)].check(now)
            revisits.append(now)
    return outcome([each for a in articles for each in a.found], revisits, given)


def crawl(process: str, order: str, given: Given, seed: int) -> Outcome:
    """Crawl a replica every hour, see `bench.revisit_crawls`."""
    options = {"hours": given.hours, "articles": given.articles, "limit": given.limit, "seed": seed}
    ended = subprocess.run(  # noqa: S603 (a program of ours)
        (
            *(sys.executable, "-m", "bench.revisit_crawls", process, order),
            *(part for name, value in options.items() for part in (f"--{name}", str(value))),
        ),
        stdout=subprocess.PIPE,
        check=True,
    )
    answer = json.loads(ended.stdout)
    return outcome(answer["found"], answer["revisits"], given)


def outcome(
    found: Iterable[tuple[float, float]], revisits: Sequence[float], given: Given
) -> Outcome:
    """Count what was found; the first quarter of the hours does not count: all orders learn then.

    :param found: when each edit was found, and how late.
    :param revisits: the time of each request.
    """
    begin = given.hours / 4
    requests = sum(at >= begin for at in revisits)
    delays = [late for at, late in found if at >= begin]
    if not delays:
        return Outcome(requests, 0.0, math.inf)
    return Outcome(requests, 1000 * len(delays) / requests, statistics.median(delays))


def observed(articles: Sequence[Published], now: float) -> Iterator[RevisitedArticle]:
    """Yield what an archive knows at a time: arrival, last check, and when edits were found."""
    for a in articles:
        if now - LEARNT_FROM <= a.at and a.checked > a.arrived:
            edited = tuple(at - a.at for at, _ in a.found)
            yield RevisitedArticle(a.groups, a.arrived - a.at, a.checked - a.at, edited)


Run = Callable[[str, str, Given, int], Outcome]


def compare(run: Run, given: Given, seeds: Sequence[int], orders: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a table."""
    yield f"{'process':12} {'order':14} {'requests':>9} {'edits/1000':>11} {'delay h':>8}   ratio"
    for process in PROCESSES:
        today = 0.0
        for order in orders:
            found = [run(process, order, given, seed) for seed in seeds]
            edits = statistics.mean(each.edits for each in found)
            delay = statistics.median(each.delay for each in found)
            requests = statistics.mean(each.requests for each in found)
            today = today or edits
            yield (
                f"{process:12} {order:14} {requests:9.0f} {edits:11.1f} {delay:8.1f}"
                f" {edits / today if today else 1:6.2f}"
            )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.revisits", description=__doc__)
    parser.add_argument("--days", type=int, default=21)
    parser.add_argument("--articles", type=float, default=30.0, help="new ones an hour")
    parser.add_argument("--limit", type=int, default=8, help="revisits a crawl, of which 24 a day")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--crawls", action="store_true", help="crawl a replica as well")
    arguments = parser.parse_args()
    given = Given(arguments.days * 24, arguments.articles, arguments.limit)
    for line in compare(partial(simulate, learnt_every=12), given, arguments.seeds, ORDERS):
        print(line, flush=True)
    if not arguments.crawls:
        return
    real = [order for order in ORDERS if order != "by chance"]
    for title, run in (("simulated", simulate), ("crawled", crawl)):
        print(f"\n{title}", flush=True)
        for line in compare(run, SHORT, arguments.seeds[:1], real):
            print(line, flush=True)


if __name__ == "__main__":
    main()
