"""The package: what is installed from the wheel works in a folder of its own."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from crawler.project import FolderInUse, make_project
from demo.replica import Replica
from tests.conftest import MIRROR, NO_DELAYS, ROOT, posts_in

PACKAGES = ("archive", "cluster", "crawler", "demo", "settings")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy, so that nothing is left in the project."""
    source = tmp_path_factory.mktemp("source")
    for name in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    out = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check")
    subprocess.run((*pip, "--no-deps", "--wheel-dir", out, source), check=True)
    (wheel,) = out.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel; what it depends on is taken from this one."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, symlinks=True)
    pip = (sys.executable, "-m", "pip", f"--python={place}/bin/python", "install", "--quiet")
    subprocess.run(
        (*pip, "--disable-pip-version-check", "--no-deps", "--no-index", wheel), check=True
    )
    (site,) = place.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return place


@pytest.fixture
def run(environment: Path, tmp_path: Path) -> Run:
    """Run a program of the new environment, in an empty folder."""

    def run(
        program: str, *arguments: str, cwd: Path = tmp_path, **more: str
    ) -> subprocess.CompletedProcess[str]:
        bare = {"PATH": f"{environment}/bin:{os.environ['PATH']}", "HOME": str(tmp_path)}
        return subprocess.run(
            (environment / "bin" / program, *arguments),
            cwd=cwd,
            env={**bare, **more},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_every_file_of_the_packages_is_in_the_wheel(wheel: Path) -> None:
    paths = (path.relative_to(ROOT) for name in PACKAGES for path in (ROOT / name).rglob("*.*"))
    ours = {path.as_posix() for path in paths if "__pycache__" not in path.parts}
    assert "settings/sources.toml" in ours
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == ours


def test_it_is_this_version(run: Run, wheel: Path) -> None:
    assert wheel.name.startswith(f"finews_archive-{PROJECT['version']}-")
    assert run("finews", "--version").stdout == f"finews, version {PROJECT['version']}\n"


def test_the_packages_are_those_of_the_wheel(run: Run, environment: Path) -> None:
    """And not this project's own, which everything else is taken from."""
    code = f"import {', '.join(PACKAGES)}; print(*({', '.join(PACKAGES)},), sep='\\n')"
    told = run("python", "-P", "-c", code)
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert [str(environment) in line for line in lines] == [True] * len(PACKAGES), lines


def test_the_newest_release_of_the_changelog_is_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", changelog, re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    newest, _, day = headings[1].partition(" - ")
    assert newest == f"[{PROJECT['version']}]"
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", day)


def test_help_names_the_commands(run: Run) -> None:
    for flag in ("--help", "-h"):
        told = run("finews", flag)
        assert told.returncode == 0, told.stderr
        _, commands = told.stdout.split("\nCrawl:\n")
        names = re.findall(r"^  ([a-z-]+) ", commands, re.MULTILINE)
        assert names[:4] == ["crawl", "sources", "search", "browse"]
        assert set(names) == set(PROJECT["entry-points"]["finews.commands"])
        assert "Others" not in commands


@pytest.mark.parametrize("name", ["project", "a folder, 100%"])
def test_a_new_folder_can_be_crawled_from(
    run: Run, replica: Replica, tmp_path: Path, name: str, sample_posts: dict[str, bytes]
) -> None:
    folder = tmp_path / name
    told = run("finews", "init", name)
    assert told.returncode == 0, told.stderr
    listed = run("python", "-m", "scrapy", "list", cwd=folder)
    assert (listed.returncode, "finews" in listed.stdout.splitlines()) == (0, True), listed.stderr
    (line,) = re.findall(
        r"^\*/5 \* \* \* \* (.*)$", (folder / "crontab").read_text(encoding="utf-8"), re.MULTILINE
    )
    arguments = " ".join((*NO_DELAYS, "-a", f"site=http://{MIRROR}/"))
    command = line.replace(r"\%", "%").replace(" >/dev/null", f" {arguments} >/dev/null")
    crawled = subprocess.run(
        command,
        shell=True,
        env={"http_proxy": replica.proxy_url, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    log = (folder / "news" / "crawl.log").read_text(encoding="utf-8")
    assert (crawled.returncode, crawled.stdout, crawled.stderr) == (0, "", ""), log
    assert posts_in(folder / "news") == sample_posts
    (folder / "below").mkdir()
    site = run("finews", "export", "site", "site", cwd=folder / "below")
    assert site.returncode == 0, site.stderr
    assert f"The archive is {folder}/news (the setting of the project).\n" in site.stderr
    assert (folder / "below" / "site" / "_layouts" / "post.html").is_file()


def test_the_demo_runs_in_any_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text("raise AssertionError('a foreign one')\n")
    ended = run("finews", "demo", "--articles", "60", FINEWS_ARCHIVE="demo", SCRAPY_PROJECT="x")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Withdrawn: " in ended.stdout
    assert (tmp_path / "demo" / "catalog.db").is_file()
    browse = re.search(r"^  (.*) browse demo --port 0$", ended.stdout, re.MULTILINE)
    assert browse
    assert Path(browse[1]).name == "finews"


def test_a_foreign_settings_package_does_not_win(run: Run, tmp_path: Path) -> None:
    run("finews", "init", "project")
    (tmp_path / "project" / "settings.py").write_text("raise AssertionError('a foreign one')\n")
    listed = run("python", "-P", "-m", "scrapy", "list", cwd=tmp_path / "project")
    assert (listed.returncode, "finews" in listed.stdout.splitlines()) == (0, True), listed.stderr


@pytest.mark.parametrize("name", ["scrapy.cfg", "settings.py", "archive"])
def test_what_is_in_the_way_stays(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / name).write_text("mine")
    told = run("finews", "init", "project")
    assert told.returncode == 1
    assert told.stderr == f"Error: project/{name} is in the way; choose a folder without it.\n"
    assert [path.name for path in (tmp_path / "project").iterdir()] == [name]
    assert (tmp_path / "project" / name).read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = run("finews", "init", "file/project")
    assert told.returncode == 1
    assert told.stderr == "Error: Could not write to file/project: Not a directory.\n"


@pytest.mark.parametrize("written", range(4))
def test_killed_while_it_lays_out_a_folder_it_goes_on(tmp_path: Path, written: int) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "folder"
    make_project(killed, "python")
    killed.rename(whole)
    killed.mkdir()
    names = ("scrapy.cfg", "local_settings.py", "sources.toml", "crontab")
    for name in names[:written]:
        shutil.copy(whole / name, killed)
    (killed / f".{names[written]}.part").write_bytes(b"ha")
    make_project(killed, "python")
    assert {path.name: path.read_bytes() for path in killed.iterdir()} == {
        path.name: path.read_bytes() for path in whole.iterdir()
    }
    with pytest.raises(FolderInUse):
        make_project(killed, "python")
