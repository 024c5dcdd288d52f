"""Write the state of an archive as metrics for Prometheus."""

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from archive.article import SHANGHAI
from archive.catalog import ReadOnlyCatalog, RevisitQueue
from archive.clock import utc_iso
from archive.monitoring.state import ArchiveState
from archive.storage import CATALOG

# Crawls that ended later may have others of the same second after them.
_SETTLED = timedelta(seconds=2)

# Defaults of the settings FINEWS_REVISIT_DAYS and FINEWS_INTERVAL_SHARE.
_REVISIT_DAYS, _REVISIT_SHARE = timedelta(days=3), 0.5

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
                since = (state.now - _REVISIT_DAYS).astimezone(SHANGHAI)
                with ReadOnlyCatalog(folder / CATALOG) as catalog:
                    self._queues = catalog.revisit_queues(
                        utc_iso(state.now), since.isoformat(timespec="seconds"), _REVISIT_SHARE
                    )
                self._counted = state.now
            return {name: self._queues.get(name, RevisitQueue()) for name in state.articles}


def metrics_text(
    state: ArchiveState, traffic: dict[str, float], revisits: Mapping[str, RevisitQueue]
) -> bytes:
    """Return the metrics in the text format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(_State(state, traffic, revisits))
    return generate_latest(registry)


class _State(Collector):
    def __init__(
        self,
        state: ArchiveState,
        traffic: dict[str, float],
        revisits: Mapping[str, RevisitQueue],
    ) -> None:
        self._state = state
        self._traffic = traffic
        self._revisits = revisits

    def collect(self) -> Iterator[Metric]:
        yield from self._sources()
        yield from self._hosts()
        state = self._state
        crawls = CounterMetricFamily(
            "finews_crawls", "Crawls that ended.", labels=["source", "status"]
        )
        for (source, status), number in state.crawls.items():
            crawls.add_metric([source, str(status)], number)
        events = CounterMetricFamily(
            "finews_events",
            "Versions by their cause, withdrawals and returns.",
            labels=["source", "event"],
        )
        for (source, event), number in state.events.items():
            events.add_metric([source, event], number)
        articles = GaugeMetricFamily("finews_articles", "Archived articles.", labels=["source"])
        for source, number in state.articles.items():
            articles.add_metric([source], number)
        sizes = GaugeMetricFamily(
            "finews_size_bytes", "Sizes; free is what the disk has left.", labels=["part"]
        )
        for part, size in state.sizes.items():
            sizes.add_metric([part], size)
        revisits = GaugeMetricFamily(
            "finews_revisits_due",
            "Articles that are due for a revisit by the default settings.",
            labels=["source"],
        )
        edits = GaugeMetricFamily(
            "finews_revisits_expected_edits",
            "Edits that these revisits are expected to find, by what earlier ones found.",
            labels=["source"],
        )
        for source, queue in self._revisits.items():
            revisits.add_metric([source], queue.articles)
            edits.add_metric([source], queue.edits)
        yield from (crawls, events, articles, sizes, revisits, edits)
        yield GaugeMetricFamily(
            "finews_failed_articles",
            "Articles that could not be archived yet.",
            value=len(state.failures),
        )
        yield GaugeMetricFamily(
            "finews_stand_in_articles",
            "Articles whose own body no host has given yet.",
            value=state.stand_ins,
        )

    def _sources(self) -> Iterator[Metric]:
        ended = GaugeMetricFamily(
            "finews_last_crawl_timestamp_seconds", "End of the last crawl.", labels=["source"]
        )
        success = GaugeMetricFamily(
            "finews_last_success_timestamp_seconds",
            "End of the last crawl with status 0.",
            labels=["source"],
        )
        lag = GaugeMetricFamily(
            "finews_lag_seconds",
            "Median time from publication to archive, in the last week.",
            labels=["source"],
        )
        for source, health in self._state.sources.items():
            if health.last_crawl:
                ended.add_metric([source], health.last_crawl.timestamp())
            if health.last_success:
                success.add_metric([source], health.last_success.timestamp())
            if health.lag:
                lag.add_metric([source], health.lag.total_seconds())
        yield from (ended, success, lag)

    def _hosts(self) -> Iterator[Metric]:
        families = {
            kind: CounterMetricFamily(name, about, labels=["host"])
            for kind, (name, about) in _OF_HOSTS.items()
        }
        answers = CounterMetricFamily(
            "finews_responses", "Responses by their status.", labels=["host", "status"]
        )
        for key, number in self._traffic.items():
            host, _, kind = key.partition("/")
            if kind in families:
                families[kind].add_metric([host], number)
            elif kind.startswith("status/"):
                answers.add_metric([host, kind.removeprefix("status/")], number)
        blocked = GaugeMetricFamily(
            "finews_host_blocked_until_timestamp_seconds",
            "End of the pause in which a host gets no requests.",
            labels=["host", "refused"],
        )
        for block in self._state.blocks:
            refused = "true" if block.refused else "false"
            blocked.add_metric([block.host, refused], block.until.timestamp())
        yield from (*families.values(), answers, blocked)
