"""Restore backups of any files of an archive, from any two times: the end is whole, or reported."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from archive.archive import Archive
from archive.article import BodySource
from archive.errors import ArchiveError
from archive.integrity.rebuild import rebuild
from archive.integrity.repair import repair
from archive.integrity.verify import verify
from tests.support.articles import ARTICLE, CODE, Clock
from tests.support.captures import exchange
from tests.support.editions import MEDIA, ROLLING

_SHUFFLES = int(os.environ.get("FINEWS_BACKUPS", "30"))

ROOMS: dict[str, Callable[[str], bool]] = {
    "posts": lambda path: path.startswith("_posts/"),
    "revisions": lambda path: path.startswith("revisions/"),
    "captures": lambda path: path.startswith("warc/"),
    "catalog": lambda path: path.startswith("catalog.db"),
    "state": lambda path: path.startswith("crawl-state.db"),
}


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Copies of an archive at several times."""
    folder, clock = tmp_path_factory.mktemp("life") / "news", Clock()
    edited = replace(ARTICLE, body="<p>changed</p>")
    moments: list[list[object]] = [
        [replace(ARTICLE, body="<p>a list says</p>", body_source=BodySource.SUMMARY)],
        [ARTICLE, ROLLING],
        [edited, MEDIA],
        [replace(edited, title="改了"), replace(ROLLING, body="<p>改</p>")],
        [replace(edited, body="<p>3</p>"), "gone"],
    ]
    copies = []
    for moment, what in enumerate(moments):
        with Archive(folder, clock=clock) as archive:
            crawl = archive.begin_crawl("finews", {})
            for each in what:
                if each == "gone":
                    archive.mark_gone(CODE)
                else:
                    capture = archive.capture(exchange(f"{moment}".encode()))
                    archive.add(replace(each, captures=(capture,)))  # type: ignore[type-var]
            archive.end_crawl(crawl, 0, "", {"added": 1})
        copies.append(shutil.copytree(folder, folder.with_name(f"moment{moment}")))
    return copies


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def versions(folder: Path) -> set[bytes]:
    return {data for path, data in files(folder).items() if path.endswith(".md")}


@pytest.mark.parametrize("seed", range(_SHUFFLES))
def test_a_restored_backup_ends_whole_or_says_what_is_missing(
    life: list[Path], tmp_path: Path, seed: int
) -> None:
    random = Random(seed)  # noqa: S311 (repeatable, not secret)
    moments = random.choices(life, k=2)
    restored = tmp_path / "news"
    for belongs in ROOMS.values():
        chosen = random.choice([*moments, None])
        for path, data in files(chosen).items() if chosen else ():
            if belongs(path):
                (restored / path).parent.mkdir(parents=True, exist_ok=True)
                (restored / path).write_bytes(data)
    if not restored.exists():
        return
    before = versions(restored)
    with suppress(ArchiveError):  # such as a folder that is no archive; `missing` has it again
        _one_command(restored)
    assert before <= versions(restored) | _moved_aside(restored)
    missing = verify_if_archive(restored)
    if not missing:
        with Archive(restored, clock=Clock()) as archive:
            archive.add(replace(ARTICLE, body=f"<p>{seed}</p>"))
        assert verify(restored).problems == []
        assert before <= versions(restored) | _moved_aside(restored)


def _one_command(folder: Path) -> None:
    """Do what `finews verify --repair` does."""
    problems = verify(folder).problems
    if problems:
        repair(folder, problems)


def verify_if_archive(folder: Path) -> list[str]:
    try:
        return [str(problem) for problem in verify(folder).problems]
    except ArchiveError as error:
        return [str(error)]


def _moved_aside(folder: Path) -> set[bytes]:
    return {path.read_bytes() for path in (folder / "changed").rglob("*") if path.is_file()}


def test_the_whole_backup_needs_nothing(life: list[Path], tmp_path: Path) -> None:
    for number, moment in enumerate(life):
        restored = shutil.copytree(moment, tmp_path / f"{number}")
        assert verify(restored).problems == []


def test_files_alone_are_enough(life: list[Path], tmp_path: Path) -> None:
    restored = shutil.copytree(life[-1], tmp_path / "news")
    for path in restored.glob("catalog.db*"):
        path.unlink()
    assert rebuild(restored).lost == []
    assert verify(restored).problems == []
