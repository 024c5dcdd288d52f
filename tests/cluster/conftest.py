"""What the tests of a cluster share: a broker, sites, workers, writers, as operators start them."""

import json
import multiprocessing
import os
import re
import sqlite3
import sys
import threading
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess as Process
from pathlib import Path
from typing import Any, Self

import pytest
from click.testing import CliRunner
from scrapy import cmdline

from archive.cli import main
from archive.errors import ArchiveError
from bench.brokers import Broker, running, wait_for
from bench.several import OneOfSeveral, several_sites
from cluster.app import ARCHIVE, DEAD, DEAD_JOBS, JOBS, Plain, command, make_app
from cluster.dead_letters import FORMER
from cluster.status import ClusterStatus, status_of
from cluster.writer import declare
from demo.certificates import Authority
from demo.exchange import Answer, Request, Site
from demo.replica import Replica
from tests.conftest import ROOT, posts_in
from tests.support.contents import content
from tests.support.receivers import WebReceiver, web_receiver
from tests.support.requirements import program

#: Between two requests to one host.
DELAY_SECONDS = 0.05
#: How many processes `test_kills.py` kills; a nightly run asks for 20.
KILLS = int(os.environ.get("FINEWS_CLUSTER_KILLS", "4"))
#: How much later than promised a busy machine may be; what hangs is later by far.
SLACK_SECONDS = 4
#: Starts commands as processes that need not import anything, which takes seconds.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["cluster.writer", "cluster.worker", __name__])


def begin(words: Sequence[str], environment: dict[str, str], log: Path) -> Process:
    """Start ``finews …`` or ``scrapy …``; `log` has what it prints."""
    process = FORKS.Process(target=_run, args=(words, environment, log))
    process.start()
    return process


def _run(words: Sequence[str], environment: dict[str, str], log: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for name in [name for name in sys.modules if name.startswith("settings")]:
        del sys.modules[name]  # which read the environment
    with log.open("ab") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    sys.path.insert(0, environment.get("PYTHONPATH", ""))
    if words[0] == "scrapy":
        cmdline.execute(list(words))
    main(words[1:], prog_name="finews")


def ended(process: Process) -> int | None:
    """Return the exit status of a process; wait for its end."""
    process.join(120)
    return process.exitcode


def assert_equal(archive: Path, other: Path) -> None:
    """Both have the same posts, byte for byte, and the same rows."""
    assert posts_in(archive) == posts_in(other)
    assert content(archive) == content(other)


def kill(process: Process) -> None:
    process.kill()
    process.join(60)


def children(process: Process) -> list[int]:
    """The processes that a process has started."""
    file = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return list(map(int, file.read_text(encoding="ascii").split()))


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
    broker: Broker
    replica: Replica
    sites: Sequence[OneOfSeveral]
    settings: str = field(default_factory=lambda: PACED)
    started: list[Process] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.started:
            kill(process)

    @property
    def archive(self) -> Path:
        return self.folder / "news"

    @property
    def jobs(self) -> Path:
        return self.folder / "jobs.toml"

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def write_jobs(self, every: float = 0, **more: str) -> None:
        """A job for each site, which runs when it is sent, and declarations of all sites.

        :param more: tables of other jobs, in TOML.
        """
        (self.folder / "sources").mkdir(parents=True, exist_ok=True)
        for site in self.sites:
            declared = self.folder / "sources" / f"{site.name}.toml"
            declared.write_text(site.declaration, encoding="utf-8")
        tables = {site.name: f"every = {every}" for site in self.sites} | more
        text = "\n".join(f"[{name}]\n{table}\n" for name, table in tables.items())
        self.jobs.write_text(text, encoding="utf-8")

    def environment(self, name: str = "") -> dict[str, str]:
        return os.environ | {
            "FINEWS_BROKER": self.broker.url,
            "FINEWS_ARCHIVE": str(self.archive),
            "FINEWS_KNOWN": str(self.folder / f"{name}-known.db"),
            "FINEWS_JOBS": str(self.jobs),
            "SCRAPY_SETTINGS_MODULE": "paced",
            "PYTHONPATH": str(self.folder),
            "FINEWS_WATCHES": str(self.folder / "watches.toml"),
            **self.replica.environment,
            "no_proxy": "127.0.0.1",
        }

    def start(self, role: str, name: str, *options: str, **environment: str) -> Process:
        text = self.settings.replace("FOLDER", repr(str(self.folder / "sources")))
        (self.folder / "paced.py").write_text(text.replace("DELAY}", f"{DELAY_SECONDS}}}"))
        words = ("finews", "cluster", role, *options)
        process = begin(words, self.environment(name) | environment, self.folder / f"{name}.log")
        self.started.append(process)
        return process

    def writer(self, *options: str) -> Process:
        return self.start("writer", "writer", *options)

    def worker(self, name: str, crawls: int = 1) -> Process:
        return self.start("worker", name, "--name", name, "--crawls", str(crawls))

    def run(self, *command: str, status: int | None = 0, **environment: str) -> str:
        """Run ``finews cluster …`` in this process, and return what it prints."""
        done = CliRunner().invoke(main, ("cluster", *command), env=self.environment() | environment)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert status in {done.exit_code, None}, done.output
        return str(done.output)

    def change(self, action: str, *names: str) -> None:
        """Send, pause, resume or cancel jobs by name, once the writer answers."""

        wait_for(self.figures)
        with make_app(self.broker.url) as app:
            command(app, "finews_change", action=action, names=list(names))

    def figures(self) -> Plain:
        """What the writer answers at once; empty when it does not."""
        with make_app(self.broker.url) as app, suppress(ArchiveError):
            return dict(command(app, "finews_figures", patience=1))
        return {}

    def send(self, *names: str) -> None:
        """Jobs by name; all when none is named."""
        self.change("send", *names)

    def status(self) -> ClusterStatus:
        with make_app(self.broker.url) as app:
            return status_of(app)

    def job(self, name: str) -> Plain:
        """The state of a job; empty when the writer does not answer."""
        jobs = self.figures().get("jobs", ())
        return next((job for job in jobs if job["name"] == name), {})

    def wait_for_status(self, text: str, *options: str, **environment: str) -> None:
        """Until `status` prints a text; a busy machine may not answer at once."""
        wait_for(lambda: text in self.run("status", *options, status=None, **environment))

    def number(self, sql: str) -> int:
        """A number in the catalog."""
        with closing(sqlite3.connect(self.archive / "catalog.db")) as catalog:
            (found,) = catalog.execute(sql).fetchone()
            return int(found)

    def paths(self, host: str) -> list[str]:
        return [e.request.path for e in self.replica.requests if e.request.host == host]

    def asked(self) -> set[str]:
        """The hosts that were asked for more than robots.txt."""
        requests = [entry.request for entry in self.replica.requests]
        return {request.host for request in requests if request.path != "/robots.txt"}

    def ended(self) -> dict[str, tuple[int, int]]:
        """The status and the failures of each job that has ended, and neither waits nor runs."""
        file = self.archive / "cluster.db"
        sql = (
            "SELECT name, status, failures FROM schedule WHERE waiting IS NULL AND run IS NULL"
            " AND status IS NOT NULL"
        )
        try:
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
                return {row[0]: (row[1], row[2]) for row in db.execute(sql)}
        except sqlite3.OperationalError:
            return {}

    def wait_until_done(self, *names: str, seconds: float = 240) -> dict[str, tuple[int, int]]:
        """Until these jobs, or those of all sites, have ended and all of theirs is written."""
        wanted = {*names} or {site.name for site in self.sites}
        wait_for(lambda: wanted <= self.ended().keys(), seconds)
        return self.ended()


#: The settings of a worker, as an operator gives it some.
PACED = """
from settings.cluster import *

FINEWS_DECLARATIONS = [FOLDER]
FINEWS_FIRST_DAYS = 30000
DOWNLOAD_SLOTS = {"finews": {"concurrency": 1, "delay": DELAY}}
RANDOMIZE_DOWNLOAD_DELAY = False
AUTOTHROTTLE_ENABLED = False
LOG_LEVEL = "WARNING"
"""


@pytest.fixture(scope="session")
def sites() -> list[OneOfSeveral]:
    return list(several_sites(3, articles=max(24, 4 * KILLS)))


@pytest.fixture(scope="session")
def one_machine(sites: list[OneOfSeveral], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of one machine that crawled one site after the other."""
    folder = tmp_path_factory.mktemp("one")
    settings = ["FINEWS_FIRST_DAYS=30000", "AUTOTHROTTLE_ENABLED=0"]
    settings += [f"FINEWS_DECLARATIONS={folder}", 'DOWNLOAD_SLOTS={"finews": {"delay": 0}}']
    table = {host: site for one in sites for host, site in one.sites.items()}
    with Replica(table) as replica:
        for one in sites:
            (folder / f"{one.name}.toml").write_text(one.declaration, encoding="utf-8")
            options = [word for setting in settings for word in ("-s", setting)]
            own = {"http_proxy": replica.proxy_url, "FINEWS_ARCHIVE": str(folder / "news")}
            words = ("scrapy", "crawl", one.name, *options)
            assert ended(begin(words, os.environ | own, folder / "log")) == 0
    return folder / "news"


@pytest.fixture(scope="session")
def authority() -> Iterator[Authority]:
    """The private authority of the broker's certificate."""
    with closing(Authority()) as authority:
        yield authority


TLS = """
listeners.ssl.1 = 127.0.0.1:PORT
ssl_options.cacertfile = {authority}
ssl_options.certfile = {chain}
ssl_options.keyfile = {chain}
"""


def definitions_of_docs() -> Plain:
    """The user of the tests, and those of the commands in the docs, as RabbitMQ loads them."""
    text = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    rights = {"guest": (".*", ".*", ".*")}
    for user, rest in re.findall(r"^    rabbitmqctl set_permissions (\w+) (.*)$", text, re.M):
        configure, write, read = re.findall("'([^']*)'", rest)
        rights[user] = configure, write, read
    kinds = ("configure", "write", "read")
    return {
        "vhosts": [{"name": "/"}],
        "users": [{"name": user, "password": user, "tags": ""} for user in rights],
        "permissions": [
            {"user": user, "vhost": "/", **dict(zip(kinds, patterns, strict=True))}
            for user, patterns in rights.items()
        ],
    }


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Broker]:
    for name in Broker.programs:
        program(name)
    folder = tmp_path_factory.mktemp("rabbitmq")
    chain = folder / "localhost.pem"
    chain.write_bytes(authority.chain("localhost"))
    definitions = folder / "definitions.json"
    definitions.write_text(json.dumps(definitions_of_docs()), encoding="ascii")
    settings = TLS.format(authority=authority.certificate, chain=chain)
    settings += f"load_definitions = {definitions}\n"
    with running(Broker(folder / "data", settings)) as broker:
        yield broker


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
    forget(broker)
    with (
        Replica(table) as replica,
        Cluster(tmp_path / "cluster", broker, replica, sites) as cluster,
    ):
        cluster.write_jobs()
        yield cluster


@pytest.fixture
def notices(cluster: Cluster) -> Iterator[WebReceiver]:
    """Receives the notices of failures of a cluster."""
    with web_receiver() as web:
        (cluster.folder / "watches.toml").write_text(
            f'language = "en"\nchannels.hook = "json://127.0.0.1:{web.port}"\n'
            'failures = {to = ["hook"]}\n',
            encoding="utf-8",
        )
        yield web


def forget(broker: Broker) -> None:
    """Empty the queues of the test before, and let another archive claim the cluster."""
    app = make_app(broker.url, declares=True)
    with app, app.connection() as connection:
        declare(app, connection)
        channel: Any = connection.default_channel
        for queue in (JOBS, ARCHIVE, DEAD, DEAD_JOBS):
            channel.queue_purge(queue)
        for queue in ("finews.claim", *FORMER):
            channel.queue_delete(queue)
