"""System programs that some tests need."""

import os
import shutil
from typing import NoReturn

import pytest


def program(name: str) -> str:
    """The path of a program; without it the test is skipped, or fails where all must run."""
    return shutil.which(name) or lacking(f"{name} is not installed")


def lacking(what: str) -> NoReturn:
    """Skip the test for what this machine lacks, or let it fail where all must run.

    `.ci/run` installs everything and sets FINEWS_ALL_TESTS.
    """
    if os.environ.get("FINEWS_ALL_TESTS"):
        pytest.fail(f"{what}, and FINEWS_ALL_TESTS wants every test to run")
    pytest.skip(what)
