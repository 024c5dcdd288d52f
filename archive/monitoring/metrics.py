"""Write the state of an archive as metrics for Prometheus."""

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from archive.catalog import ReadOnlyCatalog, RevisitQueue
from archive.clock import utc_iso
from archive.monitoring.state import ArchiveState
from archive.storage import CATALOG

# Crawls that ended later may have others of the same second after them.
_SETTLED = timedelta(seconds=2)

# Defaults of the settings FINEWS_REVISIT_DAYS and FINEWS_INTERVAL_SHARE.
_REVISIT_DAYS, _REVISIT_SHARE = 3.0, 0.5

# Time between two counts of the revisits: what they learn from takes a second to read where the
# last month has 40,000 articles.
_REVISITS_STAND = timedelta(minutes=10)

_TRAFFIC = """
    SELECT key, sum(value) FROM crawls, json_each(hosts)
    WHERE ended > ? AND ended <= ? GROUP BY key
"""
# Kind of traffic in the stats of crawls → metric and its description.
_OF_HOSTS = {
    "requests": ("finews_requests", "Requests of crawls to a host."),
    "no_answer": ("finews_unanswered_requests", "Requests without an answer."),
    "bytes": ("finews_received_bytes", "Bytes that a host sent."),
}


class TrafficTotals:
    """The requests and answers of all crawls by host; each crawl is read once."""

    def __init__(self) -> None:
        self._read_until = ""
        self._totals: Counter[str] = Counter()
        self._lock = threading.Lock()

    def read(self, connection: sqlite3.Connection, state: ArchiveState) -> dict[str, float]:
        """Return the totals by key, such as ``example.com/status/200``."""
        until = utc_iso(state.now - _SETTLED)
        with self._lock:
            for key, value in connection.execute(_TRAFFIC, [self._read_until, until]):
                self._totals[key] += value
            self._read_until = max(self._read_until, until)
            return dict(self._totals)


class DueRevisits:
    """The revisits that are due by the default settings; they are counted every ten minutes."""

    def __init__(self) -> None:
        self._counted: datetime | None = None
        self._queues: Mapping[str, RevisitQueue] = {}
        self._lock = threading.Lock()

    def read(self, folder: Path, state: ArchiveState) -> dict[str, RevisitQueue]:
        """Return the revisits of each source that has articles."""
        with self._lock:
            if (
                self._counted is None
                or not timedelta() <= state.now - self._counted < _REVISITS_STAND
            ):
                with ReadOnlyCatalog(folder / CATALOG) as catalog:
                    self._queues = catalog.revisit_queues(state.now, _REVISIT_DAYS, _REVISIT_SHARE)
                self._counted = state.now
            return {name: self._queues.get(name, RevisitQueue()) for name in state.articles}


def metrics_text(
    state: ArchiveState, traffic: dict[str, float], revisits: Mapping[str, RevisitQueue]
) -> bytes:
    """Return the metrics in the text format of Prometheus."""
    return generate_latest(_Metrics(state, traffic, revisits))


@dataclass(frozen=True, slots=True)
class _Metrics(Collector):
    state: ArchiveState
    traffic: dict[str, float]
    revisits: Mapping[str, RevisitQueue]

    def collect(self) -> Iterator[Metric]:
        yield from self._sources()
        yield from self._hosts()
        state, revisits = self.state, self.revisits.items()
        crawls = (((source, str(status)), n) for (source, status), n in state.crawls.items())
        yield _counter("finews_crawls", "Crawls that ended.", ["source", "status"], crawls)
        about = "Versions by their cause, withdrawals and returns."
        yield _counter("finews_events", about, ["source", "event"], state.events.items())
        yield _gauge("finews_articles", "Archived articles.", "source", state.articles)
        about = "Sizes; free is what the disk has left."
        yield _gauge("finews_size_bytes", about, "part", state.sizes)
        about = "Articles that are due for a revisit by the default settings."
        due = {source: queue.articles for source, queue in revisits}
        yield _gauge("finews_revisits_due", about, "source", due)
        about = "Edits that these revisits are expected to find, by what earlier ones found."
        edits = {source: queue.edits for source, queue in revisits}
        yield _gauge("finews_revisits_expected_edits", about, "source", edits)
        about = "Articles that could not be archived yet."
        yield GaugeMetricFamily("finews_failed_articles", about, value=len(state.failures))
        about = "Articles whose own body no host has given yet."
        yield GaugeMetricFamily("finews_stand_in_articles", about, value=state.stand_ins)

    def _sources(self) -> Iterator[Metric]:
        sources = self.state.sources.items()
        yield _gauge(
            "finews_last_crawl_timestamp_seconds",
            "End of the last crawl.",
            "source",
            {name: each.last_crawl.timestamp() for name, each in sources if each.last_crawl},
        )
        yield _gauge(
            "finews_last_success_timestamp_seconds",
            "End of the last crawl with status 0.",
            "source",
            {name: each.last_success.timestamp() for name, each in sources if each.last_success},
        )
        yield _gauge(
            "finews_lag_seconds",
            "Median time from publication to archive, in the last week.",
            "source",
            {name: each.lag.total_seconds() for name, each in sources if each.lag},
        )

    def _hosts(self) -> Iterator[Metric]:
        counts: dict[str, list[tuple[list[str], float]]] = {kind: [] for kind in _OF_HOSTS}
        statuses: list[tuple[list[str], float]] = []
        for key, number in self.traffic.items():
            host, _, kind = key.partition("/")
            if kind in counts:
                counts[kind].append(([host], number))
            elif kind.startswith("status/"):
                statuses.append(([host, kind.removeprefix("status/")], number))
        for kind, (name, about) in _OF_HOSTS.items():
            yield _counter(name, about, ["host"], counts[kind])
        about = "Responses by their status."
        yield _counter("finews_responses", about, ["host", "status"], statuses)
        blocked = GaugeMetricFamily(
            "finews_host_blocked_until_timestamp_seconds",
            "End of the pause in which a host gets no requests.",
            labels=["host", "refused"],
        )
        for block in self.state.blocks:
            refused = "true" if block.refused else "false"
            blocked.add_metric([block.host, refused], block.until.timestamp())
        yield blocked


def _counter(
    name: str, about: str, labels: Sequence[str], values: Iterable[tuple[Sequence[str], float]]
) -> Metric:
    """Return a counter.

    :param values: each with the values of its labels.
    """
    counter = CounterMetricFamily(name, about, labels=labels)
    for key, value in values:
        counter.add_metric(key, value)
    return counter


def _gauge(name: str, about: str, label: str, values: Mapping[str, float]) -> Metric:
    """Return a gauge with a value for each value of its label."""
    gauge = GaugeMetricFamily(name, about, labels=[label])
    for key, value in values.items():
        gauge.add_metric([key], value)
    return gauge
