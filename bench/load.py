"""``python -m bench.load``: many readers at once, alone and while posts are archived.

Readers are `wrk <https://github.com/wg/wrk>`_ (Debian's package of that name) against a real
``finews browse``; the writer archives posts as a crawl does. Each is the other's baseline.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from threading import Event, Thread
from urllib.parse import quote

from archive.archive import Archive
from archive.article import Article
from archive.errors import FinewsError
from bench.articles import as_article
from bench.corpus import Corpus
from bench.pages import build

BATCH = 25
"""Posts per write, as a crawl groups them."""
READERS = 8
ASKS = """
paths = {{ {paths} }}
number = 0
function request()
    number = number + 1
    return wrk.format("GET", paths[number % #paths + 1])
end
function done(summary, latency)
    io.stderr:write(string.format(
        '{{"pages": %d, "seconds": %f, "p50": %f, "p99": %f, "errors": %d}}',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
        latency:percentile(99) / 1e3, summary.errors.connect + summary.errors.read
            + summary.errors.write + summary.errors.status + summary.errors.timeout))
end
"""
"""For wrk. An answer of 400 or more counts as an error."""


@dataclass(frozen=True)
class Read:
    """What readers met: milliseconds per page, and answers that were none."""

    pages: int
    seconds: float
    p50: float
    p99: float
    errors: int


@dataclass
class Written:
    """What the writer got done."""

    posts: int = 0
    seconds: float = 0.0
    errors: int = 0

    @property
    def rate(self) -> float:
        """Posts per second."""
        return self.posts / self.seconds


def main() -> None:
    """Build an archive, serve it, print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--seconds", type=int, default=15, help="of each part")
    arguments = parser.parse_args()
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("wrk is not installed; Debian's package is called wrk.")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "news"
        build(folder, arguments.posts)
        script = Path(temporary) / "paths.lua"
        paths = ", ".join(f'"{path}"' for path in pages(arguments.posts))
        script.write_text(ASKS.format(paths=paths))
        with served(folder) as address, Archive(folder) as archive:
            read = [wrk, f"-d{arguments.seconds}s", f"-c{READERS}", "-t1", "--timeout=30s"]
            read += [f"-s{script}", address]
            new = map(as_article, islice(Corpus().posts(10_000_000), arguments.posts, None))
            asked(read)  # so that nobody is the first
            alone = asked(read)
            with written(archive, new) as undisturbed:
                time.sleep(arguments.seconds)
            with written(archive, new) as disturbed:
                meanwhile = asked(read)
    print_tables(alone, meanwhile, undisturbed, disturbed)


def pages(posts: int) -> Iterator[str]:
    """What readers look at: the front page, lists, searches, articles, Datasette's own table."""
    corpus = Corpus()
    words = [quote(word) for word in corpus.words[50:90]]
    media = [quote(name) for name in corpus.media[:20]]
    codes = [post.info_code for post in corpus.posts(min(posts, 40))]
    yield from chain.from_iterable(
        (
            "/",
            f"/catalog/posts/{code}",
            f"/news?q={word}",
            f"/news?media={name}",
            f"/catalog/posts/{code}.json",
            f"/catalog/posts.json?_search={word}",
        )
        for code, word, name in zip(codes, words, media * 2, strict=True)
    )


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of the archive, served by a process of its own."""
    command = (Path(sys.executable).with_name("finews"), "browse", folder, "--port", "0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        try:
            assert server.stdout is not None
            yield server.stdout.readline().split(" is at ")[1].split(" ")[0]
        finally:
            server.terminate()


def asked(read: list[str]) -> Read:
    """Let wrk read."""
    ended = subprocess.run(read, capture_output=True, text=True, check=True)  # noqa: S603
    return Read(**json.loads(ended.stderr))


@contextmanager
def written(archive: Archive, articles: Iterator[Article]) -> Iterator[Written]:
    """Archive articles in another thread, for as long as the block lasts."""
    done, enough = Written(), Event()

    def write() -> None:
        started = time.perf_counter()
        while not enough.is_set():
            try:
                done.posts += len(archive.add_many(list(islice(articles, BATCH))))
            except FinewsError as error:
                print(error, file=sys.stderr)
                done.errors += 1
        done.seconds = time.perf_counter() - started

    writer = Thread(target=write)
    writer.start()
    try:
        yield done
    finally:
        enough.set()
        writer.join()


def print_tables(alone: Read, meanwhile: Read, undisturbed: Written, disturbed: Written) -> None:
    """Readers and writer, each without and with the other."""
    print(f"{READERS} readers at once   {'alone':>10} {'while written':>14} {'ratio':>7}")
    rates = (alone.pages / alone.seconds, meanwhile.pages / meanwhile.seconds)
    for name, before, after in (
        ("pages per second", *rates),
        ("p50, milliseconds", alone.p50, meanwhile.p50),
        ("p99, milliseconds", alone.p99, meanwhile.p99),
    ):
        print(f"{name:20} {before:10.1f} {after:14.1f} {after / before:7.2f}")
    print(f"{'errors':20} {alone.errors:10} {meanwhile.errors:14}")
    print(f"\n{'the writer':20} {'alone':>10} {'while read':>14} {'ratio':>7}")
    ratio = disturbed.rate / undisturbed.rate
    print(f"{'posts per second':20} {undisturbed.rate:10.1f} {disturbed.rate:14.1f} {ratio:7.2f}")
    print(f"{'errors':20} {undisturbed.errors:10} {disturbed.errors:14}")
    if alone.errors + meanwhile.errors + undisturbed.errors + disturbed.errors:
        raise SystemExit("Readers or the writer met errors.")


if __name__ == "__main__":
    main()
