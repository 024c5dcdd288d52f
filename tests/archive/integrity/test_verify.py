"""Verification finds every kind of damage, and repair mends what can be mended."""

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.catalog.writer import Catalog
from archive.clock import utc_now
from archive.errors import ArchiveError, ArchiveLocked, CatalogDamaged
from archive.importing import import_posts
from archive.integrity.rebuild import rebuild
from archive.integrity.repair import repair
from archive.integrity.verify import Problem, Wrong, verify
from archive.process_pool import Sharing
from archive.progress import Item
from archive.storage.paths import sha256
from archive.warc import CaptureWriter, conversion_record, finished_name, read_records
from archive.writing import Outcome
from tests.support.articles import ARTICLE, CODE, FIRST_VERSION, Clock, Killed, files, kill
from tests.support.captures import exchange
from tests.support.catalogs import OTHER, damage_a_capture, tables

MOVED = f"_posts/2022/02/2022-02-07-{CODE}.md"
UNMOVED = f"_posts/2021/12/2021-12-29-{OTHER}.md"


def wrong(folder: Path) -> list[tuple[Wrong, str]]:
    return [(problem.wrong, problem.place) for problem in verify(folder).problems]


def test_a_whole_archive_is_told_so(folder: Path) -> None:
    verified = verify(folder)
    assert not verified.problems
    assert verified.files == 5
    assert verified.captures == 1 + 3 * 2 + 5 * 2 + 1 + 1 + 3


@pytest.mark.parametrize("place", [UNMOVED, FIRST_VERSION])
def test_a_lost_file_is_told_and_written_again(folder: Path, place: str) -> None:
    data = (folder / place).read_bytes()
    (folder / place).unlink()
    problems = verify(folder).problems
    assert [(problem.wrong, problem.place) for problem in problems] == [(Wrong.FILE_LOST, place)]
    assert repair(folder, problems) == [f"{place} was written again from its capture."]
    assert (folder / place).read_bytes() == data
    assert not wrong(folder)


def test_a_changed_file_is_told_and_kept_beside_the_mended_one(folder: Path) -> None:
    path = folder / UNMOVED
    data = path.read_bytes()
    path.write_bytes(data + b" ")
    problems = verify(folder).problems
    assert [(problem.wrong, problem.place) for problem in problems] == [
        (Wrong.FILE_CHANGED, UNMOVED)
    ]
    (told,) = repair(folder, problems)
    assert f"what was there is now changed/{UNMOVED}" in told
    assert path.read_bytes() == data
    assert (folder / "changed" / UNMOVED).read_bytes() == data + b" "
    assert not wrong(folder)


def test_a_lost_row_is_told_and_made_again(folder: Path) -> None:
    before = tables(folder)
    with closing(sqlite3.connect(folder / "catalog.db")) as catalog:
        catalog.execute("DELETE FROM revisions WHERE version = 1")
        catalog.commit()
    problems = verify(folder).problems
    assert [(problem.wrong, problem.place) for problem in problems] == [
        (Wrong.ROW_LOST, FIRST_VERSION)
    ]
    assert "The catalog was rebuilt and has 2 posts." in repair(folder, problems)
    assert tables(folder) == before
    assert not wrong(folder)


def test_a_file_that_nothing_explains_is_told_and_stays(folder: Path) -> None:
    stranger = folder / "revisions" / "2021" / "stranger.md"
    stranger.write_bytes(b"?")
    problems = verify(folder).problems
    repair(folder, problems)
    assert stranger.read_bytes() == b"?"
    assert wrong(folder) == [(Wrong.ROW_LOST, "revisions/2021/stranger.md")]


def test_damaged_captures_are_told_with_what_they_were_of(folder: Path) -> None:
    (path,) = (folder / "warc").iterdir()
    data = path.read_bytes()
    at = next(record.offset for record in read_records(path) if record.kind == "response") + 60
    path.write_bytes(data[:at] + b"\0" * 20 + data[at + 20 :])
    problems = verify(folder).problems
    assert {problem.wrong for problem in problems} == {Wrong.CAPTURE_DAMAGED, Wrong.CAPTURE_LOST}
    lost = next(problem for problem in problems if problem.wrong == Wrong.CAPTURE_LOST)
    assert " a record of http://site.test/a?id=1&id=2 there, " in str(lost)
    assert len({*map(str, problems)}) == len(problems)
    path.unlink()
    of_the_file, of_what_it_told = wrong(folder)
    assert of_the_file[0] is Wrong.CAPTURE_LOST
    assert of_what_it_told == (Wrong.CAPTURE_LOST, "warc")


@pytest.mark.parametrize("damage", [b"no database", None])
def test_a_damaged_or_lost_catalog_is_told_and_rebuilt(folder: Path, damage: bytes | None) -> None:
    before = tables(folder)
    catalog = folder / "catalog.db"
    for file in folder.glob("catalog.db*"):
        file.unlink()
    if damage:
        catalog.write_bytes(damage * 1000)
    problems = verify(folder).problems
    assert problems
    repair(folder, problems)
    assert tables(folder) == before
    assert not wrong(folder)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payloads SET url = 'https://example.com/' || url",
        "UPDATE revisions SET captures = replace(captures, 'http', 'https://example.com/http')",
    ],
)
def test_a_row_that_names_a_record_of_something_else_is_told_and_made_again(
    folder: Path, statement: str
) -> None:
    before = tables(folder)
    with closing(sqlite3.connect(folder / "catalog.db")) as catalog, catalog:
        assert catalog.execute(statement).rowcount
    problems = verify(folder).problems
    assert {problem.wrong for problem in problems} == {Wrong.ROW_CHANGED}
    assert "a record of https://example.com/" in str(problems[0])
    repair(folder, problems)
    assert not wrong(folder)
    assert tables(folder) == before


def test_a_row_whose_captures_cannot_be_read_is_told_and_made_again(folder: Path) -> None:
    before = tables(folder)
    with closing(sqlite3.connect(folder / "catalog.db")) as catalog, catalog:
        catalog.execute("UPDATE revisions SET captures = '[{' WHERE version = 1")
    problems = verify(folder).problems
    assert [(problem.wrong, problem.place) for problem in problems] == [
        (Wrong.ROW_CHANGED, FIRST_VERSION)
    ]
    repair(folder, problems)
    assert not wrong(folder)
    assert tables(folder) == before


def test_a_row_that_names_a_record_where_none_begins_is_told_and_made_again(folder: Path) -> None:
    before = tables(folder)
    with closing(sqlite3.connect(folder / "catalog.db")) as catalog, catalog:
        catalog.execute("UPDATE payloads SET offset = offset + 1")
    problems = verify(folder).problems
    assert {problem.wrong for problem in problems} == {Wrong.CAPTURE_LOST}
    repair(folder, problems)
    assert not wrong(folder)
    assert tables(folder) == before


def test_a_lost_file_of_captures_costs_no_row(folder: Path) -> None:
    before = tables(folder)
    (path,) = (folder / "warc").iterdir()
    path.unlink()
    told = repair(folder, verify(folder).problems)
    assert "The catalog was not rebuilt." in told[-1]
    assert tables(folder) == before


def test_an_archive_in_use_is_not_verified(folder: Path) -> None:
    with Archive(folder), pytest.raises(ArchiveLocked):
        verify(folder)


def test_repair_does_not_make_the_catalog_poorer(folder: Path) -> None:
    (folder / "_posts" / "README.md").write_bytes(b"a stray file")
    (folder / UNMOVED).unlink()
    damage_a_capture(folder)
    before = tables(folder)
    mended, refused = repair(folder, verify(folder).problems)
    assert mended == f"{UNMOVED} was written again from its capture."
    assert refused.startswith("The catalog was not rebuilt.")
    assert tables(folder) == before
    assert wrong(folder) == [
        (Wrong.CAPTURE_DAMAGED, f"warc/{next((folder / 'warc').iterdir()).name}"),
        (Wrong.ROW_LOST, "_posts/README.md"),
        (Wrong.ROW_CHANGED, UNMOVED),
        (Wrong.CAPTURE_LOST, "warc"),
    ]


def test_a_folder_that_is_no_archive_is_refused_untouched(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ArchiveError, match="There is no archive in"):
            verify(place)
    assert not list(tmp_path.iterdir())


def test_what_a_kill_has_left_of_a_moved_post_is_named_and_removed(folder: Path) -> None:
    kept = f"revisions/2022/02/2022-02-07-{CODE}.3.md"
    (folder / MOVED).write_bytes((folder / kept).read_bytes())
    before = tables(folder)
    problems = verify(folder).problems
    assert [(problem.wrong, problem.place) for problem in problems] == [(Wrong.LEFTOVER, MOVED)]
    assert repair(folder, problems) == [f"{MOVED} was removed; its bytes are stored as {kept}."]
    assert not (folder / MOVED).exists()
    assert (folder / kept).exists()
    assert not wrong(folder)
    assert tables(folder) == before


def test_what_is_kept_nowhere_else_is_no_leftover(folder: Path) -> None:
    kept = f"revisions/2022/02/2022-02-07-{CODE}.3.md"
    data = (folder / kept).read_bytes()
    (folder / MOVED).write_bytes(data)
    leftover = verify(folder).problems
    (folder / kept).unlink()
    assert {kind for kind, _ in wrong(folder)} == {Wrong.ROW_LOST, Wrong.FILE_LOST}
    assert repair(folder, leftover) == []
    assert (folder / MOVED).read_bytes() == data


def test_changed_files_are_all_kept(folder: Path) -> None:
    path = folder / UNMOVED
    for note in (b"one", b"two", b"three"):
        path.write_bytes(note)
        repair(folder, verify(folder).problems)
    aside = sorted((folder / "changed").rglob("*.md"))
    assert {file.read_bytes() for file in aside} == {b"one", b"two", b"three"}
    assert not wrong(folder)


def test_a_lost_capture_that_others_revisit_is_told(tmp_path: Path) -> None:
    folder, clock = tmp_path / "news", Clock()
    with Archive(folder, clock=clock) as archive:
        archive.capture(exchange(b"payload"))
    clock.now += timedelta(days=1)
    with Archive(folder, clock=clock) as archive:
        archive.add(replace(ARTICLE, captures=(archive.capture(exchange(b"payload")),)))
    assert not wrong(folder)
    first, second = sorted((folder / "warc").iterdir())
    first.unlink()
    lost, revisiting = wrong(folder)
    assert lost == (Wrong.CAPTURE_LOST, f"warc/{first.name}")
    assert revisiting[0] is Wrong.CAPTURE_LOST
    assert revisiting[1].startswith(f"warc/{second.name} at ")


def test_everything_is_made_again_of_the_captures_alone(folder: Path) -> None:
    before, kept = tables(folder), files(folder)
    for room in ("_posts", "revisions"):
        shutil.rmtree(folder / room)
    for file in folder.glob("catalog.db*"):
        file.unlink()
    told = repair(folder, verify(folder).problems)
    assert len([done for done in told if done.endswith("written again from its capture.")]) == 5
    assert told[-1] == "The catalog was rebuilt and has 2 posts."
    assert (tables(folder), files(folder)) == (before, kept)
    assert not wrong(folder)


def test_imported_versions_are_made_again_of_the_captures_alone(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    name = f"2021-12-29-{CODE}.md"
    (site / name).write_bytes(b"---\ntitle: a broken post\n")
    (site / name.replace(".md", ".1.md")).write_bytes(b"---\ntitle: and an older one\n")
    folder = tmp_path / "news"
    import_posts(folder, [site])
    before, kept = tables(folder), files(folder)
    for room in ("_posts", "revisions"):
        shutil.rmtree(folder / room)
    (folder / "catalog.db").write_bytes(b"no database")
    repair(folder, verify(folder).problems)
    assert (tables(folder), files(folder)) == (before, kept)
    assert not wrong(folder)


def test_a_changed_post_is_kept_beside_the_version_that_the_captures_have(folder: Path) -> None:
    before, data = tables(folder), (folder / UNMOVED).read_bytes()
    (folder / UNMOVED).write_bytes(b"mine")
    for file in folder.glob("catalog.db*"):
        file.unlink()
    told = repair(folder, verify(folder).problems)
    assert told[0].endswith(f"what was there is now changed/{UNMOVED}.")
    assert (folder / UNMOVED).read_bytes() == data
    assert (folder / "changed" / UNMOVED).read_bytes() == b"mine"
    assert tables(folder) == before


def test_captures_cannot_name_a_place_outside_the_archive(tmp_path: Path) -> None:
    folder = tmp_path / "news"
    for place in ("../outside.md", "_posts/../../outside.md", f"{tmp_path}/outside.md"):
        shutil.rmtree(folder, ignore_errors=True)
        captures = CaptureWriter(folder / "warc", utc_now(), find_payload=lambda _: None)
        captures.write(conversion_record(f"urn:finews:{CODE}", b"post", utc_now()), utc_now())
        post = {"info_code": CODE, "version": 1, "path": place, "sha256": sha256(b"post")}
        captures.write_facts(f"urn:finews:{CODE}", {"post": post, "version": "new"}, utc_now())
        captures.close()
        told = repair(folder, verify(folder).problems)
        assert told[-1].startswith(f"No file has version 1 of {CODE}")
        assert [path.name for path in tmp_path.iterdir()] == ["news"]


def test_verified_in_several_processes_it_is_the_same(folder: Path) -> None:
    (folder / UNMOVED).write_bytes(b"changed")
    (folder / MOVED).write_bytes(b"unknown")
    (folder / FIRST_VERSION).unlink()
    damage_a_capture(folder)
    alone = verify(folder)
    assert len(alone.problems) == 6
    assert verify(folder, sharing=Sharing(processes=2, files=1, piece_bytes=700)) == alone


def test_a_kill_between_file_and_row_is_mended_without_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "news"
    changed = replace(ARTICLE, title="二")
    with Archive(folder, clock=Clock()) as archive, monkeypatch.context() as patch:
        archive.add(ARTICLE)
        patch.setattr("archive.catalog.writer.Catalog.put", kill)
        with pytest.raises(Killed):
            archive.add(changed)
    problems = verify(folder).problems
    assert {told.wrong for told in problems} == {Wrong.FILE_CHANGED, Wrong.ROW_LOST}
    assert repair(folder, problems) == ["The catalog was rebuilt and has 1 posts."]
    assert not wrong(folder)
    assert not (folder / "changed").exists()
    with Archive(folder) as archive:
        assert archive.add(changed) is Outcome.UNCHANGED
    assert not wrong(folder)


def test_files_are_mended_before_a_damaged_catalog_is_made_again(folder: Path) -> None:
    before = tables(folder)
    (folder / UNMOVED).unlink()
    told = Problem(Wrong.CATALOG_DAMAGED, "catalog.db", "a page is broken")
    mended, rebuilt = repair(folder, [*verify(folder).problems, told])
    assert mended == f"{UNMOVED} was written again from its capture."
    assert rebuilt == "The catalog was rebuilt and has 2 posts."
    assert tables(folder) == before
    assert not wrong(folder)


def test_what_lies_behind_links_is_checked(folder: Path, tmp_path: Path) -> None:
    """An operator may move a full year, or one file, to another disk."""
    elsewhere = tmp_path / "elsewhere"
    shutil.move(folder / "_posts" / "2021", elsewhere)
    (folder / "_posts" / "2021").symlink_to(elsewhere)
    shutil.move(folder / FIRST_VERSION, tmp_path / "version")
    (folder / FIRST_VERSION).symlink_to(tmp_path / "version")
    verified = verify(folder)
    assert (verified.problems, verified.files) == ([], 5)
    (elsewhere / "12" / UNMOVED.rpartition("/")[2]).write_bytes(b"changed")
    (tmp_path / "version").unlink()
    assert wrong(folder) == [(Wrong.FILE_CHANGED, UNMOVED), (Wrong.FILE_LOST, FIRST_VERSION)]


def test_strange_files_among_the_posts_are_told_and_end_nothing(folder: Path) -> None:
    month = folder / "_posts" / "2021" / "12"
    os.mkfifo(month / f"2021-12-01-{OTHER}.md")
    (month / f"2021-12-02-{OTHER}.md").symlink_to("nowhere")
    Path(os.fsdecode(os.fsencode(month) + b"/2021-12-03-\xff.md")).write_bytes(b"?")
    assert [(kind, place.rpartition("/")[2]) for kind, place in wrong(folder)] == [
        (Wrong.ROW_LOST, f"2021-12-01-{OTHER}.md"),
        (Wrong.ROW_LOST, f"2021-12-02-{OTHER}.md"),
        (Wrong.ROW_LOST, "2021-12-03-\\udcff.md"),
    ]


def test_captures_that_are_not_found_by_the_name_of_their_file_are_told(folder: Path) -> None:
    """Somebody has brought back an older copy, or named one as they liked."""
    (path,) = (folder / "warc").iterdir()
    records = [*read_records(path, frozenset({"response"}))]
    finished = path.with_name(finished_name(path))
    path = path.rename(finished.with_suffix(".gz.open"))
    finished.write_bytes(path.read_bytes()[: records[1].offset])
    problems = verify(folder).problems
    assert [(each.wrong, each.place) for each in problems[:2]] == [
        (Wrong.LEFTOVER, f"warc/{path.name}"),
        (Wrong.CAPTURE_LOST, f"warc/{finished.name} at {records[1].offset}"),
    ]
    path.rename(finished)
    assert not wrong(folder)
    named = finished.rename(finished.with_name("finews-20200101-00001.backup.warc.gz"))
    assert wrong(folder) == [
        (Wrong.LEFTOVER, f"warc/{named.name}"),
        (Wrong.CAPTURE_LOST, f"warc/{finished.name}"),
    ]
    shutil.copy(named, finished)
    copy = named.rename(Path(os.fsdecode(os.fsencode(folder / "warc") + b"/\xff.warc.gz")))
    before = tables(folder)
    assert wrong(folder) == [(Wrong.LEFTOVER, f"warc/{copy.name}")]
    rebuild(folder)
    assert tables(folder) == before


def test_what_could_be_read_of_a_damaged_catalog_is_taken_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = Catalog.rows

    def rows(catalog: Catalog, table: str, columns: Sequence[str]) -> Iterator[sqlite3.Row]:
        yield from islice(sound(catalog, table, columns), 1 if table == "post_files" else None)
        if table == "post_files":
            raise CatalogDamaged("a page is broken")

    monkeypatch.setattr(Catalog, "rows", rows)
    kinds = [kind for kind, _ in wrong(folder)]
    assert kinds.count(Wrong.CATALOG_DAMAGED) == 1
    assert kinds.count(Wrong.ROW_LOST) == 4


def test_a_damaged_catalog_is_made_again_whatever_else_is_left_over(folder: Path) -> None:
    before = tables(folder)
    leftover = f"_posts/2020/01/2020-01-01-{CODE}.md"
    (folder / leftover).parent.mkdir(parents=True)
    shutil.copy(folder / FIRST_VERSION, folder / leftover)
    damage_a_table(folder / "catalog.db", "crawls")
    problems = verify(folder).problems
    assert [each.wrong for each in problems].count(Wrong.CATALOG_DAMAGED) == 1
    assert repair(folder, problems)[-1].startswith("The catalog was rebuilt")
    assert wrong(folder) == [(Wrong.LEFTOVER, leftover)]
    repair(folder, verify(folder).problems)
    assert not wrong(folder)
    assert tables(folder) == before


def damage_a_table(catalog: Path, table: str) -> None:
    with closing(sqlite3.connect(catalog)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        sql = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        (page,) = connection.execute(sql, (table,)).fetchone()
    with catalog.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


@pytest.mark.parametrize("what", ["folder", "link", "socket"])
def test_what_is_no_file_in_the_place_of_a_post_is_kept_beside_the_mended_one(
    folder: Path, what: str
) -> None:
    path = folder / UNMOVED
    data = path.read_bytes()
    path.unlink()
    match what:
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to("nowhere")
        case "socket":
            os.mknod(path, stat.S_IFSOCK | 0o600)
    problems = verify(folder).problems
    assert [(each.wrong, each.place) for each in problems] == [(Wrong.FILE_LOST, UNMOVED)]
    repair(folder, problems)
    assert path.read_bytes() == data
    assert os.path.lexists(folder / "changed" / UNMOVED)
    assert not wrong(folder)


def test_progress_has_a_step_for_whatever_is_read(folder: Path) -> None:
    taken: list[int] = []
    totals: list[int] = []

    def progress(what: str, steps: Sequence[Item]) -> Iterable[Item]:
        totals.append(len(steps))
        for step in steps:
            taken.append(len(taken))
            yield step

    assert verify(folder, progress, sharing=Sharing(files=2)).files == 5
    assert totals == [len(taken)]
