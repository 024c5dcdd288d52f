"""The requests and the stored articles of a crawl of the sample site."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from demo.replica import Replica

REAL = "NW202112292230175548"


def asked(replica: Replica, host: str) -> list[str]:
    return [entry.request.url for entry in replica.requests if entry.request.host == host]


def article_requests(replica: Replica) -> list[str]:
    urls = [entry.request.url for entry in replica.requests]
    return [url for url in urls if "GetNewsText.do" in url or "/20" in url]


def rows(archive: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(archive / "catalog.db")) as catalog:
        return catalog.execute(sql).fetchall()
