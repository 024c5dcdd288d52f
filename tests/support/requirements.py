"""System programs that some tests need."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

_BUILD = Path(__file__).parents[2] / "build"


def program(name: str) -> str:
    """Return the path of a program; without it, skip the test, or fail where all tests must run."""
    _request()
    return shutil.which(name) or lacking(f"{name} is not installed")


def replay_program(name: str) -> Path:
    """Return the path of a program that replays captures; see `tests/replay/install`."""
    _request()
    path = _BUILD / "replay" / name
    return path if path.exists() else lacking(f"{name} is not there; tests/replay/install gets it")


def _request() -> None:
    """Where all tests must run, let the test's module find all programs, and list the test."""
    if all_programs := os.environ.get("FINEWS_ALL_TESTS"):
        os.environ["PATH"] = all_programs
        test, _, _ = os.environ["PYTEST_CURRENT_TEST"].rpartition(" (")
        with (_BUILD / "tests-with-programs").open("a", encoding="utf-8") as tests:
            tests.write(f"{test}\n")


def lacking(what: str) -> NoReturn:
    """Skip the test for a missing program, or fail where all tests must run.

    There FINEWS_ALL_TESTS is the PATH with all programs, which `.ci/run` installs and hides.
    """
    if os.environ.get("FINEWS_ALL_TESTS"):
        pytest.fail(f"{what}, and FINEWS_ALL_TESTS wants every test to run")
    pytest.skip(what)
