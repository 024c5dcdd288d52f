"""Compare two catalogs: count what an old one has and a rebuilt one lacks."""

import os
import sqlite3
from contextlib import AbstractContextManager, closing
from pathlib import Path

from archive.catalog import Catalog
from archive.errors import CatalogDamaged, MisshapenCatalog
from archive.storage import sqlite_errors
from archive.translation import N_

# What the new catalog lacks, and the columns that identify a row, by table.
_KEYS = {
    "posts": (N_("%(count)s posts"), "info_code"),
    "editions": (N_("%(count)s editions"), "info_code", "edition"),
    "revisions": (N_("%(count)s revisions"), "info_code", "version"),
    "absences": (N_("%(count)s absences"), "info_code", "edition", "gone_from"),
    "crawls": (N_("%(count)s crawls"), "id", "ended"),
    "payloads": (N_("%(count)s payloads"), "digest"),
    "pictures": (N_("%(count)s pictures"), "address"),
    "categories": (N_("%(count)s categories"), "media"),
    "securities": (N_("%(count)s securities"), "code"),
}
_EVENTS = N_("%(count)s events in their order")
_ORIGINS = N_("%(count)s posts' origin, first check or latest version")
_SUPERSEDED = N_("%(count)s superseded versions' origin")
# Columns that identify a row as well, where the two catalogs differ in those of `_KEYS`.
_PLACES = {"posts": ("path",), "revisions": ("path",), "payloads": ("file", "offset")}
# Columns that `_COUNT_ORIGINS` needs.
_ORIGIN = {
    *("info_code", "version", "checked", "first_seen", "body_source", "captures", "stock_list")
}
# Posts about whose origin or history the new catalog states less.
_COUNT_ORIGINS = """
    SELECT count(*) FROM old.posts AS old JOIN posts AS new USING (info_code)
    WHERE new.version < old.version OR new.checked < old.checked
        OR new.first_seen <> old.first_seen
        OR new.version = old.version AND (
            new.body_source IS NULL AND old.body_source IS NOT NULL
            OR new.captures = '[]' AND old.captures <> '[]'
            OR new.checked = old.checked AND new.stock_list <> old.stock_list
        )
"""
# Revisions about whose origin the new catalog states less.
_COUNT_REVISION_ORIGINS = """
    SELECT count(*) FROM old.revisions AS old JOIN revisions AS new USING (info_code, path)
    WHERE new.body_source IS NULL AND old.body_source IS NOT NULL
        OR new.captures = '[]' AND old.captures <> '[]'
"""
# Events that the new catalog lacks or has in another order; those of one second have no order in
# catalogs of older releases.
_COUNT_EVENTS = """
    SELECT count(*) FROM (
        SELECT info_code, edition, version, event, min(cursor) OVER (PARTITION BY at)
        FROM old.events
        EXCEPT
        SELECT info_code, edition, version, event, min(cursor) OVER (PARTITION BY at)
        FROM main.events
    )
"""
_COUNT_POSTS = "SELECT count(*) FROM old.posts"


def lacking(fresh: Path, old: Path) -> list[str]:
    """Return what a catalog lacks that an old one has, a phrase each, such as "3 payloads".

    :returns: an empty list where the old catalog does not exist or is damaged.
    :raises ArchiveError: when the old catalog cannot be read at the moment.
    """
    if not old.exists() or not _is_sound(old):
        return []
    with closing(sqlite3.connect(fresh.absolute())) as catalog, _reading(old):
        catalog.execute("ATTACH ? AS old", (os.fsencode(old.absolute()),))
        counts = {
            phrase: _missing(catalog, table, *key)
            for table, (phrase, *key) in _KEYS.items()
            if _columns(catalog, table).issuperset((*key, *_PLACES.get(table, ())))
        }
        # A catalog of an early release has the origin in other columns: all of it would be lost.
        origin = _COUNT_ORIGINS if _columns(catalog, "posts") >= _ORIGIN else _COUNT_POSTS
        if _columns(catalog, "events"):
            (counts[_EVENTS],) = catalog.execute(_COUNT_EVENTS).fetchone()
        (counts[_ORIGINS],) = catalog.execute(origin).fetchone()
        (counts[_SUPERSEDED],) = catalog.execute(_COUNT_REVISION_ORIGINS).fetchone()
    return [phrase % {"count": count} for phrase, count in counts.items() if count]


def _is_sound(place: Path) -> bool:
    try:
        with Catalog(place) as catalog:  # opening it migrates it to the present schema
            return not catalog.damage()
    except CatalogDamaged:
        return False
    except MisshapenCatalog:
        with _reading(place), closing(sqlite3.connect(place.absolute())) as file:
            has_posts = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'posts'"
            sound = file.execute("PRAGMA quick_check").fetchall() == [("ok",)]
            return sound and file.execute(has_posts).fetchone() == (1,)


def _reading(place: Path) -> AbstractContextManager[None]:
    return sqlite_errors(f"Could not read the catalog {place}")


def _columns(catalog: sqlite3.Connection, table: str) -> set[str]:
    """Return the columns of a table of the old catalog; none where it has no such table."""
    names = catalog.execute("SELECT name FROM pragma_table_info(?, 'old')", [table])
    return {name for (name,) in names}


def _missing(catalog: sqlite3.Connection, table: str, *key: str) -> int:
    """Count the rows of a table that the old catalog has and the new one lacks."""
    columns = ", ".join(key)
    old = f"SELECT {columns} FROM old.{table}"  # noqa: S608
    if table in _PLACES:
        place = ", ".join(_PLACES[table])
        old += f" WHERE ({place}) NOT IN (SELECT {place} FROM main.{table})"  # noqa: S608
    sql = f"{old} EXCEPT SELECT {columns} FROM main.{table}"  # noqa: S608
    (count,) = catalog.execute(f"SELECT count(*) FROM ({sql})").fetchone()  # noqa: S608
    return int(count)
