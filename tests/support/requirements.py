"""System programs that some tests need."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

_REPLAY = Path(__file__).parents[2] / "build" / "replay"


def program(name: str) -> str:
    """Return the path of a program; without it, skip the test, or fail where all tests must run."""
    return shutil.which(name) or lacking(f"{name} is not installed")


def replay_program(name: str) -> Path:
    """Return the path of a program that replays captures; see `tests/replay/install`."""
    path = _REPLAY / name
    return path if path.exists() else lacking(f"{name} is not there; tests/replay/install gets it")


def lacking(what: str) -> NoReturn:
    """Skip the test for a missing program, or fail where all tests must run.

    `.ci/run` installs everything and sets FINEWS_ALL_TESTS.
    """
    if os.environ.get("FINEWS_ALL_TESTS"):
        pytest.fail(f"{what}, and FINEWS_ALL_TESTS wants every test to run")
    pytest.skip(what)
