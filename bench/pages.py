"""``python -m bench.pages``: how fast the pages are over a large catalog, against a trivial one."""

import argparse
import asyncio
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from urllib.parse import urlencode

from sqlite_utils import Database

from archive.browse.cache import Cache
from archive.browse.plugin import open_site
from archive.browse.site import Site
from archive.catalog import Catalog, PostRow, RevisionRow, revision_of
from archive.catalog.history import PostState, begin_history, forget_history, record_state
from archive.clock import utc_iso
from archive.content import format_post, post_path
from archive.search import register, without_index
from bench.articles import SHARE, as_article
from bench.corpus import Corpus, MadeUpPost
from bench.harness import head, row

BATCH = 1_000
TRIVIAL = "/-/static/app.css"
ROUNDS = 30


def main() -> None:
    """Build an archive, visit its pages, print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="visits of each page")
    parser.add_argument("--folder", type=Path, help="keep the archive here, and use it again")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        if not (folder / "catalog.db").exists():
            started = time.perf_counter()
            build(folder, arguments.posts, superseded=arguments.posts * 3 // 10)
            print(f"{arguments.posts:,} posts in {time.perf_counter() - started:,.0f} s")
        with closing(open_site(folder, api_rate=0)) as site:
            asyncio.run(visit_all(site, arguments.posts, arguments.rounds))


def build(folder: Path, posts: int, superseded: int = 0, corpus: Corpus | None = None) -> None:
    """An archive of made-up posts: the whole catalog, and the files of the posts it visits.

    :param superseded: number of posts that have a superseded version.
    """
    folder.mkdir(parents=True, exist_ok=True)
    Catalog(folder / "catalog.db").close()
    database = Database(folder / "catalog.db")
    register(database.conn)
    corpus = corpus or Corpus()
    visited = set(visited_posts(posts, 1_000))
    with without_index(database):
        database.table("securities").insert_all(
            {
                "code": security.code,
                "market": int(security.code.partition(".")[0]),
                "symbol": security.code.partition(".")[2],
                "name": security.name,
                "kind": "share",
            }
            for security in corpus.securities
        )
        made_up = corpus.posts(posts)
        while batch := list(islice(made_up, BATCH)):
            database.conn.executemany(INSERT, map(as_row, batch))
            database.conn.executemany(
                "INSERT OR IGNORE INTO mentions (security, published, info_code) VALUES (?, ?, ?)",
                (
                    (security.code, post.published, post.info_code)
                    for post in batch
                    for security in post.securities
                ),
            )
            for post in batch:
                if post.id in visited:
                    write_file(folder, post)
        begin_history(database.conn)
        for number in random.Random(3).sample(range(1, posts + 1), superseded):
            add_version(database.conn, number)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def add_version(connection: sqlite3.Connection, number: int) -> None:
    """Let a post be the second version; the first has another title and other words."""
    cursor = connection.cursor()
    cursor.row_factory = sqlite3.Row
    row = cursor.execute("SELECT * FROM posts WHERE id = ?", [number]).fetchone()
    named = connection.execute(
        "SELECT security, found FROM mentions WHERE info_code = ?", [row["info_code"]]
    )
    past = PostRow(**{name: row[name] for name in COLUMNS if name != "id"})
    learnt = utc_iso(datetime.fromisoformat(past.first_seen) + timedelta(hours=3))
    present = PostState(replace(past, version=2, revised=learnt), dict(named.fetchall()))
    past = replace(past, title=past.title[::-1], text=past.text[: len(past.text) // 2])
    before = PostState(past, present.securities)
    revision = revision_of(past, list(present.securities), learnt)
    facts = {name: getattr(revision, name) for name in RevisionRow.__dataclass_fields__}
    facts["edition"] = revision.edition
    names = ", ".join(facts)
    connection.execute(
        f"INSERT INTO revisions ({names}) VALUES ({', '.join('?' * len(facts))})",
        list(facts.values()),
    )
    connection.execute("UPDATE posts SET version = 2, revised = ? WHERE id = ?", [learnt, number])
    forget_history(connection, past.info_code)
    record_state(connection, None, before, past.first_seen)
    record_state(connection, before, present, learnt)


COLUMNS = ("id", *PostRow.__dataclass_fields__)
INSERT = f"INSERT INTO posts ({', '.join(COLUMNS)}) VALUES ({', '.join(f':{c}' for c in COLUMNS)})"


def as_row(post: MadeUpPost) -> dict[str, object]:
    """A made-up post as a row of the catalog, seen five minutes after its publication."""
    seen = utc_iso(datetime.fromisoformat(post.published) + timedelta(minutes=5))
    row = PostRow(
        info_code=post.info_code,
        title=post.title,
        published=post.published,
        media=post.media,
        category=post.category,
        tag=f"{post.media}新闻",
        digest=post.digest,
        text=post.text,
        length=len(post.text),
        pictures="[]",
        body_source="mirror" if post.id % 50 == 0 else "share_api",
        body_provisional=False,
        link=SHARE + post.info_code,
        addresses="[]",
        captures="[]",
        path=f"_posts/{post_path(as_article(post))}",
        sha256="0" * 64,
        bytes=len(post.text.encode()),
        version=1,
        first_seen=seen,
        checked=seen,
        revised=None,
    )
    return {"id": post.id, **asdict(row)}


def write_file(folder: Path, post: MadeUpPost) -> None:
    """The file of a post."""
    article = as_article(post)
    path = folder / "_posts" / post_path(article)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(format_post(article))


def visited_posts(posts: int, rounds: int) -> list[int]:
    """Ids of the posts whose pages are visited."""
    return random.Random(1).choices(range(1, posts + 1), k=rounds)


def addresses(posts: int, rounds: int) -> Iterator[tuple[str, list[str]]]:
    """Kinds of page, and the addresses of that kind."""
    corpus = Corpus()
    rng = random.Random(2)
    by_id = set(visited_posts(posts, rounds))
    codes = {post.id: post.info_code for post in corpus.posts(posts) if post.id in by_id}
    visited = [codes[post] for post in visited_posts(posts, rounds)]
    media = rng.sample(corpus.media[:100], rounds)
    words = [word for word in corpus.words[40:4_000] if len(word) == 2]
    words = rng.sample(words[:200], rounds // 2) + rng.sample(words, rounds - rounds // 2)
    characters = [word[0] for word in rng.sample(words, rounds)]

    def news(**parameters: str) -> str:
        return f"/news?{urlencode(parameters)}"

    yield TRIVIAL, [TRIVIAL] * rounds
    yield "front page", ["/"] * rounds
    yield "all posts, with facets", ["/news"] * rounds
    yield "  its last page", ["/news?page=last"] * rounds
    yield "a media, with facets", [news(media=name) for name in media]
    yield "  its last page", [news(media=name, page="last") for name in media]
    yield "a source, with facets", [news(source="mirror")] * rounds
    yield "  its last page", [news(source="mirror", page="last")] * rounds
    yield "search, two characters", [news(q=word) for word in words]
    yield "  its last page", [news(q=word, page="last") for word in words]
    yield "  in one media", [news(q=w, media=m) for w, m in zip(words, media, strict=True)]
    yield "search, one character", [news(q=character) for character in characters]
    yield "search, two terms", [news(q=f"{a} {b}") for a, b in pairwise([*words, words[0]])]
    yield "search, in every post", [news(q="的")] * rounds
    yield "article", [f"/catalog/posts/{code}" for code in visited]
    then = {"as_of": "2021-01-01"}
    yield "as of a time", [news(**then)] * rounds
    yield "  search, two characters", [news(q=word, **then) for word in words]
    yield "  search, one character", [news(q=character, **then) for character in characters]
    yield "  a media", [news(media=name, **then) for name in media]
    yield "  article", [f"/catalog/posts/{code}?as_of=2026" for code in visited]
    yield "security", [f"/security/{s.code}" for s in rng.sample(corpus.securities[:300], rounds)]
    yield "media index", ["/media"] * rounds
    yield "feed of a media", [f"/news.atom?{urlencode({'media': name})}" for name in media]
    yield from api_addresses(words, characters, visited)
    yield "Datasette's table", ["/catalog/posts"] * rounds
    yield "  searched", [f"/catalog/posts?{urlencode({'_search': word})}" for word in words]


def api_addresses(
    words: list[str], characters: list[str], codes: list[str]
) -> Iterator[tuple[str, list[str]]]:
    """Kinds of question to the API, and the addresses of that kind."""

    def search(q: str, **more: str) -> str:
        return f"/api/v1/search?{urlencode({'q': q, **more})}"

    yield "API: search, two characters", [search(word) for word in words]
    yield "API: search, one character", [search(character) for character in characters]
    yield "API: search, two terms", [search(f"{a} {b}") for a, b in pairwise([*words, words[0]])]
    yield "  as of a time", [search(word, as_of="2026-11-23") for word in words]
    yield "API: article", [f"/api/v1/articles/{code}" for code in codes]
    yield "API: versions", [f"/api/v1/articles/{code}/versions" for code in codes]


async def visit_all(site: Site, posts: int, rounds: int) -> None:
    """Visit the kinds in turn, so that a slow moment of the machine meets all of them."""
    await site.client.get(TRIVIAL)
    kinds = list(addresses(posts, rounds))
    taken: list[list[float]] = [[] for _ in kinds]
    for number in range(rounds):
        for (_, paths), times in zip(kinds, taken, strict=True):
            times.append(await visit(site, paths[number % len(paths)]))
    head("milliseconds", "to trivial")
    for (kind, _), times in zip(kinds, taken, strict=True):
        row(kind, times, statistics.median(taken[0]))


async def visit(site: Site, path: str) -> float:
    """Milliseconds of one visit by the first visitor since the catalog changed."""
    site.cache = Cache(site.folder / "catalog.db")
    started = time.perf_counter()
    response = await site.client.get(path)
    taken = (time.perf_counter() - started) * 1_000
    if response.status_code != 200:
        raise SystemExit(f"{path} answered {response.status_code}: {response.text[:500]}")
    return taken


if __name__ == "__main__":
    main()
