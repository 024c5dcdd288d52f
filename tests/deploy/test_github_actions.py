"""The workflows of GitHub Actions: read as GitHub reads them, and run against a local git."""

import os
import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from archive.article import SHANGHAI
from demo.replica import Replica
from demo.site import MadeUpSite
from tests.conftest import MIRROR, NO_DELAYS, ROOT, posts_in
from tests.deploy.conftest import DEPLOY, Program
from tests.support.requirements import program


class Workflow:
    """A workflow and its one job. YAML 1.1, PyYAML's, takes the key `on` for a boolean; the base
    loader keeps everything text."""

    def __init__(self, name: str) -> None:
        self.text = (DEPLOY / f"github-actions-{name}.yml").read_text(encoding="utf-8")
        self.facts: dict[str, Any] = yaml.load(self.text, Loader=yaml.BaseLoader)  # noqa: S506
        self.job: dict[str, Any] = self.facts["jobs"][name]
        self.steps: list[dict[str, Any]] = self.job["steps"]
        self.scripts: dict[str, str] = {
            step["name"]: step["run"] for step in self.steps if "run" in step
        }


CRAWL, SITE = WORKFLOWS = (Workflow("crawl"), Workflow("site"))
by_name = pytest.mark.parametrize("workflow", WORKFLOWS, ids=["crawl", "site"])


def test_when_crawls_run() -> None:
    assert set(CRAWL.facts["on"]) == {"schedule", "workflow_dispatch"}
    ((schedule),) = CRAWL.facts["on"]["schedule"]
    minutes, *rest = schedule["cron"].split()
    assert rest == ["*"] * 4
    assert int(minutes.removeprefix("*/")) in range(5, 11)
    seconds = re.search(r"CLOSESPIDER_TIMEOUT=(\d+)", CRAWL.scripts["Crawl"])
    assert seconds is not None
    assert int(seconds[1]) < int(CRAWL.job["timeout-minutes"]) * 60 * 0.75


def test_a_site_is_made_after_each_crawl() -> None:
    assert set(SITE.facts["on"]) == {"workflow_run", "workflow_dispatch"}
    assert SITE.facts["on"]["workflow_run"]["workflows"] == [CRAWL.facts["name"]]


@by_name
def test_one_at_a_time_with_no_more_rights_than_it_needs(workflow: Workflow) -> None:
    assert set(workflow.facts) == {"name", "on", "permissions", "concurrency", "jobs"}
    (job,) = workflow.facts["jobs"]
    assert workflow.facts["concurrency"] == {"group": job, "cancel-in-progress": "false"}
    assert workflow.facts["permissions"] == {"contents": "write"}


@by_name
def test_steps_are_what_github_knows(workflow: Workflow) -> None:
    assert set(workflow.job) == {"runs-on", "timeout-minutes", "defaults", "env", "steps"}
    assert re.fullmatch(r"ubuntu-\d\d\.04", workflow.job["runs-on"])
    known = {"name", "id", "if", "env", "uses", "with", "run"}
    for step in workflow.steps:
        assert set(step) <= known
        assert ("uses" in step) != ("run" in step)
        if "run" in step:
            assert step["name"]
    identifiers = {step["id"] for step in workflow.steps if "id" in step}
    for name in re.findall(r"steps\.(\w+)\.", workflow.text):
        assert name in identifiers


@by_name
def test_actions_are_githubs_own_and_pinned(workflow: Workflow) -> None:
    uses = re.findall(r"uses: (.*)", workflow.text)
    assert uses
    for line in uses:
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line
    assert "://" not in workflow.text.replace("https://$owner.github.io/", "")


@by_name
def test_only_steps_that_ask_github_have_its_token(workflow: Workflow) -> None:
    (checkout,) = (step for step in workflow.steps if "checkout@" in step.get("uses", ""))
    assert checkout["with"]["persist-credentials"] == "false"
    asking = {
        step["name"] for step in workflow.steps if re.search(r"git.* (fetch|push) ", str(step))
    }
    with_token = {step["name"] for step in workflow.steps if "github.token" in str(step)}
    assert asking == with_token
    assert workflow.text.count("github.token") == len(with_token)
    filled = subprocess.run(
        ("git", "credential", "fill"),
        input="protocol=https\nhost=github.com\n\n",
        env={**os.environ, **workflow.job["env"], "GITHUB_TOKEN": "the-token"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "username=x-access-token\npassword=the-token\n" in filled.stdout


@by_name
def test_shellcheck_finds_nothing(workflow: Workflow) -> None:
    for script in workflow.scripts.values():
        assert "${{" not in script, "an expression in a script is an injection waiting"
        checked = f"#!/bin/bash\nset -e\n{script}"
        subprocess.run((program("shellcheck"), "-"), input=checked.encode(), check=True)


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

    def run(
        self, *names: str, workflow: Workflow = CRAWL, **environment: str
    ) -> tuple[dict[str, int], str]:
        """Run steps in a fresh checkout, as GitHub does; their statuses and all that they print."""
        self.runs += 1
        checkout = self.folder / f"run-{self.runs}"
        self.git("clone", "--quiet", "--depth=1", self.bare.as_uri(), checkout)
        statuses, told = {}, ""
        for name in names:
            # GitHub's command for `shell: bash`.
            done = subprocess.run(
                ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", workflow.scripts[name]),
                cwd=checkout,
                env=self.environment | {"FINEWS_PYTHON": "python"} | environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            statuses[name] = done.returncode
            told += done.stdout
        return statuses, told

    def published(self, folder: Path, branch: str = "news-archive") -> Path:
        """A checkout of the archive's branch, or of another."""
        self.git("clone", "--quiet", f"--branch={branch}", self.bare.as_uri(), folder)
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
    stand_in("finews", f'exec {real} -m archive.cli "$@"')
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
    assert log == f"Crawl: {60 + len(site.media_posts)} new posts\n"

    replica.requests.clear()
    statuses, told = repository.run(*ALL)
    assert set(statuses.values()) == {0}, told
    assert not any("GetNewsText" in entry.request.path for entry in replica.requests)
    assert posts_in(repository.published(tmp_path / "second")) == got


def test_a_post_that_was_edited_or_deleted_on_the_branch_stops_no_later_run(
    repository: Repository, tmp_path: Path
) -> None:
    assert set(repository.run(*ALL)[0].values()) == {0}
    by_hand = repository.published(tmp_path / "by-hand")
    edited, deleted, *_ = sorted((by_hand / "_posts").rglob("*.md"))
    edited.write_bytes(edited.read_bytes() + b"<p>edited</p>")
    deleted.unlink()
    repository.git("-C", by_hand, "commit", "--quiet", "--all", "--message=by hand")
    repository.git("-C", by_hand, "push", "--quiet", "origin", "news-archive")
    for _ in range(2):
        statuses, output = repository.run(*ALL)
        assert set(statuses.values()) == {0}, output
    statuses, output = repository.run("Get the archive", workflow=SITE)
    assert set(statuses.values()) == {0}, output


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
        ("bash", "-eo", "pipefail", "-c", CRAWL.scripts["Get the archive"]),
        cwd=checkout,
        env=repository.environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode not in {0, 2}
    assert not (checkout / "news").exists()


def test_the_last_days_are_published_as_a_site(
    repository: Repository, stand_in: Program, site: MadeUpSite, tmp_path: Path
) -> None:
    program("jekyll")
    statuses, told = repository.run(*ALL)
    assert set(statuses.values()) == {0}, told
    stand_in("finews", f'exec {sys.executable} -m archive.cli "$@"')
    steps = ("Get the archive", "Make the site", "Publish")
    # However long ago the made-up articles are, all of them are of the last days here.
    days = (datetime.now(SHANGHAI).date() - site.articles[0].published.date()).days + 1
    settings = {"ADDRESS": "", "DAYS": str(max(days, 1)), "GITHUB_REPOSITORY": "someone/news"}
    for name in ("first", "second"):
        statuses, told = repository.run(*steps, workflow=SITE, **settings)
        assert set(statuses.values()) == {0}, told
        pages = repository.published(tmp_path / name, "gh-pages")
        shown = {page.stem.removeprefix("NW") for page in pages.rglob("*/*/*/*.html")}
        assert shown == {article.info_code.removeprefix("NW") for article in site.articles}
        assert (pages / ".nojekyll").exists()
        assert "https://someone.github.io/news/feed.xml" in (pages / "feed.xml").read_text()
    assert "Nothing has changed." in told
    assert repository.git("-C", repository.bare, "log", "--format=%s", "gh-pages") == (
        "The last days\n"
    )
