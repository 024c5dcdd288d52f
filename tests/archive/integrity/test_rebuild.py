"""The catalog made again from files equals the one it replaces."""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.archive import Archive
from archive.article import BodySource
from archive.article_id import InfoCode
from archive.catalog.writer import Catalog
from archive.errors import ArchiveError, ArchiveLocked
from archive.integrity.rebuild import LessCompleteCatalog, rebuild
from archive.process_pool import Sharing
from archive.progress import Item
from archive.warc import read_records
from tests.support.articles import ARTICLE, CODE, POST, Clock, Killed, kill
from tests.support.catalogs import OTHER, damage_a_capture, tables


def found(folder: Path, term: str) -> list[str]:
    with Archive(folder) as archive:
        return [hit.info_code for hit in archive.search(term)]


def test_a_rebuilt_catalog_equals_the_old_one_row_by_row(folder: Path) -> None:
    before = tables(folder)
    assert [len(rows) for rows in before.values()] == [2, 3, 1, 1, 1, 2, 2, 1, 5, 6, 1, 0, 3]
    (folder / "catalog.db").unlink()
    rebuilt = rebuild(folder)
    assert tables(folder) == before
    assert (rebuilt.posts, rebuilt.lost, rebuilt.unread, rebuilt.damage) == (2, [], [], [])
    assert found(folder, "央行") == [OTHER, CODE]
    assert found(folder, "央行三") == [CODE]
    rebuild(folder)
    assert tables(folder) == before
    assert not list(folder.glob("catalog.db.*"))


def test_readers_go_on_while_the_catalog_is_replaced(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "catalog.db")) as reader:
        reader.execute("BEGIN")
        titles = reader.execute("SELECT title FROM posts").fetchall()
        rebuild(folder)
        assert reader.execute("SELECT title FROM posts").fetchall() == titles
        reader.rollback()
        assert reader.execute("SELECT count(*) FROM posts").fetchone() == (2,)


def test_a_catalog_that_is_no_database_is_kept_aside(folder: Path) -> None:
    before = tables(folder)
    (folder / "catalog.db").write_bytes(b"not a database, but ours" * 100)
    rebuild(folder)
    assert tables(folder) == before
    assert (folder / "catalog.db.corrupt").read_bytes().startswith(b"not a database")


def test_posts_without_captures_are_read_from_their_files(folder: Path) -> None:
    for capture in (folder / "warc").iterdir():
        capture.unlink()
    before = tables(folder)
    with pytest.raises(
        LessCompleteCatalog,
        match=r"lack 1 absences, 2 crawls, 2 payloads, 6 events.*no captures.*--force",
    ):
        rebuild(folder)
    assert tables(folder) == before
    assert not list(folder.glob("catalog.db.*"))
    rebuild(folder, force=True)
    rows = {row[1]: row for row in tables(folder)["posts"]}
    assert rows.keys() == {CODE, OTHER}
    with closing(sqlite3.connect(folder / "catalog.db")) as catalog:
        catalog.row_factory = sqlite3.Row
        row = dict(catalog.execute("SELECT * FROM posts WHERE info_code = ?", [OTHER]).fetchone())
    assert (row["title"], row["category"], row["path"]) == (
        *("别的", ARTICLE.category),
        POST.replace(CODE, OTHER),
    )
    assert (row["body_source"], row["version"], row["captures"]) == (None, 1, "[]")


def test_a_lost_file_of_captures_is_no_reason_to_replace_the_catalog(folder: Path) -> None:
    clock = Clock()
    clock.now += timedelta(days=2)
    with Archive(folder, clock=clock) as archive:
        archive.add(replace(ARTICLE, info_code=InfoCode("NW202112292230175600")))
    before = tables(folder)
    first, second = sorted((folder / "warc").iterdir())
    second.unlink()
    with pytest.raises(LessCompleteCatalog, match="lack 1 events in their order, 1 posts' origin"):
        rebuild(folder)
    assert tables(folder) == before
    assert first.exists()


def test_what_a_kill_left_in_the_captures_alone_is_told_and_no_reason_to_refuse(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Archive(folder, clock=Clock()) as archive, monkeypatch.context() as patch:
        patch.setattr("archive.writing.commit.publish", kill)
        with pytest.raises(Killed):
            archive.add(replace(ARTICLE, body="<p>央行四</p>"))
    before = tables(folder)
    (lost,) = rebuild(folder).lost
    assert (lost.info_code, lost.version) == (CODE, 5)
    assert tables(folder) == before
    with Archive(folder, clock=Clock()) as archive:
        archive.add(replace(ARTICLE, body="<p>央行五</p>"))
    before = tables(folder)
    assert rebuild(folder).lost == []
    assert tables(folder) == before


def test_rebuilt_in_several_processes_it_is_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, hits = tables(folder), found(folder, "央行")
    (folder / "_posts" / "README.md").write_bytes(b"a stray file")
    for file in folder.glob("catalog.db*"):
        file.unlink()
    rebuilt = rebuild(folder, sharing=Sharing(processes=2, files=1, piece_bytes=700))
    assert [str(path) for path in rebuilt.unread] == ["_posts/README.md"]
    assert (tables(folder), found(folder, "央行")) == (before, hits)


def test_progress_counts_pieces_posts_and_texts(folder: Path) -> None:
    shown: list[tuple[str, int]] = []

    def progress(what: str, steps: Sequence[Item]) -> Iterable[Item]:
        shown.append((what, len(steps)))
        return steps

    rebuild(folder, progress)
    assert shown == [("captures", 1), ("posts", 2), ("index", 2), ("index", 3)]


def test_what_no_file_has_is_told(folder: Path) -> None:
    (folder / POST.replace(CODE, OTHER)).unlink()
    (folder / "_posts" / "README.md").write_bytes(b"no post")
    rebuilt = rebuild(folder, force=True)
    assert rebuilt.posts == 1
    assert len(rebuilt.lost) == 1
    assert OTHER in str(rebuilt.lost[0])
    assert [str(path) for path in rebuilt.unread] == ["_posts/README.md"]


def test_a_kill_before_the_catalog_knew_is_told_twice_and_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "news"

    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    with Archive(folder, clock=Clock()) as archive, monkeypatch.context() as patch:
        patch.setattr("archive.catalog.writer.Catalog.put", kill)
        with pytest.raises(Killed):
            archive.add(ARTICLE)
        patch.undo()
        archive.add(replace(ARTICLE, info_code=OTHER))
        archive.add(ARTICLE)
        archive.add(replace(ARTICLE, title="二"))
        patch.setattr("archive.catalog.writer.Catalog.put", kill)
        with pytest.raises(Killed):
            archive.add(replace(ARTICLE, title="三"))
        patch.undo()
        archive.add(replace(ARTICLE, info_code=OTHER, title="别的二"))
        archive.add(replace(ARTICLE, title="三"))
    before = tables(folder)
    assert len(before["revisions"]) == 3
    rebuild(folder)
    assert tables(folder) == before


def test_an_archive_in_use_is_not_rebuilt(folder: Path) -> None:
    with Archive(folder), pytest.raises(ArchiveLocked):
        rebuild(folder)


def test_the_sources_of_bodies_survive(folder: Path) -> None:
    rebuild(folder)
    with closing(sqlite3.connect(folder / "catalog.db")) as catalog:
        sources = catalog.execute("SELECT body_source FROM revisions ORDER BY version").fetchall()
    assert sources == [(BodySource.MIRROR,), (BodySource.SHARE_API,), (BodySource.SHARE_API,)]


def test_a_sound_catalog_is_not_replaced_by_a_poorer_one(folder: Path) -> None:
    before = tables(folder)
    damage_a_capture(folder)
    with pytest.raises(LessCompleteCatalog, match=r"damaged at \d+.*--force") as refused:
        rebuild(folder)
    assert str(refused.value).isprintable()
    assert tables(folder) == before
    assert not list(folder.glob("catalog.db.*"))
    rebuilt = rebuild(folder, force=True)
    assert len(rebuilt.damage) == 1
    after = tables(folder)
    assert after != before
    assert {name: len(rows) for name, rows in after.items()} == {
        name: len(rows) - (name in ("absences", "events")) for name, rows in before.items()
    }


def test_whichever_record_is_damaged_a_sound_catalog_stays_as_it_is(folder: Path) -> None:
    with Archive(folder, clock=Clock()) as archive:
        archive.mark_listed(OTHER, ["1.600519"])
        archive.mark_listed(CODE, ["1.600519"])

    def known() -> dict[str, list[Any]]:
        rows = tables(folder)
        return rows | {"posts": sorted(row[1:] for row in rows["posts"])}  # their numbers are free

    before = known()
    (path,) = (folder / "warc").iterdir()
    data = path.read_bytes()
    for record in list(read_records(path)):
        damaged = bytearray(data)
        damaged[record.offset + 40] ^= 0xFF
        path.write_bytes(damaged)
        with suppress(LessCompleteCatalog):
            rebuild(folder)
        assert known() == before, record


def test_a_damaged_or_empty_catalog_gives_way_to_what_the_files_have(folder: Path) -> None:
    damage_a_capture(folder)
    (folder / "catalog.db").write_bytes(b"not a database" * 100)
    assert rebuild(folder).posts == 2
    for file in folder.glob("catalog.db*"):
        file.unlink()
    Catalog(folder / "catalog.db").close()
    assert rebuild(folder).posts == 2


def test_a_post_that_differs_from_every_version_is_told(folder: Path) -> None:
    stranger = folder / "_posts" / f"2020-01-01-{OTHER}.md"
    stranger.write_bytes(b"what somebody put there")
    before = tables(folder)
    (told,) = rebuild(folder).strange
    assert told.startswith(f"_posts/2020-01-01-{OTHER}.md differs from every version")
    assert tables(folder) == before


def test_a_folder_that_is_no_archive_is_refused_untouched(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ArchiveError, match="There is no archive in"):
            rebuild(folder)
    assert not list(tmp_path.iterdir())
