"""What crawls remember of the sites, and tell each other."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.article_id import InfoCode
from archive.crawl_state import CrawlState, FailedAttempt, Validators

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CODES = [InfoCode(f"NW20261122120000000{n}") for n in range(3)]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[CrawlState]:
    with closing(CrawlState(tmp_path / "crawl-state.db")) as state:
        for n, host in enumerate(("a.test", "b.test")):
            state.block(host, "it answered 403", NOW, HOUR, 24 * HOUR)
            state.failed(FailedAttempt(CODES[n], "No.", f"http://{host}/1.html"), NOW)
            state.store_validators({f"http://{host}:8000/": Validators('"1"', None)})
        state.failed(FailedAttempt(CODES[2], "No."), NOW)
        yield state


@pytest.fixture
def other() -> Iterator[CrawlState]:
    with closing(CrawlState(Path(":memory:"))) as other:
        yield other


def test_another_one_learns_what_is_about_some_hosts(state: CrawlState, other: CrawlState) -> None:
    other.merge(state.rows_of_hosts({"a.test"}))
    assert other.block_of("a.test", NOW) == state.block_of("a.test", NOW)
    assert other.block_of("b.test", NOW) is None
    assert other.validators_of("http://a.test:8000/") == Validators('"1"', None)
    assert other.validators_of("http://b.test:8000/") is None
    # Whose share link was asked for has no page, and so no host.
    assert [failed.info_code for failed in other.failures()] == [CODES[0], CODES[2]]
    other.merge(state.all())
    assert {row["info_code"] for row in other.all()["failures"]} == set(CODES)
    assert other.blocks(NOW) == state.blocks(NOW)


def test_no_block_becomes_shorter_by_what_another_one_tells(
    state: CrawlState, other: CrawlState
) -> None:
    before = state.all()
    longer = state.block("a.test", "it answered 429", NOW + 2 * HOUR, 5 * HOUR, 24 * HOUR)
    state.merge(before)
    assert state.block_of("a.test", NOW + 2 * HOUR) == longer
    other.merge(before)
    other.merge(state.all())
    assert other.block_of("a.test", NOW + 2 * HOUR) == longer


def test_a_failed_article_waits(state: CrawlState) -> None:
    def waits(code: InfoCode, hours: int, attempts: int = 10) -> bool:
        return state.is_waiting(code, NOW + hours * HOUR, share=0.5, attempts=attempts)

    assert not waits(CODES[0], 1)
    state.failed(FailedAttempt(CODES[0], "No."), NOW + 4 * HOUR)
    assert waits(CODES[0], 5)
    assert not waits(CODES[0], 9)
    assert waits(CODES[0], 9, attempts=2)
    assert not waits(InfoCode("NW202611221200000009"), 0)


def test_pictures_are_noted_from_several_threads(state: CrawlState) -> None:
    def note(thread: int) -> None:
        for number in range(50):
            address = f"http://a.test/{thread}-{number}.jpg"
            state.picture_failed(address, "No.", NOW, answered=True)
            if number:
                state.picture_stored(address)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(note, range(4))) == [None] * 4
    assert set(state.picture_failures()) == {f"http://a.test/{thread}-0.jpg" for thread in range(4)}
