"""A little fuzzing in every run of the tests; ``make fuzz`` does it at length."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fuzz.__main__ import CRASHES, fuzz
from tests.fuzz.targets import TARGETS, Target
from tests.support.requirements import lacking

_INPUTS = 200
BY_NAME = {target.name: target for target in TARGETS}


def _breaks(data: bytes) -> None:
    assert not data.startswith(b"bro"), "it is broken"


ALL = [*TARGETS, Target(_breaks, lambda: [b"x", b"broken"])]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the corpus and the inputs that break a target are stored."""
    return tmp_path_factory.mktemp("fuzz")


@pytest.fixture(scope="module")
def tried(folder: Path) -> dict[str, tuple[int, str]]:
    """The number of inputs that each target was tried with, and its log."""
    if find_spec("atheris") is None:
        lacking("atheris has no wheel for this Python")
    where = f"{__name__}:ALL"
    found = fuzz(ALL, 60, corpus=folder, crashes=folder, where=where, seed=1, most=_INPUTS)
    return {target.name: (inputs, log) for target, inputs, log in found}


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_nothing_breaks(target: Target, tried: dict[str, tuple[int, str]]) -> None:
    """The same inputs in every run; what others break is found at length, and then kept."""
    inputs, log = tried[target.name]
    assert inputs > len(target.seeds()), log


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_seeds_are_read(target: Target) -> None:
    seeds = target.seeds()
    assert seeds
    for seed in seeds:
        target.function(seed)


@pytest.mark.parametrize("crash", sorted(CRASHES.rglob("*-*")), ids=lambda crash: crash.name)
def test_what_broke_once_does_not_break_again(crash: Path) -> None:
    BY_NAME[crash.parent.name].function(crash.read_bytes())


def test_a_target_that_breaks_is_reported_with_the_input(
    folder: Path, tried: dict[str, tuple[int, str]]
) -> None:
    inputs, log = tried["_breaks"]
    assert inputs == 0
    assert "AssertionError: it is broken" in log
    (crash,) = (path for path in (folder / "_breaks").iterdir() if path.name.startswith("crash"))
    assert crash.read_bytes().startswith(b"bro")
