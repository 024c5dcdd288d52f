"""Read the contents of an archive, to compare them after kills."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

#: Columns that are equal after two crawls of the same site: all but times, captures and order.
KEPT = {
    "posts": "info_code, title, published, media, category, tag, digest, text, length, pictures, "
    "body_source, body_provisional, link, addresses, path, sha256, bytes, version, revised, gone",
    "revisions": "info_code, version, path, sha256",
    "categories": "media, slug, tag",
    "securities": "code, market, symbol, name, kind",
    "mentions": "security, published, info_code",
}


def content(archive: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(archive / "catalog.db")) as catalog:
        return {
            table: catalog.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2, 3").fetchall()  # noqa: S608
            for table, columns in KEPT.items()
        }
