"""``python -m bench.importing``: how fast posts are imported, against a plain loop; the memory."""

import argparse
import resource
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from archive.content import format_post, parse_post, post_path, read_body
from archive.importing import import_posts
from bench.articles import as_article
from bench.corpus import Corpus
from bench.harness import seconds_of

BATCH = 500
TABLE = """
    CREATE TABLE posts (
        info_code TEXT PRIMARY KEY, title TEXT NOT NULL, published TEXT NOT NULL,
        category TEXT, tag TEXT, digest TEXT, link TEXT, pictures TEXT, text TEXT NOT NULL
    )
"""
INSERT = "INSERT INTO posts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"

Work = Callable[[Path, Path], None]


def main() -> None:
    """Write the posts, take them in both ways at two sizes, print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.importing", description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000)
    arguments = parser.parse_args()
    print(f"{'':28} {'posts/s':>8} {'to plain':>9} {'MB, writes':>11} {'MB, reads':>10}")
    for posts in (max(1, arguments.posts // 5), arguments.posts):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            write_posts(folder / "site" / "_posts", posts)
            baseline = show(f"{posts:,}: plain loop", plain, folder, posts, None)
            show(f"{posts:,}: import", take_in, folder, posts, baseline)
            show(f"{posts:,}: the same again", take_in, folder, posts, baseline)


def write_posts(folder: Path, posts: int) -> None:
    """A flat folder, as a checkout of the site has it."""
    folder.mkdir(parents=True)
    for post in Corpus().posts(posts):
        article = as_article(post)
        (folder / post_path(article).name).write_bytes(format_post(article))


def show(what: str, work: Work, folder: Path, posts: int, baseline: float | None) -> float:
    """Do the work in a process of its own and print its row; returns the posts per second."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        seconds, writer, readers = process.submit(measured, work, folder).result()
    rate = posts / seconds
    ratio = rate / (baseline or rate)
    print(f"{what:28} {rate:8,.0f} {ratio:9.2f} {writer:11,.0f} {readers:10,.0f}", flush=True)
    return rate


def measured(work: Work, folder: Path) -> tuple[float, float, float]:
    """Seconds, and peak megabytes of this process and of the largest that it started."""
    seconds = seconds_of(lambda: work(folder / "site", folder))
    users = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    writer, readers = (resource.getrusage(who).ru_maxrss / 1024 for who in users)
    return seconds, writer, readers


def take_in(site: Path, folder: Path) -> None:
    """What ``finews import`` does."""
    import_posts(folder / "news", [site])


def plain(site: Path, folder: Path) -> None:
    """Read, parse, insert, and nothing of what an archive promises."""
    rows = plain_rows(site)
    with closing(sqlite3.connect(folder / "plain.db")) as catalog:
        catalog.execute("PRAGMA journal_mode = WAL")
        catalog.execute(TABLE)
        while batch := list(islice(rows, BATCH)):
            with catalog:
                catalog.executemany(INSERT, batch)


def plain_rows(site: Path) -> Iterator[tuple[str | None, ...]]:
    """Posts as `INSERT` takes them."""
    for path in site.rglob("*.md"):
        post = parse_post(path.read_bytes(), path.name)
        body = read_body(post.body)
        yield (
            *(post.info_code, post.title, str(post.published), post.category, post.tag),
            *(post.digest, post.link, body.pictures_json, body.text),
        )


if __name__ == "__main__":
    main()
