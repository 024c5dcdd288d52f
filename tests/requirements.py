"""System programs that some tests need."""

import os
import shutil

import pytest


def program(name: str) -> str:
    """The path of a program; without it the test is skipped, or fails where all must run.

    `.ci/run` installs everything and sets FINEWS_ALL_TESTS.
    """
    path = shutil.which(name)
    if path is not None:
        return path
    if os.environ.get("FINEWS_ALL_TESTS"):
        pytest.fail(f"{name} is not installed, and FINEWS_ALL_TESTS wants every test to run")
    pytest.skip(f"{name} is not installed")
