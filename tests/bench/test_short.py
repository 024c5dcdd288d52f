"""Every benchmark runs, in a short form whose figures say nothing.

Those in `SLOW` take minutes of a core together, and are run by `make nightly` alone.
"""

import os
import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.support.benches import QUICK, SLOW
from tests.support.requirements import program

NEEDED = {
    "bench.growth": ("nginx",),
    "bench.publishing": ("jekyll",),
    "bench.whole_crawl": ("nginx",),
}


@pytest.mark.parametrize("module", QUICK | SLOW if os.environ.get("FINEWS_ALL_BENCHES") else QUICK)
def test_it_prints_figures(module: str) -> None:
    for name in NEEDED.get(module, ()):
        program(name)
    done = subprocess.run(
        (sys.executable, "-m", module, *(QUICK | SLOW)[module].split()),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert any(character.isdigit() for character in done.stdout)


def test_make_bench_runs_all_of_them() -> None:
    recipe = subprocess.run(
        (program("make"), "--dry-run", "bench"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(re.findall(r"-m (bench\.\w+)", recipe.stdout)) == set(QUICK | SLOW)
