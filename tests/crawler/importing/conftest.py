import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from archive.cli import main
from archive.integrity.rebuild import rebuild
from archive.integrity.verify import verify
from tests.support.catalogs import tables

Import = Callable[..., Result]


@pytest.fixture
def news(tmp_path: Path) -> Path:
    return tmp_path / "imported"


@pytest.fixture
def run(news: Path) -> Import:
    """Run `finews import` in this process; it must not end with a traceback."""

    def run(*arguments: object) -> Result:
        ended = CliRunner().invoke(main, ["import", "--archive", str(news), *map(str, arguments)])
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
        return ended

    return run


def posts(news: Path, columns: str = "info_code") -> list[Any]:
    """Return columns of the archived posts; of one column, its values."""
    query = f"SELECT {columns} FROM posts ORDER BY info_code"  # noqa: S608
    with closing(sqlite3.connect(news / "catalog.db")) as db:
        found = db.execute(query).fetchall()
    return [row[0] if len(row) == 1 else row for row in found]


def is_whole(news: Path) -> bool:
    """Nothing is wrong with an archive, and its catalog can be generated again."""
    before = tables(news)
    assert verify(news).problems == []
    assert rebuild(news).lost == []
    return tables(news) == before
