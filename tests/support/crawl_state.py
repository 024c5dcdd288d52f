"""Change the crawl state, as time or another machine would."""

import sqlite3
from contextlib import closing
from pathlib import Path


def change_crawl_state(archive: Path, *statements: str) -> None:
    """Run SQL statements on the crawl state of an archive that is not open."""
    with closing(sqlite3.connect(archive / "crawl-state.db")) as db, db:
        for statement in statements:
            db.execute(statement)
