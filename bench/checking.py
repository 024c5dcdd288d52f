"""``python -m bench.checking``: how fast an archive is verified and its catalog made again, with
one core and with all, against plain reading of the same files.

``--cold`` reads from the disk instead of from memory; Linux lets only root empty its page cache.
"""

import argparse
import hashlib
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from archive.archive import Archive
from archive.importing import import_posts
from archive.rebuild import rebuild
from archive.verify import verify
from bench.captures import exchange_of, pages
from bench.importing import write_posts

Work = Callable[[Path], object]


def main() -> None:
    """Make an archive, print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.checking", description=__doc__)
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--cold", action="store_true", help="empty the page cache each time")
    arguments = parser.parse_args()
    posts, cold = arguments.posts, arguments.cold
    every = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as temporary:
        news = Path(temporary) / "news"
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            process.submit(make, news, posts).result()
        size = sum(path.stat().st_size for path in files_of(news))
        print(f"{posts:,} posts, {posts:,} pages, {size / 1e6:,.0f} MB in all")
        print(f"{'':28} {'MB/s':>6} {'to reading':>11}  seconds of cores, peak MB")
        show = partial(measure, news, size, cold)
        plain = show("reading alone", read, every[:1])
        show("reading and SHA-256", hashed, every[:1], plain)
        for what, work in (("verify", verify), ("rebuild", rebuild)):
            for cores in (every[:1], every):
                show(f"{what}, cores: {len(cores)}", work, cores, plain)


def measure(
    news: Path,
    size: int,
    cold: bool,
    what: str,
    work: Work,
    cores: list[int],
    plain: float | None = None,
) -> float:
    """Do the work in a process of its own and print its row; returns MB/s."""
    if cold:
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("3")
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        seconds, used = process.submit(measured, work, news, cores).result()
    rate = size / seconds / 1e6
    ratio = rate / (plain or rate)
    print(f"{what:28} {rate:6,.1f} {ratio:11.3f}  {used}", flush=True)
    return rate


def measured(work: Work, news: Path, cores: list[int]) -> tuple[float, str]:
    """Seconds, and what this process and those that it started used."""
    os.sched_setaffinity(0, cores)
    start = time.perf_counter()
    work(news)
    seconds = time.perf_counter() - start
    return seconds, f"{_used(resource.RUSAGE_SELF)}; others {_used(resource.RUSAGE_CHILDREN)}"


def _used(who: int) -> str:
    usage = resource.getrusage(who)
    return f"{usage.ru_utime + usage.ru_stime:.1f} s, {usage.ru_maxrss / 1024:.0f} MB"


def make(news: Path, posts: int) -> None:
    """An archive of posts, and of as many captures of pages."""
    site = news.parent / "site"
    write_posts(site, posts)
    import_posts(news, [site])
    with Archive(news) as archive:
        for url, body in pages(posts):
            archive.capture(exchange_of(url, body))


def files_of(news: Path) -> Iterator[Path]:
    """Posts and captures, and the catalog."""
    yield news / "catalog.db"
    for room in ("_posts", "revisions", "warc"):
        yield from (path for path in (news / room).rglob("*") if path.is_file())


def read(news: Path) -> None:
    """As ``cat`` does."""
    for path in files_of(news):
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 20):
                pass


def hashed(news: Path) -> None:
    """Likewise, with a hash of each."""
    for path in files_of(news):
        with path.open("rb", buffering=0) as file:
            hashlib.file_digest(file, "sha256")


if __name__ == "__main__":
    main()
