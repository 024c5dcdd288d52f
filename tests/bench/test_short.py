"""Every benchmark runs, in a short form whose figures say nothing.

Those in `SLOW` take minutes of a core together, and are run by `make nightly` alone.
"""

import os
import re
import subprocess
import sys

import pytest

from demo.brokers import RabbitMQ
from tests.conftest import ROOT
from tests.requirements import program

QUICK = {
    "bench.captures": "--pages 20",
    "bench.cluster": "--only broker writer known --share 0.01 --codes 10000",
    "bench.extraction": "--pages 10 --folder tests/golden/recorded",
    "bench.importing": "--posts 200",
    "bench.pages": "--posts 200 --rounds 2",
    "bench.search": "--posts 200 --queries 3",
}
SLOW = {
    "bench.checking": "--posts 200",
    "bench.compare": "--articles 20 --rounds 1",
    "bench.crawls": "--least 20 --posts 40 --rounds 1",
    "bench.fast_settings": "--articles 20 --rounds 1 ROBOTSTXT_OBEY=False",
    "bench.growth": "--least 20 --most 200 --rounds 1",
    "bench.load": "--posts 200 --seconds 1",
    "bench.publishing": "--posts 100",
    "bench.scale": "",
    "bench.stages": "--articles 30",
    "bench.whole_crawl": "--articles 20 --rounds 1",
}
NEEDED = {
    "bench.cluster": RabbitMQ.programs,
    **{f"bench.{name}": ("nginx",) for name in ("compare", "fast_settings", "growth")},
    **{f"bench.{name}": ("nginx",) for name in ("stages", "whole_crawl")},
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
