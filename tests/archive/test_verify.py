"""Verification finds every kind of damage, and repair mends what can be mended."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.errors import ArchiveLocked
from archive.verify import Wrong, repair, verify
from tests.archive.test_archive import CODE, FIRST_VERSION
from tests.archive.test_rebuild import OTHER, folder, tables

__all__ = ["folder"]

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
    path.write_bytes(data[:400] + b"\0" * 20 + data[420:])
    kinds = {kind for kind, _ in wrong(folder)}
    assert kinds == {Wrong.CAPTURE_DAMAGED, Wrong.CAPTURE_LOST}
    path.unlink()
    assert [kind for kind, _ in wrong(folder)] == [Wrong.CAPTURE_LOST]


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


def test_an_archive_in_use_is_not_verified(folder: Path) -> None:
    with Archive(folder), pytest.raises(ArchiveLocked):
        verify(folder)
