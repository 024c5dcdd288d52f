"""A little fuzzing in every run of the tests; ``make fuzz`` does it at length."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fuzz.__main__ import CRASHES, fuzz
from tests.fuzz.targets import TARGETS, Target
from tests.support.requirements import lacking

_INPUTS = 500
BY_NAME = {target.name: target for target in TARGETS}


@pytest.fixture
def _atheris() -> None:
    if find_spec("atheris") is None:
        lacking("atheris has no wheel for this Python")


@pytest.mark.usefixtures("_atheris")
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_nothing_breaks(target: Target, tmp_path: Path) -> None:
    """The same inputs in every run; what others break is found at length, and then kept."""
    tried = fuzz(target, 60, learned=tmp_path, crashes=tmp_path, seed=1, most=_INPUTS)
    assert tried > len(target.seeds())


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_seeds_are_read(target: Target) -> None:
    seeds = target.seeds()
    assert seeds
    for seed in seeds:
        target.function(seed)


@pytest.mark.parametrize("crash", sorted(CRASHES.rglob("*-*")), ids=lambda crash: crash.name)
def test_what_broke_once_does_not_break_again(crash: Path) -> None:
    BY_NAME[crash.parent.name].function(crash.read_bytes())


@pytest.mark.usefixtures("_atheris")
def test_a_target_that_breaks_is_told(tmp_path: Path) -> None:
    broken = Target(_breaks, lambda: [b"x"])
    with pytest.raises(SystemExit, match="_breaks broke"):
        fuzz(broken, 1, learned=tmp_path, crashes=tmp_path)


def _breaks(data: bytes) -> None:
    raise AssertionError(data)
