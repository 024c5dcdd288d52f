"""Pictures: kept once by content hash, known to a rebuilt catalog, verified, mended."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.archive import Archive
from archive.article_id import InfoCode
from archive.content import picture_address
from archive.errors import ArchiveError
from archive.integrity.rebuild import rebuild
from archive.integrity.repair import repair
from archive.integrity.verify import Wrong, verify
from archive.storage.images import InvalidPicture, host_of, media_type, picture_of
from archive.warc import read_records, warc_files
from demo.pictures import jpeg, png
from tests.support.articles import ARTICLE, CODE, Clock, Killed, kill
from tests.support.images import ANOTHER, HOST, PICTURE, SAME, A, B, C

OTHER = InfoCode("NW202112292230175599")


def body(*sources: str) -> str:
    return "<p>央行</p>" + "".join(f'<img src="{source}">' for source in sources)


def rows(folder: Path) -> tuple[list[tuple[Any, ...]], ...]:
    with closing(sqlite3.connect(folder / "catalog.db")) as catalog:
        return tuple(
            catalog.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()  # noqa: S608
            for table in ("illustrations", "pictures")
        )


def media(folder: Path) -> dict[str, bytes]:
    found = (folder / "media").rglob("*")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in found if path.is_file()
    }


def missing(archive: Archive) -> list[tuple[str, str]]:
    return list(archive.missing_pictures([HOST]))


def wrong(folder: Path) -> list[tuple[Wrong, str]]:
    return [(problem.wrong, problem.place) for problem in verify(folder).problems]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An archive with pictures that articles share, drop, and take up later."""
    folder = tmp_path / "news"
    with Archive(folder, clock=Clock()) as archive:
        archive.add(replace(ARTICLE, body=body(A, B, C, C)))
        archive.add(replace(ARTICLE, info_code=OTHER, body=body(B)))
        assert missing(archive) == [(OTHER, B), (CODE, C), (CODE, B), (CODE, A)]
        archive.store_picture(A, PICTURE)
        archive.store_picture(B, SAME)
        archive.add(replace(ARTICLE, body=body(B)))
        archive.add(replace(ARTICLE, info_code=OTHER, body=body(A, B, C)))
        archive.store_picture(C, ANOTHER)
    return folder


def test_the_same_bytes_are_one_file_named_after_its_hash(folder: Path) -> None:
    first, another = (picture_of(A, data, "") for data in (PICTURE, ANOTHER))
    assert first.path == f"media/{first.sha256[:2]}/{first.sha256}.jpg"
    assert another.path.endswith(".png")
    assert media(folder) == {first.path: PICTURE, another.path: ANOTHER}
    illustrations, pictures = rows(folder)
    assert [row[:2] for row in illustrations] == [(CODE, B), (OTHER, A), (OTHER, B), (OTHER, C)]
    assert [row[:2] for row in pictures] == [
        (A, first.sha256),
        (B, first.sha256),
        (C, another.sha256),
    ]
    with Archive(folder) as archive:
        assert not missing(archive)


def test_a_rebuilt_catalog_knows_them(folder: Path) -> None:
    before = rows(folder)
    (folder / "catalog.db").unlink()
    rebuild(folder)
    assert rows(folder) == before
    assert not wrong(folder)


def test_an_archive_from_before_gets_its_rows(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "catalog.db")) as catalog, catalog:
        catalog.execute("DROP TABLE pictures")
        catalog.execute("DROP TABLE illustrations")
        catalog.execute("DELETE FROM _sqlite_migrations WHERE name = 'pictures'")
    with Archive(folder) as archive:
        assert missing(archive) == [(OTHER, C), (OTHER, B), (OTHER, A), (CODE, B)]


def test_what_is_no_picture_is_refused(folder: Path) -> None:
    before = media(folder)
    told = r"A\.jpg is no JPEG, PNG, GIF or WebP"
    with Archive(folder) as archive, pytest.raises(InvalidPicture, match=told):
        archive.store_picture(A, b"<svg/>")
    assert media(folder) == before


@pytest.mark.parametrize(
    "step",
    [
        "writing.commit.stage",
        "writing.commit.publish",
        "catalog.writer.Catalog.store_picture",
    ],
)
def test_killed_while_a_picture_is_kept_the_next_crawl_keeps_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    new = f"https://{HOST}/new.jpg"
    with Archive(folder, clock=Clock()) as archive, monkeypatch.context() as patch:
        archive.add(replace(ARTICLE, info_code=OTHER, body=body(new)))
        patch.setattr(f"archive.{step}", kill)
        with pytest.raises(Killed):
            archive.store_picture(new, jpeg("new"))
    with Archive(folder, clock=Clock()) as archive:
        assert missing(archive) == [(OTHER, new)]
        archive.store_picture(new, jpeg("new"))
        assert not missing(archive)
    assert not wrong(folder)
    before = rows(folder)
    rebuild(folder)
    assert rows(folder) == before
    assert not list((folder / ".incoming").iterdir())


def test_lost_and_changed_pictures_are_told_and_asked_for_again(folder: Path) -> None:
    first, another = (picture_of(A, data, "").path for data in (PICTURE, ANOTHER))
    (folder / first).unlink()
    (folder / another).write_bytes(b"?")
    problems = verify(folder).problems
    assert {(problem.wrong, problem.place) for problem in problems} == {
        (Wrong.PICTURE_LOST, first),
        (Wrong.PICTURE_CHANGED, another),
    }
    told = repair(folder, problems)
    assert sorted(told) == sorted(
        [
            f"{first} will be requested again by the next crawl.",
            f"{another} will be requested again by the next crawl; what was there is now "
            f"changed/{another}.",
        ]
    )
    assert (folder / "changed" / another).read_bytes() == b"?"
    assert not wrong(folder)
    before = rows(folder)
    rebuild(folder)
    assert rows(folder) == before
    with Archive(folder) as archive:
        assert missing(archive) == [(OTHER, C), (OTHER, B), (OTHER, A), (CODE, B)]
        for address, data in ((A, PICTURE), (B, SAME), (C, ANOTHER)):
            archive.store_picture(address, data)
    assert not wrong(folder)


def test_a_file_that_nothing_explains_is_told_and_stays(folder: Path) -> None:
    stranger = folder / "media" / "ab" / "stranger.jpg"
    stranger.parent.mkdir(exist_ok=True)
    stranger.write_bytes(b"?")
    assert wrong(folder) == [(Wrong.ROW_LOST, "media/ab/stranger.jpg")]
    repair(folder, verify(folder).problems)
    assert stranger.read_bytes() == b"?"


def test_which_file_an_address_is_in_is_in_the_journal(folder: Path) -> None:
    notes = [
        json.loads(record.payload)
        for path in warc_files(folder / "warc")
        for record in read_records(path, frozenset({"metadata"}))
        if record.url == "urn:finews:picture"
    ]
    assert [note["address"] for note in notes] == [A, B, C]
    assert not any(PICTURE in path.read_bytes() for path in (folder / "warc").iterdir())


def test_a_disk_that_refuses_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Archive(folder) as archive:
        archive.add(replace(ARTICLE, body=body(f"https://{HOST}/new.jpg")))

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device", "x")

        monkeypatch.setattr("archive.writing.commit.stage", full)
        with pytest.raises(ArchiveError, match="No space left"):
            archive.store_picture(f"https://{HOST}/new.jpg", jpeg("new"))


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("https://h/a.jpg", "https://h/a.jpg"),
        (" //h/a.jpg\n", "https://h/a.jpg"),
        ("HTTP://h/a.jpg", "HTTP://h/a.jpg"),
        ("a.jpg", None),
        ("/a.jpg", None),
        ("data:image/png;base64,AAAA", None),
        ("file:///etc/passwd", None),
        ("https://h/a b.jpg", None),
        ("https://h/\udc80.jpg", None),
        ("https://webquoteklinepic.eastmoney.com/GetPic.aspx?nid=1.600160", None),
    ],
)
def test_picture_address(source: str, address: str | None) -> None:
    assert picture_address(source) == address


@pytest.mark.parametrize(
    ("address", "host"),
    [
        (f"https://{HOST}/a.jpg", HOST),
        (f"https://{HOST.upper()}/a.jpg", HOST),
        (f"https://{HOST}.evil.example/a.jpg", f"{HOST}.evil.example"),
        (f"https://{HOST}@evil.example/a.jpg", None),
        (f"https://{HOST}\\@evil.example/a.jpg", None),
        (f"https://{HOST}:8080/a.jpg", None),
        (f"https://{HOST}:x/a.jpg", None),
        ("https://[::1/a.jpg", None),
        ("https:///a.jpg", None),
    ],
)
def test_host_of(address: str, host: str | None) -> None:
    assert host_of(address) == host


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (jpeg("x"), "image/jpeg"),
        (png("x"), "image/png"),
        (b"GIF89a....", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"<!DOCTYPE html>", None),
        (b"%PDF-1.7", None),
        (b"", None),
    ],
)
def test_media_type(data: bytes, kind: str | None) -> None:
    assert media_type(data) == kind


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_whatever_a_body_calls_its_pictures_the_catalog_takes_it(sources: list[str]) -> None:
    from archive.catalog.row_builder import row_of
    from archive.catalog.rows import CatalogEntry
    from archive.catalog.writer import Catalog

    row, securities = row_of(ARTICLE, b"", "2026-11-22T12:00:00Z")
    with Catalog(Path(":memory:"), private=True) as catalog:
        catalog.put([CatalogEntry(replace(row, pictures=json.dumps(sources)), securities)])
        for code, address in catalog.missing_pictures([HOST]):
            assert (code, host_of(address)) == (CODE, HOST)
