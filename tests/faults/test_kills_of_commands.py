"""Kill a command of `finews` at any moment, run it again: it ends as if nothing had happened.

`FINEWS_KILLS` says how many are killed; a nightly run asks for 100 and more.
"""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from archive.archive import Archive
from archive.article_id import InfoCode
from archive.content import format_post
from archive.crawl_state import GIVEN_UP, FailedAttempt
from archive.integrity.verify import verify
from tests.conftest import FINEWS
from tests.support.articles import ARTICLE, CODE, Clock
from tests.support.captures import exchange
from tests.support.catalogs import tables
from tests.support.fork_server import Forked
from tests.support.processes import processes_of
from tests.support.waiting import wait_until_gone
from tests.support.web_archives import caixun, write_warc

KILLS = int(os.environ.get("FINEWS_KILLS", "15"))
KILLS_IN_A_ROW = 2
POSTS = 100


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create an archive of articles with captures, some with a superseded version."""
    folder = tmp_path_factory.mktemp("whole") / "news"
    with Archive(folder, clock=Clock()) as archive:
        crawl = archive.begin_crawl("finews", {})
        for number in range(POSTS):
            article = replace(
                ARTICLE,
                info_code=InfoCode(f"NW202112292230{number:06}"),
                body=f"<p>央行{number}</p>" + "<p>麦田精密</p>" * 100,
                captures=(archive.capture(exchange(b"%d" % number)),),
            )
            archive.add(article)
            if number % 10 == 0:
                archive.add(replace(article, body=f"{article.body}<p>改</p>"))
        archive.end_crawl(crawl, 0, "", {"added": POSTS})
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Return path → bytes of the files in a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def written(archive: Path) -> dict[str, bytes]:
    """Return path → bytes of the posts, revisions and captures of an archive."""
    rooms = ("_posts", "revisions", "warc")
    return {room + path: data for room in rooms for path, data in contents(archive / room).items()}


def leave_alone(_: Path) -> None:
    """Damage nothing."""


def lose_catalog(archive: Path) -> None:
    for path in archive.glob("catalog.db*"):
        path.unlink()


def damage_catalog(archive: Path) -> None:
    with (archive / "catalog.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)


def lose_posts(archive: Path) -> None:
    posts = sorted((archive / "_posts").rglob("*.md"))
    for path in posts[::3]:
        path.unlink()
    for path in posts[1::3]:
        path.write_bytes(b"changed")


def lose_posts_and_catalog(archive: Path) -> None:
    lose_posts(archive)
    damage_catalog(archive)


def flip_a_byte(archive: Path) -> None:
    capture = sorted((archive / "warc").glob("*.warc.gz"))[2]
    data = bytearray(capture.read_bytes())
    data[len(data) // 2] ^= 0xFF
    capture.write_bytes(data)


@dataclass(frozen=True)
class Command:
    """A command, and the damage to an archive before it.

    :param arguments: arguments of `finews`, run in the folder with the archive ``news``.
    """

    arguments: str
    damage: Callable[[Path], None] = leave_alone

    def __str__(self) -> str:
        return f"{self.arguments}, {self.damage.__name__}"


REBUILDING = (
    Command("rebuild"),
    Command("rebuild", lose_catalog),
    Command("rebuild", damage_catalog),
    Command("verify --repair", lose_posts),
    Command("verify --repair", lose_posts_and_catalog),
)
EXPORTS = (
    Command("export posts -o out/posts.jsonl"),
    Command("export posts --search 央行1 -o out/posts.jsonl"),
    Command("export posts --format parquet -o out/posts.parquet"),
    Command("export wacz -o out/news.wacz"),
    Command("export wacz --search 央行1 -o out/news.wacz"),
    Command("export site out"),
    Command("export site --pictures out"),
    Command("export feed out"),
)
IMPORTS = (
    Command("import --archive imported news"),  # another archive, with its superseded versions
    Command("import --archive imported news/_posts news/revisions"),
    Command("import --archive news more"),
    Command("import --archive imported --source caixun history.warc.gz"),
    Command(
        "import --archive imported --source caixun history.jsonl --map title=t --map published=p"
        " --map address=a --map body=b --map first_seen=p"
    ),
)
#: Kills of each command; `verify --accept` and `give-up` have more.
ROUNDS = max(1, KILLS // KILLS_IN_A_ROW // (len(REBUILDING) + len(EXPORTS) + len(IMPORTS) + 2))


def start(command: Command, folder: Path) -> Forked[bytes]:
    """Run a command in a folder."""
    return Forked(
        (*FINEWS, *command.arguments.split()),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def run(command: Command, folder: Path) -> int:
    """Return the exit status of a command."""
    with start(command, folder) as running:
        return running.wait(timeout=120)


def seconds_of(command: Command, folder: Path) -> float:
    """Return the seconds that a command takes without a kill."""
    began = time.monotonic()
    assert run(command, folder) == 0
    return time.monotonic() - began


def kill_at(moment: float, command: Command, folder: Path) -> None:
    """Kill a command and the processes that it has started.

    :param moment: seconds after its start.
    """
    with start(command, folder) as running:
        time.sleep(moment)
        started = processes_of(running.pid) if running.poll() is None else []
        running.send_signal(signal.SIGKILL)
    wait_until_gone(*started)


def copied(whole: Path, folder: Path) -> Path:
    """Copy an archive into a new folder; return the copy."""
    folder.mkdir()
    (folder / "out").mkdir()
    return Path(shutil.copytree(whole, folder / "news"))


def moments_in(seconds: float, seed: int) -> list[float]:
    """Return moments of a command at which it is killed."""
    chance = random.Random(seed)  # noqa: S311 (repeatable, not secret)
    return [chance.uniform(0, 1.05) * seconds for _ in range(KILLS_IN_A_ROW)]


@pytest.mark.parametrize("seed", range(ROUNDS))
@pytest.mark.parametrize("command", REBUILDING, ids=str)
def test_killed_while_it_mends_an_archive_the_same_command_makes_it_whole(
    command: Command, seed: int, whole: Path, tmp_path: Path
) -> None:
    undisturbed = copied(whole, tmp_path / "undisturbed")
    command.damage(undisturbed)
    seconds = seconds_of(command, undisturbed.parent)
    archive = copied(whole, tmp_path / "killed")
    command.damage(archive)
    damaged = written(archive).items()
    for moment in moments_in(seconds, seed):
        kill_at(moment, command, archive.parent)
        as_they_were = damaged & written(whole).items()
        assert as_they_were <= written(archive).items()
    assert run(command, archive.parent) == 0
    assert written(archive) == written(whole)
    assert tables(archive) == tables(whole)
    assert verify(archive).problems == []
    left = {path.name for path in archive.iterdir()} - {path.name for path in whole.iterdir()}
    assert left <= {"catalog.db.corrupt", "changed"}


@pytest.mark.parametrize("seed", range(ROUNDS))
@pytest.mark.parametrize("command", EXPORTS, ids=str)
def test_killed_while_it_exports_the_same_command_exports_all(
    command: Command, seed: int, whole: Path, tmp_path: Path
) -> None:
    undisturbed = copied(whole, tmp_path / "undisturbed")
    seconds = seconds_of(command, undisturbed.parent)
    exported = contents(undisturbed.parent / "out")
    archive = copied(whole, tmp_path / "killed")
    for moment in moments_in(seconds, seed):
        kill_at(moment, command, archive.parent)
        assert_whole_files(archive.parent / "out", exported)
    assert run(command, archive.parent) == 0
    assert_whole_files(archive.parent / "out", exported)
    assert contents(archive.parent / "out").keys() == exported.keys()
    assert written(archive) == written(whole)
    assert verify(archive).problems == []


def assert_whole_files(folder: Path, exported: dict[str, bytes]) -> None:
    """Check that the files are those of an export without a kill, except hidden ones.

    The settings of a site that is exported in part keep Jekyll from a build of it.
    """
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if path.suffix == ".wacz":
            with ZipFile(path) as package:
                assert package.testzip() is None
        elif path.is_file() and not name.startswith("."):
            in_part = name == "_config.yml" and path.read_bytes().startswith(
                b"theme: half exported"
            )
            assert in_part or path.read_bytes() == exported[name]


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_killed_while_it_accepts_damage_the_same_command_accepts_all(
    seed: int, whole: Path, tmp_path: Path
) -> None:
    accept, check = Command("verify --accept"), Command("verify")
    archive = copied(whole, tmp_path / "killed")
    flip_a_byte(archive)
    assert run(check, archive.parent) == 3
    undisturbed = copied(archive, tmp_path / "undisturbed")
    for moment in moments_in(seconds_of(accept, undisturbed.parent), seed):
        kill_at(moment, accept, archive.parent)
        assert run(check, archive.parent) in {0, 3}
    assert run(accept, archive.parent) == 0
    assert run(check, archive.parent) == 0
    assert written(archive) == written(undisturbed)


@pytest.mark.parametrize("seed", range(ROUNDS))
@pytest.mark.parametrize("command", IMPORTS, ids=str)
def test_killed_while_it_imports_the_same_command_imports_all(
    command: Command, seed: int, whole: Path, tmp_path: Path
) -> None:
    undisturbed = copied(whole, tmp_path / "undisturbed").parent
    killed = copied(whole, tmp_path / "killed").parent
    for folder in (undisturbed, killed):
        write_posts(folder / "more")
        write_history(folder)
    seconds = seconds_of(command, undisturbed)
    target = command.arguments.split()[2]
    for moment in moments_in(seconds, seed):
        kill_at(moment, command, killed)
        assert contents(killed / "more") == contents(undisturbed / "more")
    assert run(command, killed) == 0
    for room in ("_posts", "revisions"):
        assert contents(killed / target / room) == contents(undisturbed / target / room)
    assert versions(killed / target) == versions(undisturbed / target)
    assert verify(killed / target).problems == []


def write_posts(folder: Path) -> None:
    """Write posts of articles that the archive lacks, and other versions of those that it has."""
    folder.mkdir()
    for number in range(0, POSTS * 2, 2):
        code = InfoCode(f"NW202112292230{number:06}")
        link = f"http://x/?infoCode={code}"
        article = replace(ARTICLE, info_code=code, body=f"<p>{number}</p>", link=link)
        (folder / f"2021-12-29-{code}.md").write_bytes(format_post(article))


def write_history(folder: Path) -> None:
    """Write a web archive and a table of articles of no declared source."""
    pages = [caixun(118)]
    rows = []
    for number in range(POSTS):
        address = f"https://www.caixun.example/news/{number}.html"
        later = f"2026-11-21T00:{number % 60:02}:00Z"
        changed = pages[0].body.replace(b"88.54%", b"%d" % number)
        pages.append(replace(pages[0], url=address))
        pages += [replace(pages[0], url=address, body=changed, date=later)] * (number % 5 == 0)
        rows.append({"t": f"标题{number}", "p": later, "a": address, "b": f"正文{number}"})
    write_warc(folder / "history.warc.gz", pages)
    lines = "\n".join(json.dumps(row) for row in rows)
    (folder / "history.jsonl").write_text(lines, encoding="utf-8")


def versions(archive: Path) -> list[tuple[Any, ...]]:
    """Return the versions that a catalog lists, without the times of their import."""
    with closing(sqlite3.connect(archive / "catalog.db")) as catalog:
        return catalog.execute(
            "SELECT info_code, path, sha256, version FROM posts UNION ALL"
            " SELECT info_code, path, sha256, version FROM revisions ORDER BY 1, 2"
        ).fetchall()


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_killed_while_it_gives_up_the_same_command_gives_up(
    seed: int, whole: Path, tmp_path: Path
) -> None:
    command = Command(f"give-up {CODE}")
    archive = copied(whole, tmp_path / "killed")
    with Archive(archive, clock=Clock()) as opened:
        opened.crawl_state.failed(FailedAttempt(CODE, "no reason"), Clock()())
    undisturbed = copied(archive, tmp_path / "undisturbed")
    before = tables(archive)
    for moment in moments_in(seconds_of(command, undisturbed.parent), seed):
        kill_at(moment, command, archive.parent)
    assert run(command, archive.parent) == 0
    with Archive(archive, clock=Clock()) as opened:
        (failed,) = opened.crawl_state.failures()
        assert failed.times == GIVEN_UP
    assert tables(archive) == before
    assert verify(archive).problems == []
