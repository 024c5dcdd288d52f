"""What the tests of a cluster share: brokers, sites, workers, writers, as operators start them."""

import os
import subprocess
import sys
import threading
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

import pytest

from bench.cluster import ended_jobs
from cluster.app import opened_app
from cluster.entry_points import send_now
from cluster.status import ClusterStatus, status_of
from demo.brokers import Broker, RabbitMQ, Redis, running, wait_for
from demo.exchange import Answer, Request, Site
from demo.replica import Replica
from demo.several import OneOfSeveral, several_sites
from tests.conftest import ROOT
from tests.support.requirements import program

FINEWS = (sys.executable, "-m", "archive.cli", "cluster")
DELAY_SECONDS = 0.05
"""Between two requests to one host."""


@dataclass
class Visits:
    """When each host was asked, and whether two ever asked it at once."""

    times: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    together: list[str] = field(default_factory=list)
    _asked: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def watching(self, site: Site, seconds: float = 0) -> Site:
        """The site, each answer of which takes so long."""

        def answer(request: Request) -> Answer:
            with self._lock:
                self.times[request.host].append(time.monotonic())
                if request.host in self._asked:
                    self.together.append(request.host)
                self._asked.add(request.host)
            time.sleep(seconds)
            with self._lock:
                self._asked.discard(request.host)
            return site(request)

        return answer

    def __len__(self) -> int:
        return sum(map(len, self.times.values()))

    def go_on(self, requests: int) -> Callable[[], bool]:
        """Whether there have been so many more by then."""
        enough = len(self) + requests
        return lambda: len(self) >= enough

    def most_in(self, seconds: float) -> int:
        """The most requests that any host had in so many seconds."""
        return max(
            bisect_right(times, first + seconds) - position
            for times in self.times.values()
            for position, first in enumerate(times)
        )


@dataclass
class Cluster:
    """A folder with an archive, the broker's address, and the processes that were started."""

    folder: Path
    broker: str
    replica: Replica
    sites: Sequence[OneOfSeveral]
    started: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.started:
            process.kill()
            process.wait(timeout=30)

    @property
    def archive(self) -> Path:
        return self.folder / "news"

    @property
    def jobs(self) -> Path:
        return self.folder / "jobs.toml"

    def posts_of_first(self) -> int:
        """How many posts the first site has, those of rolling news with those of their media."""
        made_up = self.sites[0].made_up
        return len(made_up.articles) + len(made_up.media_posts)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def write_jobs(self, **more: object) -> None:
        """A job for each site.

        :param more: entries of each, in TOML.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        tables = []
        for site in self.sites:
            (self.folder / f"{site.name}.toml").write_text(site.sources, encoding="utf-8")
            entries = {"every": 600, "sources": f'"{site.name}.toml"', **more}
            lines = "\n".join(f"{name} = {value}" for name, value in entries.items())
            tables.append(f"[{site.name}]\n{lines}\n")
        self.jobs.write_text("\n".join(tables), encoding="utf-8")

    def environment(self, name: str = "") -> dict[str, str]:
        return os.environ | {
            "FINEWS_BROKER": self.broker,
            "FINEWS_ARCHIVE": str(self.archive),
            "FINEWS_KNOWN": str(self.folder / f"{name}-known.db"),
            "FINEWS_JOBS": str(self.jobs),
            "SCRAPY_SETTINGS_MODULE": "paced",
            "PYTHONPATH": str(self.folder),
            "http_proxy": self.replica.proxy_url,
            "no_proxy": "",
            "PYTHONWARNINGS": "ignore",  # Celery's, of a superuser
        }

    def start(self, role: str, name: str, *options: str) -> "subprocess.Popen[bytes]":
        (self.folder / "paced.py").write_text(PACED, encoding="utf-8")
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                (*FINEWS, role, *options),
                cwd=ROOT,
                env=self.environment(name),
                stdout=log,
                stderr=log,
            )
        self.started.append(process)
        return process

    def writer(self) -> "subprocess.Popen[bytes]":
        return self.start("writer", "writer")

    def worker(self, name: str, crawls: int = 1) -> "subprocess.Popen[bytes]":
        return self.start("worker", name, "--name", name, "--crawls", str(crawls))

    def run(self, *command: str, status: int = 0) -> str:
        done = subprocess.run(
            (*FINEWS, *command),
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr

    def send(self, *names: str) -> None:
        """Jobs by name, which may be given more than once; all when none is named."""
        with patch.dict(os.environ, FINEWS_BROKER=self.broker):
            send_now(self.jobs, names)

    def status(self) -> ClusterStatus:
        with opened_app(self.broker) as app:
            return status_of(app, patience=30)

    def status_of_queues(self) -> dict[str, int]:
        """Without a writer to ask."""
        with opened_app(self.broker) as app:
            return status_of(app, patience=0.1).waiting

    def asked(self) -> set[str]:
        """The hosts that were asked for more than robots.txt."""
        requests = [entry.request for entry in self.replica.requests]
        return {request.host for request in requests if request.path != "/robots.txt"}

    def paths(self, host: str) -> list[str]:
        return [e.request.path for e in self.replica.requests if e.request.host == host]

    def wait_until_done(self, jobs: int, seconds: float = 60) -> ClusterStatus:
        """Until so many jobs have ended, none is waiting or running, and all is written."""
        # Cheaper than to ask everybody for the status.
        wait_for(lambda: ended_jobs(self.archive) >= jobs, seconds)
        found: list[ClusterStatus] = []

        def done() -> bool:
            found.append(status := self.status())
            waiting = sum(status.waiting.values())
            return len(status.jobs) == jobs and not waiting and not status.running

        wait_for(done, seconds)
        return found[-1]


PACED = f"""
from settings.cluster import *

DOWNLOAD_DELAY = {DELAY_SECONDS}
RANDOMIZE_DOWNLOAD_DELAY = False
AUTOTHROTTLE_ENABLED = False
"""
"""The settings of a worker, as an operator gives it some."""


@pytest.fixture(scope="session")
def sites() -> list[OneOfSeveral]:
    return list(several_sites(3))


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    for name in RabbitMQ.programs:
        program(name)
    with running(RabbitMQ(tmp_path_factory.mktemp("rabbitmq") / "data")) as broker:
        yield broker


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    for name in Redis.programs:
        program(name)
    with running(Redis(tmp_path_factory.mktemp("redis") / "data")) as broker:
        yield broker


@pytest.fixture(params=["rabbitmq"])
def broker(request: pytest.FixtureRequest) -> Broker:
    """RabbitMQ; a test says so that wants Redis too."""
    broker: Broker = request.getfixturevalue(request.param)
    return broker


BOTH = pytest.mark.parametrize("broker", ["rabbitmq", "redis"], indirect=True)


@pytest.fixture
def visits() -> Visits:
    return Visits()


@pytest.fixture
def cluster(
    broker: Broker, sites: list[OneOfSeveral], visits: Visits, tmp_path: Path
) -> Iterator[Cluster]:
    """Nothing of it is running yet."""
    table = {
        host: visits.watching(site, seconds=0.01)
        for one in sites
        for host, site in one.sites.items()
    }
    with (
        Replica(table) as replica,
        Cluster(tmp_path / "cluster", broker.url, replica, sites) as cluster,
    ):
        cluster.write_jobs()
        forget(broker)
        yield cluster


def forget(broker: Broker) -> None:
    """Empty the queues of the test before."""
    with opened_app(broker.url) as app, app.connection() as connection:
        for queue in app.amqp.queues.values():
            bound: Any = queue.bind(connection.default_channel)
            bound.declare()
            bound.purge()
