"""System programs that some tests need."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

_REPLAY = Path(__file__).parents[2] / "build" / "replay"


def program(name: str) -> str:
    """The path of a program; without it the test is skipped, or fails where all must run."""
    return shutil.which(name) or lacking(f"{name} is not installed")


def replay_program(name: str) -> Path:
    """The path of one of the programs that show captures; see `tests/replay/install`."""
    path = _REPLAY / name
    return path if path.exists() else lacking(f"{name} is not there; tests/replay/install gets it")


def lacking(what: str) -> NoReturn:
    """Skip the test for what this machine lacks, or let it fail where all must run.

    `.ci/run` installs everything and sets FINEWS_ALL_TESTS.
    """
    if os.environ.get("FINEWS_ALL_TESTS"):
        pytest.fail(f"{what}, and FINEWS_ALL_TESTS wants every test to run")
    pytest.skip(what)
