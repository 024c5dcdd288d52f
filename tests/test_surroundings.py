"""The commands print the same whatever surrounds them: locale, warnings, user, home."""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from archive.importing import import_posts
from tests.conftest import ROOT, SAMPLES
from tests.support.requirements import lacking, program

FINEWS = (sys.executable, "-m", "archive.cli")
COMMANDS = {
    "stats": (*FINEWS, "stats"),
    "verify": (*FINEWS, "verify"),
    "export": (*FINEWS, "export", "posts"),
    "list": (sys.executable, "-m", "scrapy", "list"),
}
SURROUNDINGS = {
    "LANG=C": {"LANG": "C", "PYTHONUTF8": "0"},
    "nothing but ASCII": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "warnings are errors": {"PYTHONWARNINGS": "error"},
}
NOBODY = 65534


@pytest.fixture(scope="module")
def news() -> Iterator[Path]:
    """An archive of the sample posts, in which every user may write."""
    with TemporaryDirectory() as place:  # pytest's own are closed to other users
        folder = Path(place, "news")
        import_posts(folder, [SAMPLES / "posts"])
        for path in (Path(place), *Path(place).rglob("*")):
            path.chmod(0o777)
        yield folder


def run(news: Path, *command: str, **surroundings: str) -> tuple[int, bytes, bytes]:
    """Run a command with nothing around it but this: its exit status and what it prints."""
    environment = {"PATH": os.environ["PATH"], "FINEWS_ARCHIVE": str(news), "LANG": "C.UTF-8"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment | surroundings, capture_output=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@cache
def plain(news: Path, command: str) -> tuple[int, bytes, bytes]:
    """Run a command with nothing unusual around it."""
    done = run(news, *COMMANDS[command])
    assert done[0] == 0, done
    return done


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("surroundings", SURROUNDINGS.values(), ids=SURROUNDINGS)
def test_neither_locale_nor_warnings_make_a_difference(
    news: Path, command: str, surroundings: dict[str, str]
) -> None:
    assert run(news, *COMMANDS[command], **surroundings) == plain(news, command)


@pytest.mark.parametrize("command", COMMANDS)
def test_another_user_whose_home_cannot_be_written_is_no_different(
    news: Path, tmp_path: Path, command: str
) -> None:
    """It may read everything: this Python may lie in the home of root."""
    if os.getuid():
        lacking("only root can become another user")
    (tmp_path / "home").mkdir(mode=0o555)
    read = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search")
    user = (f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *read)
    home = {"HOME": str(tmp_path / "home")}
    assert run(news, program("setpriv"), *user, *COMMANDS[command], **home) == plain(news, command)
