"""``python -m bench.scale``: a day of a cluster, simulated, by the number of its sources.

Events in the order of their time: jobs come when they are due, wait for a crawl slot, crawl for as
long as good manners take, and send batches; one writer takes these in their order. What each step
costs is an argument, in the measure of ``python -m bench.cluster``.

Sources are unequal: the n-th one has articles in proportion to 1/n, and is crawled as often as its
articles deserve, from every five minutes to once a day. Three times as much comes at the busiest
hour as at the quietest.
"""

import argparse
import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, pi
from statistics import quantiles

DAY = 86_400.0
_QUICKEST, _SLOWEST = 300.0, DAY


@dataclass(frozen=True)
class Costs:
    """In seconds.

    :param start: of a crawl's process, with its questions to the writer.
    :param request: between two requests to one host.
    :param batch: of the writer, for a message, and
    :param article: for each article in it.
    :param linger: for which a crawl gathers articles for a message.
    """

    start: float = 5.0
    request: float = 1.0
    batch: float = 0.03
    article: float = 0.008
    linger: float = 2.0


@dataclass(frozen=True)
class Outcome:
    """Of a simulated day.

    :param slots: share of the crawl slots that were busy.
    :param waited: seconds that jobs waited for one: median and 99th of 100.
    :param writer: share of the time that the writer was busy.
    :param lag: seconds from a batch's sending to its commit: median and 99th of 100.
    :param messages: a second, for the writer, in the busiest minute.
    """

    articles: int
    jobs: int
    slots: float
    waited: tuple[float, float]
    writer: float
    lag: tuple[float, float]
    messages: float


def simulate(sources: int, articles_a_day: float, slots: int, costs: Costs) -> Outcome:
    """A day."""
    rng = random.Random(0)
    crawls = list(_crawls(sources, articles_a_day, rng))
    crawls.sort()
    free = [0.0] * slots
    waits, busy = [], 0.0
    batches: list[tuple[float, int]] = []
    done: dict[int, float] = {}
    for due, source, articles in crawls:
        # Not with two workers at a time: a job waits for the one before of its source.
        began = max(heapq.heappop(free), due, done.get(source, 0.0))
        lists = 3 if not articles else 6
        took = costs.start + costs.request * (lists + 1.2 * articles)
        done[source] = began + took
        heapq.heappush(free, began + took)
        waits.append(began - due)
        busy += took
        batches += _batches(began + costs.start + lists * costs.request, articles, costs)
    batches.sort()
    clock, written, lags = 0.0, 0.0, []
    for sent, articles in batches:
        cost = costs.batch + articles * costs.article
        clock = max(clock, sent) + cost
        written += cost
        lags.append(clock - sent)
    minutes = [0] * (int(batches[-1][0] // 60) + 1)
    for sent, _ in batches:
        minutes[int(sent // 60)] += 1
    return Outcome(
        articles=sum(articles for _, _, articles in crawls),
        jobs=len(crawls),
        slots=busy / (slots * DAY),
        waited=_median_and_worst(waits),
        writer=written / DAY,
        lag=_median_and_worst(lags),
        messages=max(minutes) / 60,
    )


def _crawls(
    sources: int, articles_a_day: float, rng: random.Random
) -> Iterator[tuple[float, int, int]]:
    """When each job is due, its source, and how many new articles it finds."""
    whole = sum(1 / n for n in range(1, sources + 1))
    for n in range(1, sources + 1):
        daily = articles_a_day / whole / n
        every = min(max(DAY / max(daily, 1), _QUICKEST), _SLOWEST)
        due = rng.uniform(0, every)
        while due < DAY:
            mean = daily * every / DAY * (1 - 0.5 * cos(2 * pi * due / DAY))
            yield due, n, _poisson(mean, rng)
            due += every


def _poisson(mean: float, rng: random.Random) -> int:
    """By the times between arrivals."""
    count, gone = 0, rng.expovariate(1)
    while gone < mean:
        count += 1
        gone += rng.expovariate(1)
    return count


def _batches(began: float, articles: int, costs: Costs) -> Iterator[tuple[float, int]]:
    """Beginning, articles as they are fetched, the end with what else was captured."""
    yield began, 0
    together = max(int(costs.linger / (1.2 * costs.request)), 1)
    sent = began
    for start in range(0, articles, together):
        count = min(together, articles - start)
        sent += count * 1.2 * costs.request
        yield sent, count
    yield sent, 0


def _median_and_worst(values: list[float]) -> tuple[float, float]:
    cuts = quantiles(values, n=100)
    return cuts[49], cuts[98]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--batch-ms", type=float, default=Costs.batch * 1000)
    parser.add_argument("--article-ms", type=float, default=Costs.article * 1000)
    options = parser.parse_args()
    costs = Costs(batch=options.batch_ms / 1000, article=options.article_ms / 1000)
    print(
        "| sources | articles a day | slots | busy | jobs wait | writer busy | lag | messages/s |"
    )
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for sources, articles, slots in (
        (10, 3_000, 4),
        (100, 30_000, 8),
        (1_000, 100_000, 8),
        (1_000, 100_000, 16),
        (1_000, 300_000, 48),
        (1_000, 1_000_000, 192),
    ):
        day = simulate(sources, articles, slots, costs)
        print(
            f"| {sources:,} | {day.articles:,} | {slots} | {day.slots:.0%} "
            f"| {day.waited[0]:.0f} s, {day.waited[1]:.0f} s | {day.writer:.0%} "
            f"| {day.lag[0]:.2f} s, {day.lag[1]:.2f} s | {day.messages:.1f} |"
        )


if __name__ == "__main__":
    main()
