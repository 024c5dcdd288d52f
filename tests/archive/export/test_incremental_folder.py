"""A second export touches what has changed and nothing else."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from fcntl import LOCK_EX, flock
from pathlib import Path, PurePosixPath

import pytest

from archive.archive import Archive
from archive.clock import utc_now
from archive.errors import FinewsError
from archive.export.incremental_folder import ExportResult, Planned, export_to, planned
from archive.search.query import Query
from tests.archive.export.site.conftest import build, publish
from tests.support.folders import changed, snapshot
from tests.support.hostile_articles import hostile_articles
from tests.support.requirements import program


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two posts, of two media and two days."""
    first, second, *_ = hostile_articles()
    day = second.published.replace(day=28)
    second = replace(second, published=day, category="cailianshe", tag="财联社新闻")
    with Archive(tmp_path / "news") as archive:
        archive.add_many([first, second])
    return tmp_path / "news"


def test_the_same_again_touches_nothing(archive: Path, tmp_path: Path) -> None:
    publish(archive, tmp_path / "site")
    before = snapshot(tmp_path / "site")
    record = (tmp_path / "site" / ".finews-export.json").stat().st_mtime_ns
    publish(archive, tmp_path / "site")
    assert snapshot(tmp_path / "site") == before
    assert (tmp_path / "site" / ".finews-export.json").stat().st_mtime_ns == record


def test_a_new_post_touches_what_tells_of_it(archive: Path, tmp_path: Path) -> None:
    publish(archive, tmp_path / "site")
    before = snapshot(tmp_path / "site")
    third = list(hostile_articles())[2]
    with Archive(archive, clock=lambda: utc_now() + timedelta(hours=1)) as opened:
        opened.add(third)
    publish(archive, tmp_path / "site")
    touched = changed(before, snapshot(tmp_path / "site"))
    search = {name for name in touched if name.startswith("search/")}
    assert {"search/about.js", "search/texts/0.js", "search/index/0.js"} <= search
    assert touched - search == {
        f"_posts/2021/12/2021-12-29-{third.info_code}.md",
        "_config.yml",
        "_data/categories.yml",
        "feed.xml",
        "feed/2021-12-29.xml",
        "sitemap.xml",
        "sitemap/2021-12.xml",
    }


def test_a_revised_post_is_written_and_no_other(archive: Path, tmp_path: Path) -> None:
    publish(archive, tmp_path / "site")
    before = snapshot(tmp_path / "site")
    first = next(hostile_articles())
    with Archive(archive) as opened:
        opened.add(replace(first, body="<p>改过</p>"))
    publish(archive, tmp_path / "site")
    touched = changed(before, snapshot(tmp_path / "site"))
    posts = [name for name in touched if name.startswith("_posts/")]
    assert posts == [f"_posts/2021/12/2021-12-29-{first.info_code}.md"]
    assert "feed/2021-12-28.xml" not in touched
    assert "改过".encode() in (tmp_path / "site" / posts[0]).read_bytes()
    assert "改过".encode() in (tmp_path / "site" / "feed" / "2021-12-29.xml").read_bytes()


def test_a_new_day_touches_no_day_but_the_one_before_it(archive: Path, tmp_path: Path) -> None:
    publish(archive, tmp_path / "site")
    before = snapshot(tmp_path / "site")
    third = list(hostile_articles())[2]
    with Archive(archive) as opened:
        opened.add(replace(third, published=third.published.replace(day=30)))
    publish(archive, tmp_path / "site")
    touched = changed(before, snapshot(tmp_path / "site"))
    assert {name for name in touched if name.startswith("feed/")} == {
        *("feed/2021-12-29.xml", "feed/2021-12-30.xml")
    }


def test_an_article_that_its_source_takes_down_stays_as_it_is(
    archive: Path, tmp_path: Path
) -> None:
    publish(archive, tmp_path / "site")
    before = snapshot(tmp_path / "site")
    with Archive(archive, clock=lambda: utc_now() + timedelta(hours=1)) as opened:
        opened.mark_gone(next(hostile_articles()).info_code)
    publish(archive, tmp_path / "site")
    assert changed(before, snapshot(tmp_path / "site")) == {
        *("_config.yml", "feed.xml", "feed/2021-12-29.xml", "sitemap.xml", "sitemap/2021-12.xml")
    }, "the time of the withdrawal alone"


def test_what_is_not_chosen_any_more_is_removed(archive: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    publish(archive, site)
    (site / "CNAME").write_text("news.example.org")
    (site / "_posts" / "mine.txt").write_text("mine")
    publish(archive, site, Query(since="2022"))
    assert not list(site.rglob("*.md"))
    assert not (site / "_posts" / "2021").exists()
    assert not (site / "category").exists()
    assert (site / "CNAME").read_text() == "news.example.org"
    assert (site / "_posts" / "mine.txt").read_text() == "mine"
    build(site)


def test_what_somebody_else_changed_is_put_right(archive: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    publish(archive, site)
    pages = [site / "index.html", site / "404.html"]
    wanted = [page.read_bytes() for page in pages]
    pages[0].write_bytes(b"changed")
    pages[1].unlink()
    publish(archive, site)
    assert [page.read_bytes() for page in pages] == wanted


def test_another_version_or_address_makes_everything_anew(archive: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    publish(archive, site)
    feed = (site / "feed.xml").read_text(encoding="utf-8")
    publish(archive, site, address="https://example.org/")
    assert "https://example.org/feed.xml" in (site / "feed.xml").read_text(encoding="utf-8")
    publish(archive, site, version="2")
    assert (site / "feed.xml").read_text(encoding="utf-8") == feed


def test_files_of_others_are_left_alone(archive: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("mine")
    with pytest.raises(FinewsError, match=r"index\.html exists and no export has written it"):
        publish(archive, site)
    assert [path.name for path in site.iterdir() if not path.name.startswith(".")] == ["index.html"]
    assert (site / "index.html").read_text() == "mine"


def test_the_archive_itself_is_no_place_for_a_site(archive: Path) -> None:
    before = snapshot(archive)
    with pytest.raises(FinewsError, match="is in the archive"):
        publish(archive, archive)
    with pytest.raises(FinewsError, match="is in the archive"):
        publish(archive, archive / "site")
    assert snapshot(archive) == before
    assert not (archive / "site").exists()


class Killed(BaseException):
    """In place of a signal."""


def files(*names: str, killed_at: str | None = None) -> Mapping[PurePosixPath, Planned]:
    def plan(name: str) -> Planned:
        def make() -> bytes:
            if name == killed_at:
                raise Killed
            return name.encode()

        return Planned(name, make)

    return {PurePosixPath(name): plan(name) for name in names}


SEAL = (PurePosixPath("_config.yml"), b"half made")


def test_a_half_made_export_is_known_for_one_and_finished(tmp_path: Path) -> None:
    names = ("_config.yml", "a", "b/c", "d")
    with pytest.raises(Killed):
        export_to(tmp_path, files(*names, killed_at="b/c"), seal=SEAL)
    assert (tmp_path / "_config.yml").read_bytes() == b"half made"
    assert (tmp_path / "a").read_bytes() == b"a"
    assert not (tmp_path / "b").exists()
    inode = (tmp_path / "a").stat().st_ino
    assert export_to(tmp_path, files(*names), seal=SEAL) == ExportResult(3, 0, 1)
    assert (tmp_path / "_config.yml").read_bytes() == b"_config.yml"
    assert (tmp_path / "a").stat().st_ino == inode
    assert export_to(tmp_path, files(*names), seal=SEAL) == ExportResult(0, 0, 4)


def test_what_a_killed_export_wrote_is_removed_when_the_next_wants_it_not(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        export_to(tmp_path, files("a", "b", killed_at="b"))
    assert export_to(tmp_path, files("b")) == ExportResult(1, 1, 0)
    assert not (tmp_path / "a").exists()


def test_jekyll_refuses_a_half_made_site(archive: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    publish(archive, site)
    with Archive(archive) as opened:
        opened.add(replace(next(hostile_articles()), body="<p>改过</p>"))
    (site / "feed" / "2021-12-29.xml").unlink()
    (site / "feed" / "2021-12-29.xml").mkdir()
    (site / "feed" / "2021-12-29.xml" / "in the way").touch()
    with pytest.raises(FinewsError, match="Could not export to"):
        publish(archive, site)
    built = subprocess.run(
        (program("jekyll"), "build", "-s", site, "-d", tmp_path / "built"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode != 0
    assert "half exported (run finews export site again)" in built.stderr
    (site / "feed" / "2021-12-29.xml" / "in the way").unlink()
    (site / "feed" / "2021-12-29.xml").rmdir()
    publish(archive, site)
    build(site)


def test_two_exports_at_once_do_not_mix(tmp_path: Path) -> None:
    with (tmp_path / ".finews-export.lock").open("w") as held:
        flock(held, LOCK_EX)
        with pytest.raises(FinewsError, match="Another export is running"):
            export_to(tmp_path, files("a"))


def test_a_record_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for content in ("{", "[]", '{"whole": true}'):
        (tmp_path / ".finews-export.json").write_text(content)
        with pytest.raises(FinewsError, match=r"Delete the folder .* and export again"):
            export_to(tmp_path, files("a"))


@pytest.mark.parametrize("name", ["../mine", "a/../../mine", "/mine"])
def test_a_record_removes_nothing_outside_of_the_folder(tmp_path: Path, name: str) -> None:
    mine, folder = tmp_path / "mine", tmp_path / "site"
    mine.write_bytes(b"mine")
    folder.mkdir()
    named = str(mine) if name == "/mine" else name
    record = {"whole": True, "files": {named: ["", 4, mine.stat().st_mtime_ns]}}
    (folder / ".finews-export.json").write_text(json.dumps(record))
    with pytest.raises(FinewsError, match=r"Delete the folder .* and export again"):
        export_to(folder, files("a"))
    assert mine.read_bytes() == b"mine"


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FinewsError, match=r"Could not export to .*: Not a directory"):
        export_to(tmp_path / "file" / "site", files("a"))


def test_no_symbolic_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    folder = tmp_path / "site"
    export_to(folder, files("a"))
    (folder / "a").unlink()
    (folder / "a").symlink_to(tmp_path / "mine")
    export_to(folder, {PurePosixPath("a"): planned(b"b")})
    assert (tmp_path / "mine").read_bytes() == b"mine"
    assert not (folder / "a").is_symlink()
