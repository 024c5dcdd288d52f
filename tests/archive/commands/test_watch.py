"""``finews watch``: its commands, as a user calls them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archive.archive import Archive
from archive.cli import main
from tests.support.articles import ARTICLE
from tests.support.catalogs import OTHER
from tests.support.receivers import WebReceiver, web_receiver


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    with web_receiver() as receiver:
        yield receiver


@pytest.fixture
def watches(web: WebReceiver, tmp_path: Path) -> Path:
    file = tmp_path / "watches.toml"
    file.write_text(
        f"""
        [channels]
        hook = "json://127.0.0.1:{web.port}/key-of-the-robot"
        unset = "env:FINEWS_NO_SUCH_VARIABLE"

        [[watch]]
        name = "all"
        to = ["hook"]
        """
    )
    return file


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["watch", *map(str, arguments)])


def test_each_channel_is_tried_and_named(watches: Path, web: WebReceiver) -> None:
    ended = run("test", "--watches", watches)
    assert ended.exit_code == 3
    assert "hook: sent" in ended.stdout
    assert "unset: failed" in ended.stderr
    assert "FINEWS_NO_SUCH_VARIABLE" in ended.stderr
    assert len(web.messages) == 1
    assert run("test", "hook", "--watches", watches).exit_code == 0
    web.status = 403
    failed = run("test", "hook", "--watches", watches)
    assert failed.exit_code == 3
    assert "403" in failed.stderr
    assert "key-of-the-robot" not in failed.output
    assert "hook, unset" in run("test", "nosuch", "--watches", watches).output
    assert "hook, unset" in run("--watches", watches, "test", "nosuch").output


def test_history_shows_what_was_sent_and_what_waits(
    watches: Path, web: WebReceiver, tmp_path: Path
) -> None:
    folder = tmp_path / "news"
    call = ("--archive", folder, "--watches", watches)
    with Archive(folder) as archive:
        assert "no notices yet" in run("history", "--archive", folder).output
        assert run(*call).exit_code == 0
        archive.add(replace(ARTICLE, title="送达"))
        assert run(*call).exit_code == 0
        web.status = 500
        archive.add(replace(ARTICLE, info_code=OTHER, title="等待"))
        ended = run(*call)
    assert ended.exit_code == 3
    assert "hook failed" in ended.stderr
    waiting, sent = run("history", "--archive", folder).stdout.splitlines()
    assert run("--archive", folder, "history").stdout.splitlines() == [waiting, sent]
    assert "waiting" in waiting
    assert "等待" in waiting
    assert "sent" in sent
    assert "送达" in sent


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("watch = 1", "watch"),
        ('[[watch]]\nname = "a"\nto = ["nosuch"]', "nosuch"),
        ('[[watch]]\nname = "a"\nto = []', "to"),
        ('[[watch]]\nname = "a"\nto = ["hook"]\nevents = ["edits"]', "events"),
        ('[[watch]]\nname = "a"\nto = ["hook"]\nclasses = ["figures"]', "edit"),
        ('[[watch]]\nname = "a"\nto = ["hook"]\nquery = "date:nonsense"', "nonsense"),
        ('[[watch]]\nname = "a"\nto = ["hook"]\nsilence = "soon"', "silence"),
        ('[[watch]]\nname = "a"\nto = ["hook"]\nquiet = "night"', "quiet"),
        ('[[watch]]\nname = "a"\nto = ["hook"]\ndigest = ["25:00"]', "digest"),
        ('[[watch]]\nname = "a"\nto = ["hook"]\nwhat = 1', "what"),
        ('[failures]\nto = ["hook"]\ndisk_free = "much"', "disk_free"),
        ("[[watch]\n", "TOML"),
    ],
)
def test_a_wrong_file_is_refused_by_name(line: str, named: str, tmp_path: Path) -> None:
    folder, file = tmp_path / "news", tmp_path / "watches.toml"
    with Archive(folder) as archive:
        archive.add(ARTICLE)
    file.write_text(f'channels.hook = "json://127.0.0.1:9"\n{line}\n')
    ended = run("--archive", folder, "--watches", file)
    assert ended.exit_code == 1
    assert named in ended.stderr
    assert str(file) in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with Archive(tmp_path / "news") as archive:
        archive.add(ARTICLE)
    ended = run("--archive", tmp_path / "news", "--watches", tmp_path / "none.toml")
    assert ended.exit_code == 1
    assert "none.toml" in ended.stderr
