"""Catalogs as tests compare them, and the archives that they list."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from archive.archive import Archive
from archive.article_id import InfoCode
from archive.warc import read_records
from tests.support.articles import ARTICLE, MIRRORED, Clock
from tests.support.captures import exchange

TABLES = (
    "posts",
    "revisions",
    "categories",
    "securities",
    "mentions",
    "crawls",
    "payloads",
    "absences",
    "versions",
    "events",
    "illustrations",
    "pictures",
    "addresses",
)

OTHER = InfoCode("NW202112292230175599")


def tables(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(folder / "catalog.db")) as catalog:
        return {
            table: catalog.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()  # noqa: S608
            for table in TABLES
        }


def full_archive(folder: Path) -> Path:
    """Create an archive with everything in it that an archive can have."""
    with Archive(folder, clock=Clock()) as archive:
        crawl = archive.begin_crawl("finews", {"since": "2021-12-29"})
        capture = archive.capture(exchange(b"answer"))
        archive.add(replace(MIRRORED, body_provisional=True, captures=(capture,)))
        archive.add(replace(ARTICLE, info_code=OTHER, title="别的", media=None))
        archive.capture(exchange(b"answer"))
        archive.add(replace(ARTICLE, captures=(archive.capture(exchange(b"better")),)))
        archive.add(ARTICLE)
        moved = replace(ARTICLE, published=ARTICLE.published + timedelta(days=40), title="改")
        archive.add_many([moved, replace(ARTICLE, body="<p>央行三</p>")])
        archive.mark_gone(OTHER)
        archive.end_crawl(crawl, 0, "Done.", {"found": 2, "added": 2})
        archive.begin_crawl("finews", {})
    return folder


def damage_a_capture(folder: Path) -> None:
    """Flip a byte of the last record of a post."""
    (path,) = (folder / "warc").iterdir()
    notes = [record for record in read_records(path) if record.url.startswith("urn:finews:NW")]
    data = bytearray(path.read_bytes())
    data[notes[-1].offset + 40] ^= 0xFF
    path.write_bytes(data)
