"""The units, as far as systemd can judge them without running them."""

import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

from crawler.exit_status import ExitStatus
from tests.conftest import ROOT
from tests.deploy.conftest import DEPLOY, PROJECT
from tests.support.requirements import program

OF_A_CLUSTER = ("finews-worker.service", "finews-writer.service")
SERVICES = ("finews-crawl.service", "finews-browse.service")
UNITS = ("finews-crawl.timer", *SERVICES, *OF_A_CLUSTER)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with the project's paths in a folder where their programs are."""
    project = tmp_path / "opt"
    for name in ("python", "finews"):
        path = project / ".venv" / "bin" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    folder = tmp_path / "units"
    folder.mkdir()
    for name in UNITS:
        text = (DEPLOY / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace(PROJECT, str(project)), encoding="utf-8")
    return folder


def test_systemd_takes_them_without_a_warning(units: Path) -> None:
    verified = subprocess.run(
        (program("systemd-analyze"), "verify", "--man=no", *(units / name for name in UNITS)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")


def test_verify_would_notice_a_program_that_is_not_there(units: Path) -> None:
    unit = units / "finews-crawl.service"
    unit.write_text(unit.read_text().replace("bin/python", "bin/snake"))
    verified = subprocess.run(
        (program("systemd-analyze"), "verify", "--man=no", unit),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "snake" in verified.stderr


@pytest.mark.parametrize("name", SERVICES + OF_A_CLUSTER)
def test_they_are_hardened(name: str, units: Path) -> None:
    judged = subprocess.run(
        # 10 is no protection at all; systemd calls what is below 2 OK.
        (
            *(program("systemd-analyze"), "security"),
            *("--offline=true", "--threshold=20", units / name),
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr


def unit(name: str) -> RawConfigParser:
    parser = RawConfigParser(strict=False)
    parser.optionxform = lambda option: option  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / name, encoding="utf-8")
    return parser


def test_a_crawl_every_five_minutes() -> None:
    timer = unit("finews-crawl.timer")
    shown = subprocess.run(
        (program("systemd-analyze"), "calendar", "--iterations=3", timer["Timer"]["OnCalendar"]),
        capture_output=True,
        text=True,
        env={"TZ": "UTC", "PATH": "/usr/bin:/bin"},
        check=True,
    )
    assert "Normalized form: *-*-* *:00/5:00" in shown.stdout
    assert timer["Timer"]["Persistent"] == "yes"
    # A timer starts the service of its name, and none while that is still starting (oneshot).
    crawl = unit("finews-crawl.service")["Service"]
    assert crawl["Type"] == "oneshot"
    assert crawl["SuccessExitStatus"] == str(ExitStatus.LOCKED.value)
    assert crawl["ExecStart"].endswith("/python -m scrapy crawl finews")


def test_both_are_about_the_same_archive() -> None:
    services = [unit(name)["Service"] for name in SERVICES]
    for service in services:
        assert service["Environment"] == "FINEWS_ARCHIVE=/var/lib/finews"
        assert service["StateDirectory"] == "finews"
    assert services[0]["User"] == services[1]["User"]


@pytest.mark.parametrize("name", UNITS)
def test_the_document_that_they_name_is_there(name: str) -> None:
    prefix = f"file://{PROJECT}/"
    document = unit(name)["Unit"]["Documentation"]
    assert document.startswith(prefix)
    assert (ROOT / document.removeprefix(prefix)).is_file()
