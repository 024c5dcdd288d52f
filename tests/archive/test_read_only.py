"""An archive that may only be read is browsed, counted, exported and verified all the same."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from archive.archive import Archive
from archive.clock import utc_now
from archive.commands.statuses import Status
from archive.crawl_state import FailedAttempt
from archive.storage.lock import ArchiveLock
from tests.support.articles import ARTICLE, CODE
from tests.support.read_only import mounted_read_only, owned_by_another

LATE = "2026-11-29T20:00:00+00:00"
COMMAND = (sys.executable, "-m", "archive.cli")


@pytest.fixture(params=[mounted_read_only, owned_by_another])
def may_only_read(request: pytest.FixtureRequest) -> Callable[[Path], Any]:
    """Give a context in which commands may read the archive and not write it."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that others may enter, unlike `tmp_path`."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def folder(place: Path) -> Path:
    """An archive with one article and an article that failed."""
    with Archive(place / "news") as opened:
        opened.add(ARTICLE)
        opened.crawl_state.failed(FailedAttempt(CODE, "no reason"), utc_now())
    return place / "news"


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run(*arguments: str | Path, start: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (*start, *COMMAND, *map(str, arguments)), capture_output=True, text=True, check=False
    )


def test_it_is_counted_exported_and_verified(
    folder: Path, may_only_read: Callable[[Path], Any]
) -> None:
    before = files_in(folder.parent)
    with may_only_read(folder) as start:
        stats = run("stats", folder, start=start)
        assert stats.returncode == 0, stats.stderr
        assert f"failed  {CODE}" in stats.stdout
        exported = run("export", "posts", folder, start=start)
        assert exported.returncode == 0, exported.stderr
        assert json.loads(exported.stdout)["info_code"] == CODE
        verified = run("verify", folder, start=start)
        assert verified.returncode == 0, verified.stdout + verified.stderr
        assert "checked without its lock" in verified.stderr
    assert files_in(folder.parent) == before


def test_it_is_browsed(folder: Path, may_only_read: Callable[[Path], Any]) -> None:
    with may_only_read(folder) as start:
        browse = subprocess.Popen(
            (*start, *COMMAND, "browse", "--port", "0", folder), stdout=subprocess.PIPE, text=True
        )
        with browse:
            assert browse.stdout is not None
            found = re.search(r"http://\S+", browse.stdout.readline())
            assert found is not None
            page = httpx.get(f"{found[0]}catalog/posts/{CODE}", trust_env=False).text
            browse.terminate()
        assert ARTICLE.title in page


def test_what_a_killed_crawl_left_is_read_or_named(
    folder: Path, place: Path, may_only_read: Callable[[Path], Any]
) -> None:
    snapshot = place / "snapshot"
    with closing(sqlite3.connect(folder / "catalog.db")) as writing:
        writing.execute(
            "INSERT INTO crawls (spider, arguments, started) VALUES ('finews', '{}', ?)", [LATE]
        )
        writing.commit()
        shutil.copytree(folder, snapshot)
    with may_only_read(snapshot) as start:
        assert LATE in run("stats", snapshot, start=start).stdout
    (snapshot / "catalog.db-shm").unlink()
    (snapshot / "crawl-state.db-wal").write_bytes(b"of another moment")
    with may_only_read(snapshot) as start:
        refused = run("export", "posts", snapshot, start=start)
        assert refused.returncode == 1
        assert refused.stderr.startswith("Error: Could not read the catalog")
        assert "catalog.db-wal" in refused.stderr
        assert "copy the archive" in refused.stderr
    (snapshot / "catalog.db-wal").unlink()
    with may_only_read(snapshot) as start:
        counted = run("stats", snapshot, start=start)
        assert counted.returncode == 0
        assert re.search(r"^crawl state  Could not use .*crawl-state.db-wal", counted.stdout, re.M)


def test_what_would_write_ends_in_one_sentence(
    folder: Path, place: Path, may_only_read: Callable[[Path], Any]
) -> None:
    (place / "posts").mkdir()
    with may_only_read(folder) as start:
        for command in (
            ("rebuild", folder),
            ("import", "--archive", folder, place / "posts"),
        ):
            refused = run(*command, start=start)
            assert refused.returncode == 1
            assert re.fullmatch(
                r"Error: .*(Read-only file system|Permission denied)\.\n", refused.stderr
            )
            assert "delete" not in refused.stderr


def test_another_user_is_told_that_it_is_being_written(folder: Path) -> None:
    with owned_by_another(folder) as start, ArchiveLock(folder):
        refused = run("verify", folder, start=start)
        assert refused.returncode == Status.BEING_WRITTEN
        assert f"is being written by process {os.getpid()}" in refused.stderr
