"""A disk that fills up, an archive that cannot be written, a catalog that is busy or broken."""

import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.errors import ArchiveError
from archive.integrity.rebuild import rebuild
from archive.integrity.verify import verify
from archive.storage import open_catalog
from demo.replica import Replica
from tests.conftest import Crawl, posts_in
from tests.support.articles import ARTICLE, CODE
from tests.support.mounts import mounted
from tests.support.requirements import program


@pytest.mark.parametrize("keeper", ["ArchiveInProcess", "ArchiveInSubprocess"])
def test_a_disk_that_fills_up_ends_the_crawl_and_room_makes_it_whole(
    keeper: str, crawl: Crawl, archive: Path, sample_posts: dict[str, bytes], tmp_path: Path
) -> None:
    with mounted(archive, "size=900k"):
        ended = crawl("-s", f"FINEWS_ARCHIVE_CLASS=crawler.archive_port.{keeper}")
        assert ended.status == 7, ended.log
        assert "No space left on device" in ended.log or "full" in ended.log
        assert "Traceback" not in ended.log, ended.log
        kept = posts_in(archive)
        assert all(sample_posts[name] == data for name, data in kept.items())
        shutil.copytree(archive, tmp_path / "larger")
    ended = crawl("-s", f"FINEWS_ARCHIVE={tmp_path / 'larger'}")
    assert ended.status == 0, ended.log
    assert posts_in(tmp_path / "larger") == sample_posts
    assert not verify(tmp_path / "larger").problems


def test_a_full_disk_is_named_also_to_who_only_reads(archive: Path) -> None:
    with mounted(archive, "size=2m"):
        with Archive(archive) as written:
            written.add(ARTICLE)
        with suppress(OSError):
            (archive / "filling").write_bytes(bytes(2 << 20))
        with pytest.raises(ArchiveError, match="the disk is full"):
            open_catalog(archive)
        (archive / "filling").unlink()
        assert not verify(archive).problems


def test_an_archive_that_can_only_be_read_is_refused_before_any_request(
    crawl: Crawl, archive: Path, replica: Replica, sample_posts: dict[str, bytes]
) -> None:
    with mounted(archive, "size=20m"):
        assert crawl().status == 0
        replica.requests.clear()
        subprocess.run((program("mount"), "-o", "remount,ro", archive), check=True)
        ended = crawl()
        assert ended.status == 7
        assert "Read-only file system" in ended.log
        assert not replica.requests
        assert posts_in(archive) == sample_posts


def test_a_catalog_that_is_busy_for_seconds_is_waited_for(crawl: Crawl, archive: Path) -> None:
    assert crawl("-a", "category=jingjiguanchawang").status == 0
    with closing(sqlite3.connect(archive / "catalog.db", check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(5, other.rollback)
        release.start()
        ended = crawl()
        release.join()
    assert ended.status == 0, ended.log
    assert "17 added" in ended.output


def test_a_catalog_that_is_no_database_is_told_with_what_to_do(
    crawl: Crawl, archive: Path, replica: Replica, sample_posts: dict[str, bytes]
) -> None:
    assert crawl().status == 0
    for file in archive.glob("catalog.db*"):
        file.unlink()
    (archive / "catalog.db").write_bytes(b"overwritten" * 1000)
    replica.requests.clear()
    ended = crawl()
    assert ended.status == 7
    assert f"`finews rebuild {archive}` generates it again from the files" in ended.log
    assert not replica.requests
    rebuild(archive)
    (archive / "crawl-state.db").unlink()
    assert "19 unchanged" in crawl().output
    assert posts_in(archive) == sample_posts


def test_a_page_of_the_catalog_that_is_damaged_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "the news"
    with Archive(folder) as archive:
        archive.add(ARTICLE)
    catalog = folder / "catalog.db"
    data = bytearray(catalog.read_bytes())
    for page in range(1, len(data) // 4096):
        data[page * 4096 : page * 4096 + 16] = b"\xff" * 16
    catalog.write_bytes(data)
    assert verify(folder).problems
    with pytest.raises(ArchiveError) as told, Archive(folder) as archive:
        archive.has(CODE)
    _, command, _ = str(told.value).split("`")
    subprocess.run(f"{Path(sys.executable).parent}/{command}", shell=True, check=True)
    assert not verify(folder).problems
    with Archive(folder) as archive:
        assert archive.has(CODE)
