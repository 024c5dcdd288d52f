"""Threads that use a catalog at once."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.article_id import InfoCode
from tests.support.articles import ARTICLE, CODE


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("eager_threads")
def test_each_gets_the_answer_to_its_own_question(tmp_path: Path) -> None:
    missing = InfoCode("NW202611230000000000")
    with Archive(tmp_path) as archive:
        archive.add(ARTICLE)

        def answers(code: InfoCode) -> set[bool]:
            return {archive.has(code) for _ in range(5_000)}

        with ThreadPoolExecutor(2) as threads:
            assert list(threads.map(answers, [CODE, missing])) == [{True}, {False}]
