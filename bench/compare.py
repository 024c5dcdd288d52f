"""``python -m bench.compare``: finews against what people would use instead, on the same site.

- a collector of requests and threads, as the site's own was: page, share API, one file an article,
  nothing else;
- news-please and Fundus, which read the posts' pages and keep nothing. They want other versions
  of what this project needs: ``pip install`` each into an environment of its own (news-please with
  jieba, for Chinese; Fundus 0.5.7 with curl_cffi 0.14, because it cannot be imported with later
  ones), and say the Pythons of these with ``--python``.

All read the same articles and stop. What is not installed is said so.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from operator import truediv
from pathlib import Path

from bench.local_site import LocalSite, local_site
from bench.whole_crawl import finews_command, finews_environment

INSTEAD = Path(__file__).with_name("instead")
PARTS = {
    "requests and threads": "collector.py",
    "news-please": "by_news_please.py",
    "Fundus": "by_fundus.py",
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    parser.add_argument("--articles", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--python", action="append", default=[], help="of another environment, to be looked in"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with local_site(folder / "site", arguments.articles) as site:
            compare(site, folder, arguments.rounds, [sys.executable, *arguments.python])


def compare(site: LocalSite, folder: Path, rounds: int, pythons: Sequence[str]) -> None:
    """Let all read the site in turn; print articles per second and the ratio to finews's."""
    posts = [page for page in site.pages if "/NW" in page]
    (folder / "posts").write_text("".join(f"{site.url}{page}\n" for page in posts), "ascii")
    write_sitemap(site, posts)
    rates: dict[str, list[float]] = {name: [] for name in ("finews", *PARTS)}
    for number in range(rounds):
        rates["finews"].append(site.articles / _finews(site, folder / f"news-{number}"))
        for name, program in PARTS.items():
            run = _run(program, pythons, folder, number)
            if run is not None:
                articles, seconds = run
                rates[name].append(articles / seconds)
                if articles < site.articles:
                    print(f"{name} read {articles} of {site.articles} articles")
    print(f"{site.articles} articles, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name, each in rates.items():
        if each:
            ratio = statistics.median(map(truediv, each, rates["finews"]))
            rate = statistics.median(each)
            print(f"{name:24} {rate:8.1f} articles/s {ratio:8.2f} of finews")
        else:
            print(f"{name:24} is not installed, or not with what it needs")


def _run(
    program: str, pythons: Sequence[str], folder: Path, number: int
) -> tuple[int, float] | None:
    """Articles read, and seconds; None where no Python has what the program imports."""
    for place, python in enumerate(pythons):
        kept = folder / f"{program}-{number}-{place}"
        started = time.perf_counter()
        done = subprocess.run(  # noqa: S603
            [python, str(INSTEAD / program), str(folder / "posts"), str(kept)],
            capture_output=True,
            text=True,
            check=False,
        )
        if not done.returncode:
            return int(done.stdout.splitlines()[-1]), time.perf_counter() - started
        error = done.stderr.splitlines()[-1] if done.stderr else ""
        if not error.startswith(("ModuleNotFoundError", "ImportError")):
            sys.exit(f"{program} ended with status {done.returncode}: {done.stderr[-2000:]}")
    return None


def _finews(site: LocalSite, news: Path) -> float:
    """Seconds."""
    started = time.perf_counter()
    subprocess.run(  # noqa: S603
        finews_command(site),
        env=finews_environment(news),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - started


def write_sitemap(site: LocalSite, posts: Sequence[str]) -> None:
    """Where Fundus finds articles."""
    places = "".join(f"<url><loc>{site.url}{page}</loc></url>" for page in posts)
    sitemap = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{places}</urlset>'
    )
    (site.folder / "site" / "sitemap.xml").write_text(sitemap, "ascii")


if __name__ == "__main__":
    main()
