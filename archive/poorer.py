"""Tells what one catalog knows and another does not."""

import sqlite3
from contextlib import closing
from pathlib import Path

from archive.catalog import Catalog
from archive.errors import ArchiveError

_KEYS = {
    "posts": ("info_code",),
    "revisions": ("info_code", "version"),
    "changes": ("info_code", "at", "what"),
    "crawls": ("id", "ended"),
    "payloads": ("digest",),
    "pictures": ("address",),
    "categories": ("media",),
    "securities": ("code",),
}
_PROVENANCE = """
    SELECT count(*) FROM old.posts AS old JOIN posts AS new USING (info_code)
    WHERE new.version < old.version OR new.checked < old.checked
        OR new.first_seen <> old.first_seen
        OR new.version = old.version AND (
            new.body_source IS NULL AND old.body_source IS NOT NULL
            OR new.captures = '[]' AND old.captures <> '[]'
            OR new.checked = old.checked AND new.stock_list <> old.stock_list
        )
"""


def lacking(fresh: Path, old: Path) -> list[str]:
    """What a catalog lacks that an old one knows, a phrase each.

    :returns: nothing where the old one is not there or damaged.
    """
    if not old.exists() or not _is_sound(old):
        return []
    with closing(sqlite3.connect(fresh)) as catalog:
        catalog.execute("ATTACH ? AS old", (str(old),))
        counts = {f"{table}": _missing(catalog, table, *key) for table, key in _KEYS.items()}
        (provenance,) = catalog.execute(_PROVENANCE).fetchone()
    counts["posts' origin, first look or latest version"] = provenance
    return [f"{count} {what}" for what, count in counts.items() if count]


def _is_sound(place: Path) -> bool:
    try:
        with Catalog(place) as catalog:  # which brings it to the present shape
            return not catalog.damage()
    except ArchiveError:
        return False


def _missing(catalog: sqlite3.Connection, table: str, *key: str) -> int:
    columns = ", ".join(key)
    sql = f"SELECT {columns} FROM old.{table} EXCEPT SELECT {columns} FROM main.{table}"  # noqa: S608
    (count,) = catalog.execute(f"SELECT count(*) FROM ({sql})").fetchone()  # noqa: S608
    return int(count)
