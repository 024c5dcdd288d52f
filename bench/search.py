"""``python -m bench.search``: how fast and how large the search is, against a plain table."""

import argparse
import random
import sqlite3
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from sqlite_utils import Database

from archive.browse.filters import read_filters
from archive.search import create_search, register, search, without_index
from bench.corpus import Corpus, MadeUpPost

BATCH = 500
SCANS = 5
"""Of each kind of query; a scan of a large table takes seconds."""

POSTS = """
    CREATE TABLE posts (
        id INTEGER NOT NULL UNIQUE, info_code TEXT PRIMARY KEY, title TEXT NOT NULL,
        published TEXT NOT NULL, media TEXT, category TEXT, digest TEXT, text TEXT NOT NULL,
        body_source TEXT
    )
"""
INSERT = "INSERT INTO posts VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'share_api')"
SCAN = "SELECT id FROM posts WHERE {} ORDER BY published DESC, id DESC LIMIT 20"
SCAN_ALL = "SELECT count(*) FROM posts WHERE {}"
LIKE = "(title LIKE '%' || ? || '%' OR digest LIKE '%' || ? || '%' OR text LIKE '%' || ? || '%')"
DATASETTES = {
    "rows": "SELECT * FROM posts WHERE {} ORDER BY published DESC, info_code LIMIT 21",
    "count": "SELECT count(*) FROM posts WHERE {}",
    "facet": """
        SELECT media, count(*) AS posts FROM posts WHERE {} AND media IS NOT NULL
        GROUP BY media ORDER BY posts DESC, media LIMIT 13
    """,
}
"""What a table page of `finews browse` asks for a search."""


def main() -> None:
    """Build the catalogs, ask the queries, print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=300, help="of each kind")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = build(Path(folder), arguments.posts)
        print_sizes(database, arguments.posts)
        print_times(database, arguments.posts, arguments.queries)
        database.close()


def build(folder: Path, posts: int) -> Database:
    """Time three ways of filling a catalog; returns the one that was made in bulk."""
    plain, live, bulk = (new_catalog(folder / name) for name in ("plain.db", "live.db", "bulk.db"))
    create_search(live)
    create_search(bulk)
    bulk.table("posts").create_index(["media", "published", "id"])
    few = min(posts, 10_000)

    def in_bulk() -> None:
        with without_index(bulk):
            fill(bulk, posts)

    print(f"{'posts per second':24} {'':>10} {'to plain':>9}")
    baseline = few / seconds(lambda: fill(plain, few))
    rates = {
        "without an index": baseline,
        f"one by one, to {few:,}": few / seconds(lambda: fill(live, few)),
        "in bulk": posts / seconds(in_bulk),
    }
    for way, rate in rates.items():
        print(f"{way:24} {rate:10,.0f} {rate / baseline:9.3f}", flush=True)
    plain.close()
    live.close()
    return bulk


def new_catalog(path: Path) -> Database:
    """An empty catalog of posts, set up as the archive does it."""
    database = Database(path)
    database.enable_wal()
    register(database.conn)
    database.execute(POSTS)
    return database


def fill(database: Database, posts: int) -> None:
    """Insert posts in batches, as a crawl does."""
    rows = map(as_row, Corpus().posts(posts))
    while batch := [row for row, _ in zip(rows, range(BATCH), strict=False)]:
        with database.atomic():
            database.conn.executemany(INSERT, batch)


def as_row(post: MadeUpPost) -> tuple[object, ...]:
    """A post as `INSERT` takes it."""
    return (
        *(post.id, post.info_code, post.title, post.published, post.media),
        *(post.category, post.digest, post.text),
    )


def print_sizes(database: Database, posts: int) -> None:
    """Bytes per post of text, table and index."""
    sizes: Counter[str] = Counter()
    for name, size in database.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"):
        part = "search index" if name.startswith("posts_search") else "posts and their indexes"
        sizes[part] += size
    ((text,),) = database.execute(
        "SELECT sum(length(CAST(title || coalesce(digest, '') || text AS BLOB))) FROM posts"
    )
    print(f"\n{'bytes per post':24} {'':>10} {'to text':>9}")
    for part, size in {"text": text, **sizes}.items():
        print(f"{part:24} {size / posts:10,.0f} {size / text:9.2f}")


def print_times(database: Database, posts: int, queries: int) -> None:
    """Milliseconds of each kind of query; first the newest 20, then other ways to ask."""
    connection = database.conn
    asked = query_sets(posts, queries)
    print(f"\n{'milliseconds':24} {'median':>10} {'95th':>9} {'most':>9} {'to scan':>9}")
    for kind, terms in asked.items():
        scans = times(scan, connection, terms[:: -(-len(terms) // SCANS)])
        scanned = statistics.median(scans)
        show(kind, times(search, connection, terms), scanned)
        show("  last page", times(last_page, connection, terms), scanned)
        for part, sql in DATASETTES.items():
            show(
                f"  Datasette's {part}", times(partial(datasette, sql), connection, terms), scanned
            )
        show("  LIKE '%…%'", scans, scanned)


def show(kind: str, taken: list[float], scanned: float) -> None:
    """Print one row."""
    median, most = statistics.median(taken), max(taken)
    late = statistics.quantiles(taken, n=20, method="inclusive")[-1]
    print(f"{kind:24} {median:10.1f} {late:9.1f} {most:9.1f} {median / scanned:9.4f}", flush=True)


def times(
    ask: Callable[[sqlite3.Connection, str], object],
    connection: sqlite3.Connection,
    queries: Iterable[str],
) -> list[float]:
    """Milliseconds of each query."""
    return [seconds(partial(ask, connection, query)) * 1000 for query in queries]


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def scan(connection: sqlite3.Connection, query: str) -> None:
    """What `search` finds out, the newest 20 and how many there are, without an index."""
    terms = query.split()
    condition = " AND ".join([LIKE] * len(terms))
    values = [term for term in terms for _ in range(3)]
    for sql in (SCAN, SCAN_ALL):
        connection.execute(sql.format(condition), values).fetchall()


def last_page(connection: sqlite3.Connection, query: str) -> object:
    """The oldest 20; the total is asked for again."""
    return search(connection, query, offset=max(0, search(connection, query, limit=0).total - 20))


def datasette(sql: str, connection: sqlite3.Connection, query: str) -> object:
    """One of `DATASETTES`, narrowed as the plugin does it."""
    filters = read_filters(connection, {"_search": query})
    return connection.execute(sql.format(*filters.where_clauses), filters.params).fetchall()


def query_sets(posts: int, count: int) -> dict[str, list[str]]:
    """Queries by kind: of each, a third are the corpus's most frequent ones.

    Half of the others are whole words and phrases of them, half begin anywhere in a post.
    """
    rng = random.Random(7)
    corpus = Corpus()
    texts = [post.text for post in corpus.posts(min(posts, 2_000))]
    kinds = {
        f"{length} character{'s' * (length > 1)}": substrings(rng, texts, corpus.words, length)
        for length in (1, 2, 4)
    }
    asked = {
        kind: [*frequent(texts, int(kind[0]), count // 3), *take(terms, count - count // 3)]
        for kind, terms in kinds.items()
    }
    pairs = asked["2 characters"]
    asked["two terms"] = [f"{rng.choice(pairs)} {rng.choice(pairs)}" for _ in range(count)]
    return asked


def substrings(
    rng: random.Random, texts: list[str], words: list[str], length: int
) -> Iterator[str]:
    """Endless substrings without white space; every second one begins with a whole word."""
    known = frozenset(words)
    want_word = False
    while True:
        text = rng.choice(texts)
        start = rng.randrange(len(text) - length)
        term = text[start : start + length]
        if term.split() == [term] and not (want_word and term[:2] not in known and length > 1):
            yield term
            want_word = not want_word


def frequent(texts: list[str], length: int, count: int) -> list[str]:
    """The substrings of a length that most posts have."""
    posts_by_term = Counter(
        term
        for text in texts[:500]
        for term in {text[at : at + length] for at in range(len(text) - length + 1)}
        if term.split() == [term]
    )
    return [term for term, _ in posts_by_term.most_common(count)]


def take(terms: Iterator[str], count: int) -> list[str]:
    """The first terms."""
    return [next(terms) for _ in range(count)]


if __name__ == "__main__":
    main()
