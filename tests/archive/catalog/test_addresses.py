"""The table of addresses, also of archives that were written before there was one."""

import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from archive.archive import Archive
from archive.article_id import InfoCode
from archive.catalog.migrations import catalog_migrations
from archive.integrity.verify import verify
from archive.search import register
from tests.conftest import ROOT
from tests.support.articles import ARTICLE, CODE, MIRRORED, rows
from tests.support.editions import MEDIA, ROLLING

NEW_COLUMNS = {"source", "author", "lang", "precision", "extractor", "mentioned"}


def test_an_archive_of_0_1_0_gets_its_addresses(tmp_path: Path) -> None:
    with tarfile.open(ROOT / "tests" / "golden" / "archive-0.1.0.tar.gz") as packed:
        packed.extractall(tmp_path, filter="data")
    with Archive(tmp_path / "news") as archive:
        stored = list(archive.posts())
        assert stored
        for row in stored:
            assert row.source == "eastmoney"
            link = row.link or ""
            assert archive.article_at(link) == InfoCode.from_address(link)
    assert verify(tmp_path / "news").problems == []


def test_an_archive_with_two_editions_is_brought_up_to_date(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        archive.add_many([MEDIA, ROLLING, MIRRORED])
        before = list(archive.posts()), archive.editions(MEDIA.info_code)
    _as_before_any_source(tmp_path / "catalog.db")
    with Archive(tmp_path) as archive:
        assert (list(archive.posts()), archive.editions(MEDIA.info_code)) == before
        assert archive.article_at(MEDIA.link) == MEDIA.info_code
        archive.add(ARTICLE)
        assert archive.article_at("http://api/") == CODE
    assert rows(tmp_path, "SELECT DISTINCT found FROM mentions ORDER BY found")
    assert verify(tmp_path).problems == []


def _as_before_any_source(path: Path) -> None:
    """Put the rows of a catalog into one of the release before."""
    older = path.with_suffix(".older")
    db = Database(older)
    catalog_migrations.apply(db, stop_before="any_source")
    db.close()
    with closing(sqlite3.connect(older)) as catalog:
        register(catalog, {})
        catalog.execute("ATTACH ? AS new", [str(path)])
        for table in ("posts", "editions", "revisions", "mentions", "securities", "payloads"):
            columns = [row[1] for row in catalog.execute(f"PRAGMA main.table_info({table})")]
            assert NEW_COLUMNS.isdisjoint(columns)
            names = ", ".join(columns)
            catalog.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM new.{table}")  # noqa: S608
        catalog.commit()
    for file in path.parent.glob("catalog.db*"):
        if file != older:
            file.unlink()
    older.rename(path)


def test_what_an_address_leads_to_is_forgotten_with_the_article(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        archive.add(ARTICLE)
        archive._catalog.forget(ARTICLE.info_code, ARTICLE.edition)
        assert archive.article_at(ARTICLE.link) is None
        assert not archive.has(InfoCode(CODE))
