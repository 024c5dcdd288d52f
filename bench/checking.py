"""``python -m bench.checking``: how fast an archive is verified and its catalog is rebuilt, with
one core and with all, against plain reading of the same files.

``--cold`` reads from the disk instead of from memory; Linux lets only root empty its page cache.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from archive.archive import Archive
from archive.importing import import_posts
from archive.warc import Exchange
from bench.harness import run
from bench.importing import write_posts
from demo.mirror import MIRROR_HOST, rendered_site
from demo.site import BUILT, made_up_site

_READ = """find "$0" -type f ! -name '*.lock' -print0 | xargs -0 {} >/dev/null"""


def main() -> None:
    """Build an archive, print a row for each way of reading it."""
    parser = argparse.ArgumentParser(prog="python -m bench.checking", description=__doc__)
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--cold", action="store_true", help="empty the page cache each time")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        news = Path(temporary) / "news"
        build(news, given.posts)
        size = sum(path.stat().st_size for path in news.rglob("*") if path.is_file())
        print(f"{given.posts:,} posts, {given.posts:,} pages, {size / 1e6:,.0f} MB in all")
        every = sorted(os.sched_getaffinity(0))
        readers = (("cat", every[:1]), ("-n 100 -P 8 cat", every), ("sha256sum", every[:1]))
        finews = (sys.executable, "-m", "archive.cli")
        rows = [
            *(
                (what, ("sh", "-c", _READ.format(what), str(news)), cores)
                for what, cores in readers
            ),
            *(
                (f"{what}, cores: {len(cores)}", (*finews, what, str(news)), cores)
                for what in ("verify", "rebuild")
                for cores in (every[:1], every)
            ),
        ]
        plain = 0.0
        print(f"{'':28} {'MB/s':>8} {'to cat':>7}  seconds of cores, peak MB")
        for what, command, cores in rows:
            if given.cold:
                os.sync()
                Path("/proc/sys/vm/drop_caches").write_text("3")
            took = run(command, cores)
            rate = size / took.seconds / 1e6
            plain = plain or rate
            used = f"{took.processor:.1f}, {took.peak / 1e6:.0f}"
            print(f"{what:28} {rate:8,.1f} {rate / plain:7.3f}  {used}", flush=True)


def build(news: Path, posts: int) -> None:
    """Build an archive of posts, and of as many captures of pages."""
    site = news.parent / "site"
    write_posts(site, posts)
    import_posts(news, [site])
    with Archive(news) as archive:
        for exchange in islice(exchanges(), posts):
            archive.capture(exchange)


def exchanges() -> Iterator[Exchange]:
    """Yield post pages of the made-up site without end; each differs by its first line."""
    site = rendered_site(made_up_site().articles, BUILT)
    pages = [(path, page.encode()) for path, page in site.items() if "/202" in path]
    number = 0
    while True:
        path, page = pages[number % len(pages)]
        yield Exchange(
            url=f"http://{MIRROR_HOST}{path}?{number}",
            method="GET",
            request_headers=[("Host", MIRROR_HOST), ("User-Agent", "finews")],
            status=200,
            response_headers=[("Content-Type", "text/html; charset=utf-8")],
            body=b"<!-- %d -->%s" % (number, page),
            received=datetime.now(UTC),
        )
        number += 1


if __name__ == "__main__":
    main()
