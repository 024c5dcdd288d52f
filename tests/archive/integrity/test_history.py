"""No version is ever destroyed, whatever the catalog believes."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.content.front_matter import format_post
from archive.errors import ArchiveError, CatalogMissing, CatalogOutdated
from archive.integrity.rebuild import rebuild
from archive.integrity.repair import repair
from archive.integrity.verify import Wrong, verify
from archive.search.index import register
from archive.storage import reading_catalog
from tests.support.articles import ARTICLE, FIRST_VERSION, POST, Clock, files, rows

SECOND_VERSION = FIRST_VERSION.replace(".1.md", ".2.md")
VERSIONS = [
    replace(ARTICLE, body=f"<p>{text}</p>") for text in ("first", "second", "third", "fourth")
]
BYTES = [format_post(version) for version in VERSIONS]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An archive of an article with two versions."""
    with Archive(tmp_path / "news", clock=Clock()) as archive:
        for version in VERSIONS[:2]:
            archive.add(version)
    return tmp_path / "news"


def remove_catalog(folder: Path) -> None:
    for path in folder.glob("catalog.db*"):
        path.unlink()


def remove_captures(folder: Path) -> None:
    shutil.rmtree(folder / "warc")


def add(folder: Path, number: int) -> None:
    with Archive(folder, clock=Clock()) as archive:
        archive.add(VERSIONS[number])


@pytest.mark.parametrize("empty", [False, True])
def test_nothing_is_written_to_posts_without_a_catalog(folder: Path, empty: bool) -> None:
    remove_catalog(folder)
    if empty:
        (folder / "catalog.db").touch()
    before = files(folder)
    with pytest.raises(CatalogMissing, match="finews rebuild"):
        Archive(folder)
    assert files(folder) == before
    rebuild(folder)
    add(folder, 2)
    assert files(folder) == {FIRST_VERSION: BYTES[0], SECOND_VERSION: BYTES[1], POST: BYTES[2]}
    assert verify(folder).problems == []


def test_captures_alone_are_an_archive_without_a_catalog(folder: Path) -> None:
    remove_catalog(folder)
    shutil.rmtree(folder / "_posts")
    shutil.rmtree(folder / "revisions")
    with pytest.raises(CatalogMissing):
        Archive(folder)


def test_nothing_is_written_with_a_catalog_that_is_older_than_the_files(
    folder: Path, tmp_path: Path
) -> None:
    older = shutil.copy(folder / "catalog.db", tmp_path / "older.db")
    with Archive(folder, clock=Clock()) as archive:
        crawl = archive.begin_crawl("finews", {})
        archive.add(VERSIONS[2])
        archive.end_crawl(crawl, 0, "", {})
    expected = known_history(folder)
    remove_catalog(folder)
    shutil.copy(older, folder / "catalog.db")
    before = files(folder)
    with pytest.raises(CatalogOutdated, match="it lacks crawl 1,"):
        Archive(folder)
    assert files(folder) == before
    repair(folder, verify(folder).problems)
    assert verify(folder).problems == []
    assert known_history(folder) == expected
    Archive(folder).close()


def test_a_crawl_whose_end_was_not_recorded_stops_no_other(folder: Path) -> None:
    with Archive(folder, clock=Clock()) as archive:
        archive.begin_crawl("finews", {})
    remove_catalog(folder)
    rebuild(folder)
    with closing(sqlite3.connect(folder / "catalog.db")) as catalog, catalog:
        catalog.execute("DELETE FROM crawls")
    Archive(folder).close()


def test_superseded_versions_alone_are_an_archive(folder: Path) -> None:
    remove_catalog(folder)
    remove_captures(folder)
    shutil.rmtree(folder / "_posts")
    with pytest.raises(CatalogMissing, match="finews rebuild"):
        Archive(folder)
    (named,) = rebuild(folder).strange
    assert f"{FIRST_VERSION} is a version of an article that has no post" in named
    add(folder, 2)
    assert files(folder) == {FIRST_VERSION: BYTES[0], POST: BYTES[2]}


def known_history(folder: Path) -> list[tuple[object, ...]]:
    with reading_catalog(folder) as catalog:
        return catalog.execute("SELECT * FROM versions ORDER BY seen_from").fetchall()


def test_without_captures_the_superseded_versions_are_taken_in(folder: Path) -> None:
    remove_catalog(folder)
    remove_captures(folder)
    assert rebuild(folder).strange == []
    assert rows(folder, "SELECT version FROM posts") == [{"version": 2}]
    assert rows(folder, "SELECT version, path FROM revisions") == [
        {"version": 1, "path": FIRST_VERSION}
    ]
    assert verify(folder).problems == []
    add(folder, 2)
    add(folder, 3)
    kept = files(folder)
    assert set(kept.values()) == set(BYTES)
    assert kept[FIRST_VERSION] == BYTES[0]
    assert verify(folder).problems == []


def test_a_file_that_no_row_names_is_not_written_over(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "catalog.db")) as catalog, catalog:
        register(catalog)
        catalog.execute("DELETE FROM revisions")
        catalog.execute("UPDATE posts SET version = 1")
    add(folder, 2)
    assert set(files(folder).values()) == set(BYTES[:3])


def test_posts_newer_than_captures_and_catalog_become_versions(
    folder: Path, tmp_path: Path
) -> None:
    old = shutil.copytree(folder, tmp_path / "old")
    add(folder, 2)
    add(folder, 3)
    for room in ("_posts", "revisions"):
        shutil.rmtree(old / room)
        shutil.copytree(folder / room, old / room)
    before = files(old)
    assert rebuild(old).strange == []
    assert rows(old, "SELECT version FROM posts") == [{"version": 4}]
    assert files(old) == before
    assert {problem.wrong for problem in verify(old).problems} == {Wrong.CAPTURE_LOST}


def test_a_version_that_only_captures_know_is_named(folder: Path) -> None:
    """As when a crawl had begun anew over an archive whose catalog was lost."""
    (folder / FIRST_VERSION).unlink()
    with closing(sqlite3.connect(folder / "catalog.db")) as catalog, catalog:
        catalog.execute("DELETE FROM revisions")
    (problem,) = (each for each in verify(folder).problems if each.wrong is Wrong.VERSION_LOST)
    assert problem.place == POST


@pytest.mark.parametrize("seconds", [0.2])
def test_a_busy_catalog_is_not_a_damaged_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr("archive.storage.databases.BUSY_SECONDS", seconds)
    before = (folder / "catalog.db").read_bytes()
    with closing(sqlite3.connect(folder / "catalog.db")) as other:
        other.execute("PRAGMA locking_mode = exclusive")
        other.execute("BEGIN EXCLUSIVE")
        for check in (rebuild, verify):
            with pytest.raises(ArchiveError, match="locked"):
                check(folder)
    assert (folder / "catalog.db").read_bytes() == before
    assert not list(folder.glob("*.corrupt"))
    assert verify(folder).problems == []
