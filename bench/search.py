"""``python -m bench.search``: how fast and how large the search is, against a scan of the posts."""

import argparse
import random
import sqlite3
import statistics
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from archive.browse.filters import read_filters
from archive.search import Query, count, find, register
from archive.storage import open_catalog
from bench.corpus import Corpus
from bench.harness import head, row, seconds_of
from bench.pages import build

# Of each kind of query; a scan of a large table takes seconds.
SCANS = 5
LIKE = "(title LIKE '%' || ? || '%' OR digest LIKE '%' || ? || '%' OR text LIKE '%' || ? || '%')"
# What a table page of Datasette asks for a search.
DATASETTE = {
    "rows": "SELECT * FROM posts WHERE {} ORDER BY published DESC, info_code LIMIT 21",
    "count": "SELECT count(*) FROM posts WHERE {}",
    "facet": """
        SELECT media, count(*) AS posts FROM posts WHERE {} AND media IS NOT NULL
        GROUP BY media ORDER BY posts DESC, media LIMIT 13
    """,
}


def main() -> None:
    """Build a catalog, print its sizes and the milliseconds of each kind of query."""
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=300, help="of each kind")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder), given.posts, superseded=given.posts * 3 // 10)
        with closing(open_catalog(Path(folder))) as catalog:
            register(catalog)
            print_sizes(catalog, given.posts)
            head("milliseconds", "to scan")
            sets = query_sets(given.posts, given.queries)
            for kind, queries in sets.items():
                print_times(catalog, kind, queries)
            head("milliseconds", "to now")
            for kind, queries in sets.items():
                print_times_then(catalog, kind, queries)


def print_sizes(catalog: sqlite3.Connection, posts: int) -> None:
    """Print the bytes per post of text, tables and index."""
    sizes: Counter[str] = Counter()
    for name, size in catalog.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"):
        part = "search index" if name.startswith("posts_search") else "posts and their indexes"
        sizes[part] += size
    ((text,),) = catalog.execute(
        "SELECT sum(length(CAST(title || coalesce(digest, '') || text AS BLOB))) FROM posts"
    )
    print(f"{'bytes per post':28} {'':>9} {'':>9} {'to text':>12}")
    for part, size in {"text": text, **sizes}.items():
        print(f"{part:28} {size / posts:9,.0f} {'':>9} {size / text:12.2f}")


def print_times(catalog: sqlite3.Connection, kind: str, queries: list[str]) -> None:
    """Print a row for each way to ask."""
    scans = [1e3 * seconds_of(partial(scan, catalog, query)) for query in queries[:SCANS]]
    ways: dict[str, Callable[[sqlite3.Connection, str], object]]
    ways = {kind: newest, "  last page": oldest}
    ways |= {f"  Datasette's {part}": partial(datasette, sql) for part, sql in DATASETTE.items()}
    for name, way in ways.items():
        times = [1e3 * seconds_of(partial(way, catalog, query)) for query in queries]
        row(name, times, statistics.median(scans))
    row("  LIKE '%…%'", scans, statistics.median(scans))


def print_times_then(catalog: sqlite3.Connection, kind: str, queries: list[str]) -> None:
    """Print a row for the present, for random times, and for every version."""
    rng = random.Random(8)
    times = [at for (at,) in catalog.execute("SELECT known_from FROM post_history")]
    now = [Query(q=query) for query in queries]
    ways = {
        kind: now,
        "  as of a time": [query.changed(as_of=rng.choice(times)) for query in now],
        "  versions:all": [query.changed(q=f"{query.q} versions:all") for query in now],
    }
    taken = {
        name: [1e3 * seconds_of(partial(ask, catalog, query)) for query in asked]
        for name, asked in ways.items()
    }
    for name, milliseconds in taken.items():
        row(name, milliseconds, statistics.median(taken[kind]))


def ask(catalog: sqlite3.Connection, query: Query) -> object:
    """Ask for the newest 20, and how many there are."""
    return find(catalog, query), count(catalog, query)


def newest(catalog: sqlite3.Connection, query: str) -> object:
    """Ask for the newest 20, and how many there are."""
    return ask(catalog, Query(q=query))


def oldest(catalog: sqlite3.Connection, query: str) -> object:
    """Ask for the oldest 20, and how many there are."""
    return find(catalog, Query(q=query), oldest_first=True), count(catalog, Query(q=query))


def datasette(sql: str, catalog: sqlite3.Connection, query: str) -> object:
    """Ask one of `DATASETTE`, narrowed as the plugin does it."""
    filters = read_filters(catalog, {"_search": query})
    return catalog.execute(sql.format(*filters.where_clauses), filters.params).fetchall()


def scan(catalog: sqlite3.Connection, query: str) -> None:
    """Ask for the newest 20, and how many there are, without an index."""
    terms = query.split()
    where = " AND ".join([LIKE] * len(terms))
    values = [term for term in terms for _ in range(3)]
    for what, order in (("id", " ORDER BY published DESC, id DESC LIMIT 20"), ("count(*)", "")):
        catalog.execute(f"SELECT {what} FROM posts WHERE {where}{order}", values).fetchall()


def query_sets(posts: int, number: int) -> dict[str, list[str]]:
    """Return queries by kind: the most frequent substrings of posts, and twice as many others."""
    rng = random.Random(7)
    texts = [post.text for post in Corpus().posts(min(posts, 2_000))]
    asked = {}
    for length in (1, 2, 4):
        frequent = Counter(term for text in texts[:500] for term in set(terms_of(text, length)))
        some = [term for term, _ in frequent.most_common(number // 3)]
        while len(some) < number:
            some.append(rng.choice(list(terms_of(rng.choice(texts), length))))
        asked[f"{length} character{'s' * (length > 1)}"] = rng.sample(some, len(some))
    pairs = asked["2 characters"]
    asked["two terms"] = [f"{rng.choice(pairs)} {rng.choice(pairs)}" for _ in range(number)]
    return asked


def terms_of(text: str, length: int) -> Iterator[str]:
    """Yield the substrings of a length that have no white space."""
    terms = (text[at : at + length] for at in range(len(text) - length + 1))
    return (term for term in terms if term.split() == [term])


if __name__ == "__main__":
    main()
