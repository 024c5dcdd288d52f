"""What the tests of `deploy/` share."""

import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo.replica import Replica
from demo.site import MadeUpSite, made_up_site
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
#: Where the files in `deploy/` suppose the project.
PROJECT = "/opt/finews"

Program = Callable[[str, str], Path]


@pytest.fixture(scope="session")
def site() -> MadeUpSite:
    """The smallest made-up site that there is."""
    return made_up_site(articles=60)


@pytest.fixture
def replica(site: MadeUpSite) -> Iterator[Replica]:
    """The made-up site, served."""
    with Replica(site.sites) as replica:
        yield replica


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """A folder for programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


@pytest.fixture
def stand_in(bin_folder: Path) -> Program:
    """Make a program of a name and the lines of a shell script."""

    def make(name: str, script: str) -> Path:
        path = bin_folder / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    return make


@pytest.fixture
def installed(stand_in: Program, bin_folder: Path) -> Path:
    """A folder with `python` and `finews` as an installation puts them on the PATH."""
    stand_in("python", f'exec {sys.executable} "$@"')
    stand_in("finews", f'exec {sys.executable} -m archive.cli "$@"')
    return bin_folder


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what pip builds the project with; the rest is taken from this Python."""
    folder = tmp_path_factory.mktemp("packages")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download")
    requires = project["build-system"]["requires"]
    subprocess.run((*pip, "--no-deps", "--dest", folder, *requires), check=True)
    return folder
