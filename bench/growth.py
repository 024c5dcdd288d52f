"""``python -m bench.growth``: what a larger archive makes dearer.

Archives of 1,000, 10,000 and 100,000 posts, and of 1,000,000 with ``--most 1000000``. Each figure
is of one article, question, page or post; the factor is its cost against the smallest archive's.
"""

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from archive.archive import Archive
from archive.article_id import InfoCode
from archive.browse.plugin import open_site
from archive.importing import import_posts
from archive.integrity.verify import verify
from bench.corpus import Corpus
from bench.harness import seconds_of
from bench.importing import write_posts
from bench.local_site import LocalSite, local_site
from bench.pages import addresses, visit
from bench.whole_crawl import crawl, finews_command, finews_environment

#: New articles of each crawl.
CRAWLED = 300
QUESTIONS = 2_000
VISITS = 15
PAGES = ("front page", "all posts, with facets", "a media, with facets", "article")

#: Seconds of one of each, by what it is.
Costs = dict[str, float]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--least", type=int, default=1_000, help="posts of the smallest archive")
    parser.add_argument("--most", type=int, default=100_000, help="posts of the largest archive")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    sizes = list(sizes_between(given.least, given.most))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with local_site(folder / "site", CRAWLED, years_later=300) as site:
            print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
            costs = growth(folder, site, sizes, given.rounds)
    show(costs)


def sizes_between(least: int, most: int) -> Iterator[int]:
    """The least and its tens."""
    size = least
    while size <= most:
        yield size
        size *= 10


def growth(folder: Path, site: LocalSite, sizes: Sequence[int], rounds: int) -> dict[int, Costs]:
    """Costs by size. All sizes take turns, so that a slow moment of the machine meets each."""
    archives = {posts: make(folder / str(posts), posts) for posts in sizes}
    taken: dict[int, dict[str, list[float]]] = {posts: {} for posts in sizes}
    for number in range(rounds):
        for posts, news in archives.items():
            for what, seconds in costs_of(news, posts, site, number):
                taken[posts].setdefault(what, []).append(seconds)
    return {
        posts: {what: statistics.median(each) for what, each in found.items()}
        for posts, found in taken.items()
    }


def make(folder: Path, posts: int) -> Path:
    """An archive of so many posts, with their files and captures."""
    write_posts(folder / "posts", posts)
    import_posts(folder / "news", [folder / "posts"])
    return folder / "news"


def costs_of(news: Path, posts: int, site: LocalSite, number: int) -> Iterator[tuple[str, float]]:
    """What things cost, each with its seconds."""
    yield "verify, a post", seconds_of(lambda: verify(news)) / posts
    with Archive(news) as archive:
        known = [row.info_code for row in archive.posts()]
        some = random.Random(number).choices(known, k=QUESTIONS)
        codes = [InfoCode(code) for code in some]
        strange = [InfoCode(f"{code[:-1]}{9 - int(code[-1])}77") for code in some]
        both = [*codes, *strange]
        yield "known-article check", seconds_of(lambda: [*map(archive.has, both)]) / len(both)
        words = [word for word in Corpus().words[40:4_000] if len(word) == 2][:50]
        yield "search", seconds_of(lambda: [*map(archive.search, words)]) / len(words)
    with closing(open_site(news)) as pages:
        kinds = {what: paths for what, paths in addresses(posts, VISITS) if what in PAGES}
        for what, paths in kinds.items():
            visits = [asyncio.run(visit(pages, path)) for path in paths]
            yield f"page: {what}", statistics.median(visits) / 1e3
    copy = news.with_name("crawled")
    subprocess.run(["cp", "-a", "--reflink=auto", news, copy], check=True)  # noqa: S603, S607
    new, again = (
        crawl(site, finews_command(site), finews_environment(copy))[0].seconds for _ in range(2)
    )
    subprocess.run(["rm", "-r", copy], check=True)  # noqa: S603, S607
    yield f"crawl of {CRAWLED} new, an article", new / CRAWLED
    yield "crawl that finds nothing new", again


def show(costs: dict[int, Costs]) -> None:
    """Print what the smallest costs, and the factors of the others."""
    smallest, *larger = costs
    print(f"{'':34} {smallest:>9,} posts" + "".join(f"{posts:>12,}" for posts in larger))
    for what, seconds in costs[smallest].items():
        factors = "".join(f"{costs[posts][what] / seconds:11.2f}x" for posts in larger)
        print(f"{what:34} {seconds * 1e3:12.3f} ms{factors}")


if __name__ == "__main__":
    main()
