"""``python -m bench.compare``: finews against what people would use instead, on the same site.

- a collector of requests and threads, as the site's own was: page, share API, one file an article,
  nothing else;
- news-please and Fundus, which read the posts' pages and keep nothing; ``pip install
  '.[compare]'`` into an environment of its own, whose Python is said with ``--python``.

All read the same articles and stop. What is not installed is said so.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.local_site import LocalSite, local_site
from bench.whole_crawl import finews_command, finews_environment

AT_ONCE = 16
MISSING = 3
"""Exit status of a part whose package is not installed."""


def main() -> None:
    """Print the table, or do one part of it."""
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    parser.add_argument("--articles", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--python", default=sys.executable, help="that has news-please and Fundus")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--site", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        try:
            print(PARTS[arguments.part](arguments.site))
        except ModuleNotFoundError as error:
            print(error, file=sys.stderr)
            sys.exit(MISSING)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with local_site(folder / "site", arguments.articles) as site:
            compare(site, folder, arguments.rounds, arguments.python)


def compare(site: LocalSite, folder: Path, rounds: int, python: str) -> None:
    """Let all read the site in turn; print articles per second and the ratio to finews's."""
    (folder / "posts").write_text(
        "".join(f"{site.url}{page}\n" for page in site.pages if "/NW" in page), "ascii"
    )
    write_sitemap(site)
    rates: dict[str, list[float]] = {"finews": []}
    for number in range(rounds):
        rates["finews"].append(site.articles / _finews(site, folder / f"news-{number}"))
        for part in PARTS:
            started = time.perf_counter()
            done = subprocess.run(  # noqa: S603
                [python, "-m", "bench.compare", "--part", part, "--site", str(folder)],
                capture_output=True,
                text=True,
                check=False,
            )
            taken = time.perf_counter() - started
            if done.returncode == MISSING:
                rates[part] = []
            elif done.returncode:
                sys.exit(f"{part} ended with status {done.returncode}: {done.stderr[-2000:]}")
            else:
                read = int(done.stdout.splitlines()[-1])
                if read < site.articles:
                    print(f"{part} read {read} of {site.articles} articles")
                rates.setdefault(part, []).append(read / taken)
    print(f"{site.articles} articles, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    own = sorted(rates["finews"])[rounds // 2]
    for part, each in rates.items():
        if each:
            rate = sorted(each)[len(each) // 2]
            print(f"{part:24} {rate:8.1f} articles/s {rate / own:8.2f} of finews")
        else:
            print(f"{part:24} is not installed here")


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


def write_sitemap(site: LocalSite) -> None:
    """Where Fundus finds articles."""
    places = "".join(
        f"<url><loc>{site.url}{page}</loc></url>" for page in site.pages if "/NW" in page
    )
    sitemap = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{places}</urlset>'
    )
    (site.folder / "site" / "sitemap.xml").write_text(sitemap, "ascii")


def collector(folder: Path) -> int:
    """Threads that ask for page and share answer, and write a file."""
    import requests
    from parsel import Selector

    kept = folder / "collected"
    kept.mkdir(exist_ok=True)
    own = threading.local()

    def collect(url: str) -> None:
        if not hasattr(own, "session"):
            own.session = requests.Session()
        page = Selector(own.session.get(url, timeout=30).text)
        code = url.rpartition("/")[2].removesuffix(".html")
        origin = "/".join(url.split("/")[:3])
        api = f"{origin}/NewsData/GetNewsText.do?id={code}"
        answer = own.session.get(api, timeout=30).json()
        title = page.css("section h1::text").get("")
        published = page.css("section > small::text").get("")
        post = f'---\nlayout: post\ntitle: "{title}"\ndate: {published}\n---\n{answer["text"]}'
        (kept / f"{code}.md").write_text(post, encoding="utf-8")

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return len(list(threads.map(collect, _addresses(folder))))


def news_please(folder: Path) -> int:
    """Its way for a list of addresses."""
    from newsplease import NewsPlease  # type: ignore[import-not-found]

    articles = NewsPlease.from_urls(_addresses(folder), timeout=30)
    return sum(bool(article and article.title) for article in articles.values())


def fundus(folder: Path) -> int:
    """With a parser for these pages, by the sitemap."""
    from bench.fundus_parser import read_all

    return read_all(_addresses(folder))


def _addresses(folder: Path) -> list[str]:
    return (folder / "posts").read_text("ascii").split()


PARTS: dict[str, Callable[[Path], int]] = {
    "requests and threads": collector,
    "news-please": news_please,
    "Fundus": fundus,
}


if __name__ == "__main__":
    main()
