"""``python -m bench.cluster``: what more workers bring, and what one writer can take.

Two parts, each by itself with ``--only``:

- ``workers``: whole crawls of declared sources, each a host family of its own that answers after
  200 ms, by one to four workers, each one crawl at a time; the ratios of their articles per second,
  and the load of the machine before and meanwhile.
- ``writer``: batches of made-up articles with their captures, as workers send them, into an
  archive; articles per second by the size of a batch.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil
from pathlib import Path

from archive.capture import Capture
from archive.warc import Exchange
from bench.articles import as_article
from bench.brokers import Broker, running, wait_for
from bench.corpus import Corpus
from bench.several import OneOfSeveral, several_sites
from cluster.app import command, make_app
from cluster.messages import Batch
from cluster.schedule import JobTable
from cluster.writing import BatchWriter
from demo.exchange import Answer, Request, Site
from demo.replica import Replica

SITES, WORKERS, ANSWER_SECONDS = 8, (1, 2, 3, 4), 0.2
_FINEWS = (sys.executable, "-m", "archive.cli", "cluster")
_PAGE_BYTES = 30_000


def compare_workers() -> None:
    """One worker and several, at the same sites."""
    sites = list(several_sites(SITES))
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder, running(Broker(Path(folder) / "b")) as broker:
        first = 0.0
        for workers in WORKERS:
            rate = articles_a_second(broker, sites, workers, Path(folder) / str(workers))
            first = first or rate
            print(
                f"{workers} workers, {SITES} families: {rate:6.2f} articles/s, "
                f"ratio {rate / first:.2f}, load {os.getloadavg()[0]:.1f}"
            )


#: Of a worker that need not spare the sites of a replica.
_SETTINGS = """
from settings.cluster import *

FINEWS_DECLARATIONS = ["sources"]
FINEWS_FIRST_DAYS = 30000
DOWNLOAD_SLOTS = {"finews": {"concurrency": 1, "delay": 0}}
AUTOTHROTTLE_ENABLED = False
"""


def articles_a_second(
    broker: Broker, sites: Sequence[OneOfSeveral], workers: int, folder: Path
) -> float:
    """Archived articles over the time from the first job's sending to the last one's end.

    :param workers: each with one crawl at a time.
    :param folder: is created.
    """
    (folder / "sources").mkdir(parents=True)
    for one in sites:
        (folder / "sources" / f"{one.name}.toml").write_text(one.declaration, encoding="utf-8")
    declared = repr(str(folder / "sources"))
    (folder / "hurried.py").write_text(_SETTINGS.replace('"sources"', declared), encoding="utf-8")
    jobs = "".join(f"[{one.name}]\nevery = 0\n" for one in sites)
    (folder / "jobs.toml").write_text(jobs, encoding="utf-8")
    table = {host: _slow(site) for one in sites for host, site in one.sites.items()}
    with Replica(table) as replica, ExitStack() as stop:
        environment = {
            "FINEWS_BROKER": broker.url,
            "http_proxy": replica.proxy_url,
            "SCRAPY_SETTINGS_MODULE": "hurried",
            "PYTHONPATH": str(folder),
        }
        writer = ("writer", str(folder / "news"), "--jobs", str(folder / "jobs.toml"))
        stop.enter_context(_process(folder, environment, *writer, "--take-over"))
        with make_app(broker.url) as app:
            wait_for(lambda: app.control.ping(timeout=1))
            for number in range(workers):
                known = {"FINEWS_KNOWN": str(folder / f"known{number}.db")}
                worker = ("worker", "--crawls", "1", "--name", f"worker{number}")
                stop.enter_context(_process(folder, environment | known, *worker))
            wait_for(lambda: len(app.control.ping(timeout=1) or ()) == workers + 1)
            started = time.monotonic()
            command(app, "finews_change", action="send", names=[])
            wait_for(lambda: succeeded_jobs(folder / "news") == len(sites), 900)
        seconds = time.monotonic() - started
    return len(list((folder / "news" / "_posts").rglob("*.md"))) / seconds


def _slow(site: Site) -> Site:
    def answer(request: Request) -> Answer:
        time.sleep(ANSWER_SECONDS)
        return site(request)

    return answer


@contextmanager
def _process(folder: Path, environment: dict[str, str], *command: str) -> Iterator[None]:
    with (folder / "out.log").open("ab") as out:
        process = subprocess.Popen(  # noqa: S603
            (*_FINEWS, *command),
            env=os.environ | environment | {"PYTHONWARNINGS": "ignore"},
            stdout=out,
            stderr=out,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def succeeded_jobs(archive: Path) -> int:
    """Return how many jobs have succeeded by now."""
    states = JobTable(archive / "cluster.db").states().values()
    return sum(state.succeeded is not None for state in states)


def measure_writer(share: float) -> None:
    """Batches of several sizes; each article has a page and an answer of the share API."""
    for size, whole in ((1, 300), (5, 200), (50, 40)):
        count = ceil(whole * share)
        batches = list(_batches(size * count, size))
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / "news"
            with BatchWriter(archive) as writer:
                started = time.perf_counter()
                for batch in batches:
                    writer.write(batch.model_dump_json())
                seconds = time.perf_counter() - started
            kinds = ("_posts", "warc", "catalog.db")
            disk = {kind: _bytes_of(archive / kind) / (size * count) / 1000 for kind in kinds}
        print(
            f"writer, batches of {size:2}: {count / seconds:6.1f} messages/s, "
            f"{size * count / seconds:7.1f} articles/s; an article takes "
            + ", ".join(f"{kilobytes:.1f} kB in {kind}" for kind, kilobytes in disk.items())
        )


def _bytes_of(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _batches(articles: int, size: int) -> Iterator[Batch]:
    """Each of a crawl of its own, whose exchanges are then all new."""
    posts, rng = list(Corpus().posts(articles)), random.Random(0)
    for number, start in enumerate(range(0, articles, size)):
        exchanges, sent = [], []
        for position, post in enumerate(posts[start : start + size]):
            article = as_article(post)
            page = article.body.encode() + rng.randbytes(_PAGE_BYTES // 4).hex().encode()
            captures = []
            for offset, body in enumerate((article.body.encode(), page), position * 2):
                url = f"http://site.test/{post.info_code}/{offset}"
                exchanges.append((offset, _exchange(url, body)))
                captures.append(Capture(url=url, file=f"bench{number}", offset=offset, fetched=""))
            sent.append(replace(article, captures=tuple(captures)))
        yield Batch(crawl=f"bench{number}", number=0, exchanges=exchanges, articles=sent)


def _exchange(url: str, body: bytes) -> Exchange:
    return Exchange(
        url=url,
        method="GET",
        request_headers=[("User-Agent", "finews")],
        status=200,
        response_headers=[("Content-Type", "text/html; charset=utf-8")],
        body=body,
        received=datetime.now(UTC),
    )


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster", description=__doc__)
    parts = ("workers", "writer")
    parser.add_argument("--only", choices=parts, nargs="+", default=parts)
    parser.add_argument("--share", type=float, default=1.0, help="of the messages")
    options = parser.parse_args()
    if "workers" in options.only:
        compare_workers()
    if "writer" in options.only:
        measure_writer(options.share)


if __name__ == "__main__":
    main()
