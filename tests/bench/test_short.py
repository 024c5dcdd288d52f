"""Every benchmark runs, in a short form whose figures say nothing.

Those in `SLOW` take minutes of a core together, and are run by `make nightly` alone.
"""

import os
import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.support.requirements import program

QUICK = {
    "bench.cluster": "--only writer --share 0.01",
    "bench.importing": "--posts 200",
    "bench.pages": "--posts 200 --rounds 2",
    "bench.search": "--posts 200 --queries 3",
}
SLOW = {
    "bench.checking": "--posts 200",
    "bench.growth": "--least 20 --most 200 --rounds 1",
    "bench.publishing": "--posts 100",
    "bench.whole_crawl": "--articles 20 --rounds 1",
}
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
        timeout=120,
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
