"""``python -m bench.crawls``: what a crawl costs when little or nothing is new.

Crawls are the real command, against a replica of the made-up site on loopback, without delays. An
archive of 1,000 posts is the baseline for a large one.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.pages import build
from demo.articles import SHARE_HOSTS, Article
from demo.mirror import MIRROR_HOST, rendered_site
from demo.replica import Replica, Site
from demo.share import share_api_site
from demo.site import BUILT, made_up_site
from demo.static import StaticFile, static_site

NEW = 10
COMMAND = (
    *(sys.executable, "-m", "scrapy", "crawl", "finews", "--nolog"),
    *("-a", f"site=http://{MIRROR_HOST}/"),
    *("-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_ENABLED=False"),
)


@dataclass(frozen=True)
class Cost:
    """Of one crawl: seconds, bytes at its peak, requests."""

    seconds: float
    memory: int
    requests: int


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.crawls", description=__doc__)
    parser.add_argument("--least", type=int, default=1_000, help="posts of the small archive")
    parser.add_argument("--posts", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    least, large, rounds = given.least, given.posts, given.rounds
    articles = [entry for entry in made_up_site().articles if entry.share_hosts]
    with tempfile.TemporaryDirectory() as folder, Replica(_sites(articles[:-NEW])) as replica:
        archives = {posts: Path(folder) / str(posts) for posts in (least, large)}
        for posts, archive in archives.items():
            build(archive, posts)
            _crawl(archive, replica)
        _compare(archives, replica, rounds, "lists are the same as before", lambda archive: None)
        _compare(archives, replica, rounds, "lists are read, all is known", _forget_lists)
        replica.sites |= _sites(articles)
        cost = _crawl(archives[large], replica)
        lists = sum(
            "/category/" in e.request.path or e.request.path in {"/", "/feed.xml"}
            for e in replica.requests
        )
        robots = sum(e.request.path == "/robots.txt" for e in replica.requests)
        print(
            f"{NEW} new articles: {cost.requests} requests, of them {lists} for lists and {robots} "
            f"for robots.txt: {(cost.requests - lists - robots) / NEW:.2f} for a new article"
        )


def _compare(
    archives: dict[int, Path],
    replica: Replica,
    rounds: int,
    what: str,
    before: Callable[[Path], None],
) -> None:
    costs: dict[int, list[Cost]] = {posts: [] for posts in archives}
    for _ in range(rounds):
        for posts, archive in archives.items():
            before(archive)
            costs[posts].append(_crawl(archive, replica))
    small, large = costs
    print(f"{what}: {costs[small][0].requests} requests")
    for name, unit, pick in (
        ("seconds", 1.0, lambda cost: cost.seconds),
        ("MB at the peak", 1e6, lambda cost: cost.memory),
    ):
        medians = {posts: median(map(pick, costs[posts])) for posts in costs}
        print(
            f"  {name:<15} {small:>9,} posts {medians[small] / unit:8.2f}"
            f" {large:>9,} posts {medians[large] / unit:8.2f}"
            f"   ratio {medians[large] / medians[small]:.2f}"
        )


def _crawl(archive: Path, replica: Replica) -> Cost:
    replica.requests.clear()
    environment = os.environ | {"http_proxy": replica.proxy_url, "FINEWS_ARCHIVE": str(archive)}
    started = time.perf_counter()
    crawl = subprocess.Popen(COMMAND, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603
    memory = 0
    while crawl.poll() is None:
        memory = max(memory, _peak_memory(crawl.pid))
        time.sleep(0.01)
    if crawl.returncode:
        sys.exit(f"a crawl ended with status {crawl.returncode}")
    return Cost(time.perf_counter() - started, memory, len(replica.requests))


def _peak_memory(process: int) -> int:
    """The most that a process has had so far; `getrusage` would count its parent's in."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    lines = (line.split() for line in status.splitlines() if line.startswith("VmHWM:"))
    return next((int(kilobytes) * 1024 for _, kilobytes, _ in lines), 0)


def _forget_lists(archive: Path) -> None:
    (archive / "crawl-state.db").unlink()


def _sites(articles: list[Article]) -> dict[str, Site]:
    pages = rendered_site(articles, BUILT)
    files = {path: StaticFile(page.encode(), BUILT) for path, page in pages.items()}
    answers = {article.info_code: article.answer for article in articles}
    share = share_api_site(answers)
    return {MIRROR_HOST: static_site(files.get), **dict.fromkeys(SHARE_HOSTS, share)}


if __name__ == "__main__":
    main()
