"""The cache forgets when the catalog changes, and does not when it does not."""

from itertools import count
from pathlib import Path

import pytest

from archive.browse.cache import Cache


@pytest.fixture
def clock() -> list[float]:
    """The time that the cache reads, as the only item."""
    return [1_000.0]


def test_answers_live_as_long_as_the_catalog(tmp_path: Path, clock: list[float]) -> None:
    catalog = tmp_path / "catalog.db"
    catalog.write_bytes(b"one")
    cache, made = Cache(catalog, clock=lambda: clock[0]), count()

    def get() -> int:
        return cache.get("key", made.__next__)

    assert [get(), get()] == [0, 0]
    clock[0] += 60
    assert get() == 0

    (tmp_path / "catalog.db-wal").write_bytes(b"more")
    assert get() == 1
    (tmp_path / "catalog.db-wal").write_bytes(b"and more")
    assert get() == 1, "a crawl that commits often does not make every page dear"
    clock[0] += 6
    assert get() == 2
    clock[0] += 601
    assert get() == 3


def test_it_does_not_grow_for_ever(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "catalog.db")
    for number in range(2_000):
        assert cache.get(number, lambda number=number: number) == number  # type: ignore[misc]
    assert len(cache._results) <= 512
