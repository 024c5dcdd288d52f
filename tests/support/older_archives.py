"""Archives as releases wrote them that knew no causes of versions."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from archive.catalog import CatalogEntry
from archive.catalog.migrations import catalog_migrations
from archive.search import register
from archive.writing import commit, journal

_FACTS_OF = journal.facts_of
_NEWER_THAN_CAUSES = ("cause", "edits", "flags", "keywords", "modified")
_OF_A_REVISION = (
    *("info_code", "version", "path", "sha256", "bytes", "body_source", "captures", "superseded"),
    "extractor",
)


def write_older_records(patch: pytest.MonkeyPatch) -> None:
    """Write records of versions without causes from now on."""
    patch.setattr(commit, "facts_of", _older_facts)


def _older_facts(entry: CatalogEntry) -> tuple[str, Mapping[str, Any]]:
    target, facts = _FACTS_OF(entry)
    for name in _NEWER_THAN_CAUSES:
        del facts["post"][name]
    if "revision" in facts:
        facts["revision"] = {name: facts["revision"][name] for name in _OF_A_REVISION}
    return target, facts


def downgrade(folder: Path, before: str = "versions") -> None:
    """Write the catalog of an archive again with an older schema.

    :param before: name of the migration that the schema lacks; by default that of causes.
    """
    place, former = folder / "catalog.db", folder / "former.db"
    with closing(sqlite3.connect(place)) as catalog:
        catalog.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    place.rename(former)
    for suffix in ("-wal", "-shm"):
        place.with_name(f"{place.name}{suffix}").unlink(missing_ok=True)
    older = Database(place)
    register(older.conn)
    catalog_migrations.apply(older, stop_before=before)
    older.execute("ATTACH ? AS former", [str(former)])
    tables = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE '%search%'"
    for (table,) in older.execute(tables).fetchall():
        if table.startswith(("sqlite", "_")):
            continue
        columns = older.execute("SELECT name FROM pragma_table_info(?, 'main')", [table])
        names = ", ".join(name for (name,) in columns)
        if table == "changes":  # a view by now
            names = "info_code, at, what"
        older.execute(
            f"INSERT OR IGNORE INTO main.{table} ({names}) SELECT {names} FROM former.{table}"  # noqa: S608
        )
    older.conn.commit()
    older.close()
    former.unlink()
