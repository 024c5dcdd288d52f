"""Verification compares the catalog with the captures, both ways, whatever became of a row."""

import shutil
import sqlite3
import tarfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from archive.archive import Archive
from archive.article_id import InfoCode
from archive.catalog.writer import Catalog
from archive.cli import main
from archive.commands.statuses import Status
from archive.errors import MisshapenCatalog
from archive.importing import import_posts
from archive.integrity.journal_digests import REVISION
from archive.integrity.rebuild import rebuild
from archive.integrity.repair import repair
from archive.integrity.verify import Problem, Wrong, verify
from archive.search.index import register
from archive.storage.paths import is_place_of_version
from archive.warc import CaptureWriter, read_records
from archive.writing.journal import NOTED
from tests.support.articles import ARTICLE, CODE, FIRST_VERSION, Clock
from tests.support.captures import NOW, exchange
from tests.support.catalogs import tables
from tests.support.images import PICTURE, A

GOLDEN = Path(__file__).parents[2] / "golden"
CAPTURES = "(SELECT captures FROM posts WHERE captures <> '[]')"


def change(folder: Path, sql: str, values: Sequence[object] = ()) -> None:
    """Change rows as somebody might who has an SQLite shell."""
    with closing(sqlite3.connect(folder / "catalog.db")) as catalog, catalog:
        register(catalog, {})
        assert catalog.execute(sql, values).rowcount > 0, sql


def problems(folder: Path) -> list[tuple[Wrong, str]]:
    return [(problem.wrong, problem.place) for problem in verify(folder).problems]


def mended(folder: Path, before: dict[str, list[tuple[Any, ...]]]) -> bool:
    repair(folder, verify(folder).problems)
    return not problems(folder) and tables(folder) == before


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM payloads WHERE rowid = 1", {Wrong.ROW_LOST}),
        (
            "UPDATE payloads SET digest = 'sha1:' || url WHERE rowid = 1",
            {Wrong.ROW_LOST, Wrong.ROW_CHANGED},
        ),
        ("UPDATE payloads SET fetched = '2020-01-01T00:00:00Z'", {Wrong.ROW_CHANGED}),
        ("UPDATE payloads SET url = url || '&'", {Wrong.ROW_CHANGED}),
        ("UPDATE payloads SET file = 'x' || file", {Wrong.CAPTURE_LOST}),
        ("UPDATE payloads SET file = x'00' WHERE rowid = 1", {Wrong.ROW_LOST, Wrong.ROW_CHANGED}),
        ("UPDATE payloads SET offset = 'x' WHERE rowid = 1", {Wrong.ROW_LOST, Wrong.ROW_CHANGED}),
        (
            "INSERT INTO payloads SELECT digest || '0', url, file, offset, fetched FROM payloads",
            {Wrong.ROW_CHANGED},
        ),
    ],
)
def test_what_the_catalog_knows_of_payloads_is_what_the_captures_have(
    folder: Path, statement: str, told: set[Wrong]
) -> None:
    before = tables(folder)
    change(folder, statement)
    assert {kind for kind, _ in problems(folder)} == told
    assert mended(folder, before)


def test_payloads_that_a_kill_kept_from_the_catalog_are_told_to_it_by_the_next_crawl(
    tmp_path: Path,
) -> None:
    killed = tmp_path / "killed"
    with Archive(tmp_path / "news", clock=Clock()) as archive:
        archive.add(ARTICLE)
        archive.capture(exchange(b"after the last article"))
        shutil.copytree(archive.folder, killed)
    assert list((killed / "warc").glob("*.writing"))
    assert not problems(killed)
    with Archive(killed, clock=Clock()):
        pass
    assert not problems(killed)
    change(killed, "DELETE FROM payloads")
    assert [kind for kind, _ in problems(killed)] == [Wrong.ROW_LOST]


@pytest.mark.parametrize(
    "captures",
    [
        "'[]'",
        "'[{}]'",
        "'{}'",
        "'[1]'",
        f"json_set({CAPTURES}, '$[0].offset', NULL)",
        f"json_set({CAPTURES}, '$[0].offset', '7')",
        f"json_set({CAPTURES}, '$[0].fetched', '2020-01-01T00:00:00Z')",
        f"json_insert({CAPTURES}, '$[0].more', 1)",
        f"json_remove({CAPTURES}, '$[0].file')",
        f"CAST({CAPTURES} AS BLOB)",
    ],
)
def test_captures_that_a_version_does_not_have_are_told_and_made_again(
    folder: Path, captures: str
) -> None:
    with Archive(folder, clock=Clock()) as archive:
        archive.add(replace(ARTICLE, title="新", captures=(archive.capture(exchange(b"new")),)))
    before = tables(folder)
    assert not problems(folder)
    change(folder, f"UPDATE posts SET captures = {captures} WHERE captures <> '[]'")  # noqa: S608
    assert (Wrong.ROW_CHANGED, f"_posts/2021/12/2021-12-29-{CODE}.md") in problems(folder)
    assert mended(folder, before)


def test_a_capture_is_of_a_response_and_not_of_its_request(folder: Path) -> None:
    (path,) = (folder / "warc").iterdir()
    request = next(record.offset for record in read_records(path) if record.kind == "request")
    change(folder, "UPDATE payloads SET offset = ? WHERE rowid = 1", [request])
    assert Wrong.CAPTURE_LOST in {kind for kind, _ in problems(folder)}


@pytest.mark.parametrize(("table", "columns"), [("posts", NOTED), ("revisions", REVISION)])
def test_every_column_that_the_captures_tell_of_is_compared(
    folder: Path, table: str, columns: Sequence[str]
) -> None:
    sound = (folder / "catalog.db").read_bytes()
    for column in columns:
        one = f"rowid = (SELECT max(rowid) FROM {table})"  # noqa: S608
        change(folder, f"UPDATE {table} SET {column} = ifnull({column}, '') || '1' WHERE {one}")  # noqa: S608
        found = {kind for kind, _ in problems(folder)}
        assert found & {Wrong.ROW_CHANGED, Wrong.FILE_CHANGED, Wrong.FILE_LOST}, column
        (folder / "catalog.db").write_bytes(sound)
    assert not problems(folder)


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE crawls SET started = '2020' WHERE id = 1", "crawl 1"),
        ("UPDATE crawls SET added = 7 WHERE id = 1", "end of crawl 1"),
        ("UPDATE pictures SET fetched = '2020'", f"picture {A}"),
        ("UPDATE absences SET gone_from = '2020'", "warc"),
        ("UPDATE absences SET gone_until = '2020'", "warc"),
    ],
)
def test_crawls_pictures_and_changes_are_as_the_captures_tell(
    folder: Path, statement: str, place: str
) -> None:
    with Archive(folder, clock=Clock()) as archive:
        archive.store_picture(A, PICTURE)
    assert not problems(folder)
    change(folder, statement)
    assert [where for _, where in problems(folder)] == [place]


IMPOSSIBLE = [
    *("", "/etc/passwd", "../outside.md", "_posts/../../outside.md", "_posts/a\0b.md"),
    *("\0", f"_posts/{'x' * 300}.md", f"_posts/{'x/' * 2500}x.md", "_posts", "_posts//x.md"),
    *("_posts/./x.md", "warc/x.md", "catalog.db", b"_posts/x.md", 7),
]


@pytest.mark.parametrize("path", [*IMPOSSIBLE, None], ids=lambda path: repr(path)[:30])
@pytest.mark.parametrize("table", ["posts", "revisions"])
def test_a_row_whose_path_cannot_be_is_told_in_a_line_and_made_again(
    folder: Path, table: str, path: object
) -> None:
    before = tables(folder)
    outside = folder.parent / "outside.md"
    outside.write_text("outside")
    here = f"rowid = (SELECT max(rowid) FROM {table})"  # noqa: S608
    value = "?" if path is not None else "CAST(x'5f706f7374732fff2e6d64' AS TEXT)"  # no UTF-8
    values = [path] if path is not None else []
    change(folder, f"UPDATE {table} SET path = {value} WHERE {here}", values)  # noqa: S608
    told = CliRunner().invoke(main, ["verify", str(folder)])
    assert (told.exit_code, told.exception.__class__) == (Status.REMARKS, SystemExit)
    assert sorted(line.partition(":")[0] for line in told.output.splitlines()[-3:-1]) == [
        *("row changed", "row lost")
    ]
    assert mended(folder, before)
    assert outside.read_text() == "outside"
    assert sorted(file.name for file in folder.parent.iterdir()) == ["news", "outside.md"]


def test_places_of_versions() -> None:
    assert not any(map(is_place_of_version, (*IMPOSSIBLE, None, "_posts/\udc80.md", "_posts/x")))
    assert all(map(is_place_of_version, (FIRST_VERSION, "_posts/2021/x.md", "_posts/..新.md")))


def test_a_picture_whose_file_would_be_elsewhere_is_told_and_nothing_touched(folder: Path) -> None:
    outside = folder.parent / "outside.jpg"
    outside.write_text("outside")
    with Archive(folder, clock=Clock()) as archive:
        archive.store_picture(A, PICTURE)
    for column, value in (("sha256", "../../../outside"), ("type", "image/svg+xml")):
        change(folder, f"UPDATE pictures SET {column} = ?", [value])  # noqa: S608
        assert {kind for kind, _ in problems(folder)} == {Wrong.ROW_CHANGED, Wrong.ROW_LOST}
        repair(folder, verify(folder).problems)
        assert outside.read_text() == "outside"
        assert not problems(folder)


def test_captures_that_name_pictures_and_posts_elsewhere_make_no_rows(tmp_path: Path) -> None:
    folder = tmp_path / "news"
    (tmp_path / "outside.jpg").write_text("outside")
    captures = CaptureWriter(folder / "warc", NOW, find_payload=lambda _: None)
    about = {"address": A, "type": "image/jpeg", "bytes": 7, "fetched": "2021"}
    captures.write_facts("urn:finews:picture", about | {"sha256": "../../../outside"}, NOW)
    post = {"info_code": CODE, "version": 1, "path": "_posts/\0.md", "sha256": "0"}
    captures.write_facts(f"urn:finews:{CODE}", {"post": post, "version": "new"}, NOW)
    captures.write_facts("urn:others", {"said": "something"}, NOW)
    captures.close()
    assert len(rebuild(folder).lost) == 1
    assert tables(folder)["pictures"] == []
    assert not verify(folder).problems


def test_two_rows_of_one_file_are_told(folder: Path) -> None:
    change(
        folder,
        "UPDATE revisions SET path = (SELECT path FROM revisions WHERE version = 1)"
        " WHERE version = 2",
    )
    assert (Wrong.ROW_CHANGED, FIRST_VERSION) in problems(folder)


def test_a_lost_file_of_captures_that_no_row_names_is_told(tmp_path: Path) -> None:
    folder, clock = tmp_path / "news", Clock()
    with Archive(folder, clock=clock) as archive:
        archive.add(ARTICLE)
    clock.now += timedelta(days=1)
    with Archive(folder, clock=clock) as archive:
        archive.mark_gone(CODE)
    first, second = sorted((folder / "warc").iterdir())
    kept = second.read_bytes()
    second.unlink()
    assert [kind for kind, _ in problems(folder)] == [Wrong.ROW_CHANGED, Wrong.CAPTURE_LOST]
    second.write_bytes(kept)
    assert not problems(folder)
    second.unlink()
    first.unlink()
    assert problems(folder) == [(Wrong.CAPTURE_LOST, "warc")]


def test_what_was_made_of_files_alone_is_whole(tmp_path: Path) -> None:
    site, folder = tmp_path / "site", tmp_path / "news"
    site.mkdir()
    for number in range(3):
        code = InfoCode(f"NW20211229223017554{number}")
        (site / f"2021-12-29-{code}.md").write_text(f"---\ntitle: {number}\n---\nbody")
    import_posts(folder, [site])
    assert not problems(folder)
    shutil.rmtree(folder / "warc")
    rebuild(folder, force=True)
    assert not problems(folder)


def test_a_problem_is_one_line_whatever_is_wrong() -> None:
    told = str(Problem(Wrong.ROW_CHANGED, "a\nb", "新\x1b[31m\udcff"))
    assert told == r"row changed: a\nb: 新\x1b[31m\udcff"


def test_an_archive_of_0_1_0_is_whole_and_its_catalog_is_made_again_the_same(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "news"
    with tarfile.open(GOLDEN / "archive-0.1.0.tar.gz") as packed:
        packed.extractall(tmp_path, filter="data")
    verified = verify(folder)
    assert (verified.files, verified.captures, verified.problems) == (6, 21, [])
    before = tables(folder)
    rebuild(folder)
    assert tables(folder) == before
    with Archive(folder, clock=Clock()) as archive:
        archive.add(ARTICLE)
    assert not problems(folder)


def test_a_catalog_of_before_0_1_0_is_refused_by_what_it_lacks_and_made_again(
    folder: Path,
) -> None:
    before = tables(folder)
    with closing(sqlite3.connect(folder / "catalog.db")) as catalog:
        catalog.execute("DROP TABLE illustrations")
    with pytest.raises(
        MisshapenCatalog, match=r"lacks its column illustrations.address and 3 other pa"
    ):
        Catalog(folder / "catalog.db")
    told = CliRunner().invoke(main, ["verify", str(folder)])
    assert told.output.startswith("catalog damaged: catalog.db: The catalog ")
    assert told.output.endswith("\n0 files and 0 captures checked, 1 wrong.\n")
    assert mended(folder, before)


def test_a_catalog_of_long_ago_is_not_replaced_by_a_less_complete_one(folder: Path) -> None:
    change(folder, "UPDATE posts SET version = 9")
    with closing(sqlite3.connect(folder / "catalog.db")) as catalog:
        catalog.execute("DROP TABLE absences")
    told = CliRunner().invoke(main, ["rebuild", str(folder)])
    assert told.exit_code == 1
    assert "is sound and was not replaced" in told.output
