"""``python -m bench.checking``: how fast an archive is verified and its catalog made again, with
one core and with all, against plain reading of the same files.

``--cold`` reads from the disk instead of from memory; Linux lets only root empty its page cache.
``--disk`` reads from one that gives no more than so many MB/s: it needs control groups of version
1, whose controller `blkio` counts what a process has read.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from archive.archive import Archive
from archive.importing import import_posts
from bench.captures import exchange_of, pages
from bench.importing import write_posts

_READ = """find "$0" -type f ! -name '*.lock' -print0 | xargs -0 {} >/dev/null"""
_FINEWS = (sys.executable, "-m", "archive.cli")
_BLKIO = Path("/sys/fs/cgroup/blkio")

Start = Callable[[Sequence[str], list[int]], subprocess.Popen[bytes]]
"""Starts a command on some cores."""


def main() -> None:
    """Make an archive, print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.checking", description=__doc__)
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--cold", action="store_true", help="empty the page cache each time")
    parser.add_argument("--disk", type=int, nargs="*", default=[], metavar="MB/S", help="likewise")
    arguments = parser.parse_args()
    posts, every = arguments.posts, sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as temporary:
        news = Path(temporary) / "news"
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            process.submit(make, news, posts).result()
        size = sum(path.stat().st_size for path in news.rglob("*") if path.is_file())
        print(f"{posts:,} posts, {posts:,} pages, {size / 1e6:,.0f} MB in all")
        for rate in arguments.disk or [None]:
            if rate:
                print(f"\nfrom a disk of {rate} MB/s")
            with limited(news, rate) as start:
                table(news, size, every, start, cold=arguments.cold or bool(rate))


def table(news: Path, size: int, every: list[int], start: Start, *, cold: bool) -> None:
    """Print a row for each way of reading the archive."""
    rows = [
        ("cat", ("sh", "-c", _READ.format("cat"), str(news)), every[:1]),
        ("cat, 8 at once", ("sh", "-c", _READ.format("-n 100 -P 8 cat"), str(news)), every),
        ("sha256sum", ("sh", "-c", _READ.format("sha256sum"), str(news)), every[:1]),
        *(
            (f"{what}, cores: {len(cores)}", (*_FINEWS, what, str(news)), cores)
            for what in ("verify", "rebuild")
            for cores in (every[:1], every)
        ),
    ]
    plain = None
    print(f"{'':28} {'MB/s':>8} {'to cat':>7}  seconds of cores, peak MB")
    for what, command, cores in rows:
        if cold:
            forget()
        took = measured(partial(start, command, cores))
        rate = size / took.seconds / 1e6
        plain = plain or rate
        used = f"{took.core_seconds:.1f}, {took.peak / 1e6:.0f}"
        print(f"{what:28} {rate:8,.1f} {rate / plain:7.3f}  {used}", flush=True)


def forget() -> None:
    """Have nothing in memory but the program itself."""
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")
    for what in ("verify", "rebuild"):
        subprocess.run((*_FINEWS, what, "--help"), stdout=subprocess.DEVNULL, check=True)  # noqa: S603


@dataclass(frozen=True, slots=True)
class Took:
    """What a command took, with all processes that it started.

    :param peak: bytes of memory, of the largest of them; Linux counts what this one had when it
        started it.
    """

    seconds: float
    core_seconds: float
    peak: int


def measured(start: Callable[[], subprocess.Popen[bytes]]) -> Took:
    """Start a command and wait for it.

    :raises SystemExit: when it fails.
    """
    began = time.perf_counter()
    running = start()
    _, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        sys.exit(f"{running.args!r} ended with exit status {running.returncode}.")
    seconds = time.perf_counter() - began
    return Took(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


@contextmanager
def limited(folder: Path, rate: int | None) -> Iterator[Start]:
    """Start commands that read no more than so many MB/s from the disk that a folder is on."""
    if rate is None:
        yield partial(begin, group=None)
        return
    group = _BLKIO / f"finews-bench-{os.getpid()}"
    group.mkdir()
    try:
        device = folder.stat().st_dev
        limit = f"{os.major(device)}:{os.minor(device)} {rate * 1_000_000}"
        (group / "blkio.throttle.read_bps_device").write_text(limit)
        yield partial(begin, group=group)
    finally:
        while (group / "cgroup.procs").read_text():  # Python's own tracker outlives its parent
            time.sleep(0.01)
        group.rmdir()


def begin(
    command: Sequence[str], cores: list[int], *, group: Path | None
) -> subprocess.Popen[bytes]:
    """Start a command on some cores, in a control group."""

    def enter() -> None:
        os.sched_setaffinity(0, cores)
        if group:
            (group / "cgroup.procs").write_text("0")

    return subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=enter)  # noqa: S603


def make(news: Path, posts: int) -> None:
    """An archive of posts, and of as many captures of pages."""
    site = news.parent / "site"
    write_posts(site, posts)
    import_posts(news, [site])
    with Archive(news) as archive:
        for url, body in pages(posts):
            archive.capture(exchange_of(url, body))


if __name__ == "__main__":
    main()
