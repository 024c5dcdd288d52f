"""`docs/operating.md`: it names what is there, and its backup is one."""

import os
import re
import shlex
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import click
import pytest

from archive.cli import main
from archive.integrity.rebuild import rebuild
from archive.integrity.verify import verify
from cluster.commands import cluster
from crawler.exit_status import ExitStatus
from demo.replica import Replica
from demo.site import MadeUpSite
from tests.conftest import MIRROR, NO_DELAYS, ROOT, posts_in
from tests.deploy.conftest import DEPLOY
from tests.support.requirements import program

DOCUMENT = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
CLUSTER = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")


def test_it_names_files_that_are_there() -> None:
    names = set(re.findall(r"`((?:deploy|settings|tests)/[\w./-]+|\w+\.md)`", DOCUMENT + CLUSTER))
    for name in names:
        assert (ROOT / name).exists(), name
    deployed = {f"deploy/{path.name}" for path in DEPLOY.iterdir()}
    assert deployed - names == {"deploy/Containerfile.dockerignore"}


@pytest.mark.parametrize("status", ExitStatus)
def test_it_says_what_to_do_on_every_exit_status(status: ExitStatus) -> None:
    assert f"\n| {status.value} | " in DOCUMENT


def test_the_command_finews_has_what_is_asked_of_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"]["finews"] == "archive.cli:main"
    texts = [path.read_text(encoding="utf-8") for path in DEPLOY.iterdir()]
    command = re.compile(r"(?:exec |bin/|run: |^ {4})finews (\w+)", re.MULTILINE)
    asked = {name for text in [DOCUMENT, CLUSTER, *texts] for name in command.findall(text)}
    assert asked == {"browse", "cluster", "rebuild"}
    assert asked <= set(main.list_commands(click.Context(main)))


def test_the_commands_of_a_cluster_are_there() -> None:
    texts = [path.read_text(encoding="utf-8") for path in DEPLOY.iterdir()]
    asked = set(re.findall(r"finews cluster ([a-z]+)", "".join([CLUSTER, *texts])))
    assert asked - {"cluster"} <= set(cluster.commands)
    assert {"worker", "writer", "send", "status", "dead", "drain"} <= asked


def test_a_backup_taken_during_a_crawl_can_be_gone_on_with(
    replica: Replica, site: MadeUpSite, tmp_path: Path
) -> None:
    (command,) = re.findall(r"^    (rsync .* /backup/finews/)$", DOCUMENT, re.MULTILINE)
    *options, source, target = shlex.split(command)
    assert (source, target) == ("/var/lib/finews/", "/backup/finews/")
    program(options[0])
    archive, backup = tmp_path / "news", tmp_path / "backup"
    backup.mkdir()

    def crawl(folder: Path, *pace: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            (
                *(sys.executable, "-m", "scrapy", "crawl", "finews"),
                *("-a", f"site=http://{MIRROR}/", *NO_DELAYS, *pace),
            ),
            cwd=ROOT,
            env=os.environ
            | {"FINEWS_ARCHIVE": str(folder), "http_proxy": replica.proxy_url, "no_proxy": ""},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    running = crawl(archive, "-s", "DOWNLOAD_DELAY=0.1", "-s", "FINEWS_BATCH_SECONDS=0")
    try:
        deadline = time.monotonic() + 60
        while len(posts_in(archive)) < 10:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        subprocess.run((*options, f"{archive}/", f"{backup}/"), check=True)
        assert running.poll() is None, "the crawl ended before the backup"
    finally:
        running.kill()
        running.wait(timeout=30)
    assert not list(backup.glob("*.db*"))
    kept = posts_in(backup)
    assert 10 <= len(kept) < 60

    rebuild(backup)
    assert not verify(backup).problems
    assert crawl(backup).wait(timeout=120) == 0
    got = posts_in(backup)
    assert {name: got[name] for name in site.posts} == site.posts
    assert not verify(backup).problems
