"""The GitHub Actions workflow: read as GitHub reads it, and its scripts run against a local git."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.replica import Replica
from demo.site import MadeUpSite
from tests.conftest import MIRROR, NO_DELAYS, ROOT, posts_in
from tests.deploy.conftest import DEPLOY, Program
from tests.requirements import program

TEXT = (DEPLOY / "github-actions-crawl.yml").read_text(encoding="utf-8")
# YAML 1.1, PyYAML's, takes the key `on` for a boolean; the base loader keeps everything text.
WORKFLOW: dict[str, Any] = yaml.load(TEXT, Loader=yaml.BaseLoader)  # noqa: S506
JOB: dict[str, Any] = WORKFLOW["jobs"]["crawl"]
STEPS: list[dict[str, Any]] = JOB["steps"]
SCRIPTS: dict[str, str] = {step["name"]: step["run"] for step in STEPS if "run" in step}


def test_when_it_runs() -> None:
    assert set(WORKFLOW) == {"name", "on", "permissions", "concurrency", "jobs"}
    assert set(WORKFLOW["on"]) == {"schedule", "workflow_dispatch"}
    ((schedule),) = WORKFLOW["on"]["schedule"]
    minutes, *rest = schedule["cron"].split()
    assert rest == ["*"] * 4
    assert int(minutes.removeprefix("*/")) in range(5, 11)


def test_one_at_a_time_with_no_more_rights_than_it_needs() -> None:
    assert WORKFLOW["concurrency"] == {"group": "crawl", "cancel-in-progress": "false"}
    assert WORKFLOW["permissions"] == {"contents": "write"}
    assert set(WORKFLOW["jobs"]) == {"crawl"}
    seconds = re.search(r"CLOSESPIDER_TIMEOUT=(\d+)", SCRIPTS["Crawl"])
    assert seconds is not None
    assert int(seconds[1]) < int(JOB["timeout-minutes"]) * 60 * 0.75


def test_steps_are_what_github_knows() -> None:
    assert set(JOB) == {"runs-on", "timeout-minutes", "defaults", "steps"}
    assert re.fullmatch(r"ubuntu-\d\d\.04", JOB["runs-on"])
    known = {"name", "id", "if", "env", "uses", "with", "run"}
    for step in STEPS:
        assert set(step) <= known
        assert ("uses" in step) != ("run" in step)
        if "run" in step:
            assert step["name"]
    identifiers = {step["id"] for step in STEPS if "id" in step}
    for name in re.findall(r"steps\.(\w+)\.", TEXT):
        assert name in identifiers


def test_actions_are_githubs_own_and_pinned() -> None:
    uses = re.findall(r"uses: (.*)", TEXT)
    assert uses
    for line in uses:
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line
    assert "://" not in TEXT


@pytest.mark.parametrize("name", SCRIPTS)
def test_shellcheck_finds_nothing(name: str) -> None:
    assert "${{" not in SCRIPTS[name], "an expression in a script is an injection waiting"
    script = f"#!/bin/bash\nset -e\n{SCRIPTS[name]}"
    subprocess.run((program("shellcheck"), "-"), input=script.encode(), check=True)


class Repository:
    """A bare repository with the project in it, and runs of the workflow's scripts on it."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.bare = folder / "repository.git"
        self.folder = folder
        self.environment = environment
        self.runs = 0

    def git(self, *arguments: str | Path) -> str:
        done = subprocess.run(
            ("git", *arguments), env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def fill(self) -> None:
        """Commit the parts of the project that a crawl needs."""
        work = self.folder / "work"
        for part in ("archive", "crawler", "settings"):
            shutil.copytree(ROOT / part, work / part, ignore=shutil.ignore_patterns("__pycache__"))
        (work / "deploy").mkdir()
        for file in ("scrapy.cfg", ".gitignore", "deploy/crawl"):
            shutil.copy2(ROOT / file, work / file)
        self.git("init", "--quiet", "--bare", "--initial-branch=main", self.bare)
        self.git("init", "--quiet", "--initial-branch=main", work)
        self.git("-C", work, "add", "--all")
        self.git("-C", work, "commit", "--quiet", "--message=project")
        self.git("-C", work, "push", "--quiet", self.bare, "main")

    def run(self, *names: str, **environment: str) -> tuple[dict[str, int], str]:
        """Run steps in a fresh checkout, as GitHub does; their statuses and all that they print."""
        self.runs += 1
        checkout = self.folder / f"run-{self.runs}"
        self.git("clone", "--quiet", "--depth=1", self.bare.as_uri(), checkout)
        statuses, told = {}, ""
        for name in names:
            # GitHub's command for `shell: bash`.
            done = subprocess.run(
                ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", SCRIPTS[name]),
                cwd=checkout,
                env=self.environment | {"FINEWS_PYTHON": "python"} | environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=120,
                check=False,
            )
            statuses[name] = done.returncode
            told += done.stdout
        return statuses, told

    def published(self, folder: Path) -> Path:
        """A checkout of the archive's branch."""
        self.git("clone", "--quiet", "--branch=news-archive", self.bare.as_uri(), folder)
        return folder


ALL = ("Get the archive", "Make the catalog", "Crawl", "Publish")


@pytest.fixture
def repository(
    tmp_path: Path, bin_folder: Path, installed: Path, stand_in: Program, replica: Replica
) -> Repository:
    """The project in a repository; its crawls go to the replica, without pauses."""
    program("git")
    real = (installed / "python").rename(installed / "real-python")
    extra = " ".join(("-a", f"site=http://{MIRROR}/", *NO_DELAYS))
    stand_in("python", f'exec {real} "$@" {extra}')
    rebuild = "import sys, pathlib, archive.rebuild as r; r.rebuild(pathlib.Path(sys.argv[2]))"
    stand_in("finews", f"exec {real} -c '{rebuild}' \"$@\"")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FINEWS_")}
    repository = Repository(
        tmp_path,
        {
            **kept,
            "PATH": f"{bin_folder}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "a test",
            "GIT_AUTHOR_EMAIL": "test@example.org",
            "GIT_COMMITTER_NAME": "a test",
            "GIT_COMMITTER_EMAIL": "test@example.org",
            "http_proxy": replica.proxy_url,
            "no_proxy": "",
        },
    )
    repository.fill()
    return repository


def test_it_publishes_posts_and_goes_on_from_them(
    repository: Repository, replica: Replica, site: MadeUpSite, tmp_path: Path
) -> None:
    statuses, told = repository.run(*ALL)
    assert set(statuses.values()) == {0}, told
    first = repository.published(tmp_path / "first")
    got = posts_in(first)
    assert {name: got[name] for name in site.posts} == site.posts
    assert {path.name for path in first.iterdir()} == {".git", "_posts", "crawl-state.db", "warc"}
    log = repository.git("-C", repository.bare, "log", "--format=%s", "news-archive")
    assert log == "Crawl: 60 new posts\n"

    replica.requests.clear()
    statuses, told = repository.run(*ALL)
    assert set(statuses.values()) == {0}, told
    assert not any("GetNewsText" in entry.request.path for entry in replica.requests)
    assert posts_in(repository.published(tmp_path / "second")) == got


def test_what_a_failed_crawl_has_stored_is_published(
    repository: Repository, stand_in: Program, tmp_path: Path
) -> None:
    stand_in(
        "python",
        """
        mkdir -p news/_posts/2026/11
        echo post >news/_posts/2026/11/2026-11-20-NW202611200000000001.md
        echo "finews: Too many failures."
        exit 6
        """,
    )
    statuses, told = repository.run("Get the archive", "Crawl", "Publish", "Show the log")
    assert statuses == {"Get the archive": 0, "Crawl": 6, "Publish": 0, "Show the log": 0}
    assert "finews: Too many failures." in told
    assert len(posts_in(repository.published(tmp_path / "archive"))) == 1


@pytest.mark.parametrize(("status", "wanted"), [(0, 0), (9, 0), (1, 1), (3, 3), (7, 7)])
def test_only_statuses_that_matter_fail(
    status: int, wanted: int, repository: Repository, stand_in: Program
) -> None:
    stand_in("python", f'echo "finews: So it ended."; exit {status}')
    statuses, _ = repository.run("Get the archive", "Crawl", "Publish")
    assert statuses["Crawl"] == wanted


def test_a_repository_that_does_not_answer_is_not_taken_for_an_empty_one(
    repository: Repository,
) -> None:
    hidden = repository.bare.with_name("elsewhere.git")
    checkout = repository.folder / "checkout"
    repository.git("clone", "--quiet", "--depth=1", repository.bare.as_uri(), checkout)
    repository.bare.rename(hidden)
    done = subprocess.run(
        ("bash", "-eo", "pipefail", "-c", SCRIPTS["Get the archive"]),
        cwd=checkout,
        env=repository.environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode not in {0, 2}
    assert not (checkout / "news").exists()
