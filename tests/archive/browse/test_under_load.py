"""Many read a real ``finews browse`` while the archive is written: neither disturbs the other."""

import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count, cycle, islice
from pathlib import Path

import httpx

from archive.archive import Archive
from archive.article import Article
from tests.archive.browse.conftest import REVISED, article, many_articles, served

READERS, ROUNDS = 6, 2
NEW = 4
PATHS = (
    "/",
    "/news?q=后市",
    "/news?page=last",
    "/news.atom",
    "/security/1.600160",
    f"/catalog/posts/{REVISED}",
    f"/catalog/posts/{REVISED}/changes",
    "/catalog/posts?_search=央行",
    "/catalog/posts.json?_sort=length",
    "/catalog/posts.csv?_stream=1",
    "/catalog",
)


def test_neither_readers_nor_the_writer_meet_an_error(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        archive.add_many([article(REVISED), *many_articles()])
        with served(tmp_path) as address, ThreadPoolExecutor(READERS) as readers:
            reading = [readers.submit(read, address, start) for start in range(READERS)]
            batches = count()
            while not all(reader.done() for reader in reading):
                archive.add_many(batch(next(batches)))
            met = sum((reader.result() for reader in reading), Counter[int]())
            assert met == {200: READERS * ROUNDS * len(PATHS)}
            found = httpx.get(f"{address}catalog/posts.json?_size=0&title__contains=新来").json()
    assert found["filtered_table_rows_count"] == next(batches) * NEW
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as catalog:
        assert catalog.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def batch(number: int) -> list[Article]:
    """New articles, and a change of an old one."""
    changed = article(REVISED, body=f"<p>央行第 {number} 次开展逆回购操作。</p>")
    new = [
        article(f"NW20211230{number:05d}{of_batch:05d}", title=f"新来：第 {number} 批")
        for of_batch in range(NEW)
    ]
    return [changed, *new]


def read(address: str, start: int) -> Counter[int]:
    """How often each status was met."""
    with httpx.Client(base_url=address, timeout=60) as client:
        paths = islice(cycle(PATHS), start, start + ROUNDS * len(PATHS))
        return Counter(client.get(path).status_code for path in paths)
