"""A machine of the tests is gone with them, however they end, and this one is as it was."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bench.brokers import wait_for
from tests.conftest import ROOT
from tests.deploy.machine import DEPENDENCIES, PYTHON, booted
from tests.support.children import Child

_BOOT = """
import sys, time
from pathlib import Path
from tests.deploy.machine import booted
with booted(Path(sys.argv[1])) as machine:
    print(machine.root, flush=True)
    time.sleep(60)
"""


def control_groups(folder: Path) -> set[str]:
    """At the top, as this process sees them."""
    script = 'mount -t cgroup2 cgroup2 "$1"; ls "$1"'
    listed = subprocess.run(
        ("unshare", "--mount", "sh", "-c", script, "sh", folder),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(listed.stdout.split())


def test_what_is_done_in_it_stays_there(tmp_path: Path) -> None:
    folder, shared = tmp_path / "machine", tmp_path / "shared"
    folder.mkdir()
    shared.mkdir()
    (shared / "file").write_text("read")
    with booted(folder, {"/run/shared": shared}) as machine:
        assert machine.run("cat /run/shared/file") == "read"
        machine.run("! touch /run/shared/other")
        machine.run(f"ln -s {tmp_path}/here /link; mkdir -p {tmp_path}")
        machine.write("/link", "written")
        assert machine.run(f"cat {tmp_path}/here") == "written"
    assert {path.name for path in tmp_path.iterdir()} == {"machine", "shared"}
    assert not Path(PYTHON).exists()
    assert not Path(DEPENDENCIES).exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_it_ends_with_a_test_that_is_told_to_end_or_killed(
    number: signal.Signals, tmp_path: Path
) -> None:
    with booted(tmp_path):
        pass  # else it is skipped here
    booting = Child(
        (sys.executable, "-c", _BOOT, tmp_path),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    with booting:
        assert booting.stdout is not None
        init = Path(booting.stdout.readline().strip()).parent
        assert "systemd" in (init / "cmdline").read_text()
        (own,) = re.findall(r"^0::/(finews-\d+)", (init / "cgroup").read_text(), re.MULTILINE)
        assert own in control_groups(tmp_path)
        os.killpg(booting.pid, number)  # as a terminal does, and `timeout`
    wait_for(lambda: not init.exists() and own not in control_groups(tmp_path), seconds=30)
