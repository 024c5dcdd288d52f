"""What lists tell of archived articles, and how far back crawls know them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.article import BodySource
from archive.crawl_state import FailedAttempt
from tests.support.articles import ARTICLE, CODE

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Hands:
    """A clock that is set by hand."""

    now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def archive(tmp_path: Path, clock: Hands) -> Iterator[Archive]:
    with Archive(tmp_path / "news", clock=clock) as archive:
        yield archive


def crawl(archive: Archive) -> None:
    archive.end_crawl(archive.begin_crawl("eastmoney", {}), 0, "Done.", {"complete": 1})


def test_a_crawl_that_ended_in_the_future_says_nothing_of_how_far_it_came(
    archive: Archive, clock: Hands
) -> None:
    crawl(archive)
    clock.now = NOON + 24 * HOUR  # by a wrong clock
    crawl(archive)
    clock.now = NOON + HOUR
    archive.add(ARTICLE)
    completed = archive.completed("eastmoney", {})
    assert completed == NOON
    assert not archive.was_known(CODE, completed)


def test_what_could_not_be_archived_is_known_since_it_first_failed(
    archive: Archive, clock: Hands
) -> None:
    archive.crawl_state.failed(FailedAttempt(CODE, "It is not there."), clock.now)
    clock.now = NOON + HOUR
    archive.crawl_state.failed(FailedAttempt(CODE, "It is not there."), clock.now)
    assert archive.was_known(CODE, NOON)
    assert not archive.was_known(CODE, NOON - HOUR)
    archive.add(ARTICLE)
    archive.crawl_state.archived(CODE)
    assert archive.was_known(CODE, NOON + HOUR)
    assert not archive.was_known(CODE, NOON)


def test_what_failed_within_the_second_of_a_crawls_end_is_known_to_it(
    archive: Archive, clock: Hands
) -> None:
    clock.now = NOON + timedelta(milliseconds=300)
    archive.crawl_state.failed(FailedAttempt(CODE, "It is not there."), clock.now)
    clock.now = NOON + timedelta(milliseconds=600)
    crawl(archive)
    completed = archive.completed("eastmoney", {})
    assert completed is not None
    assert archive.was_known(CODE, completed)


def test_a_version_of_which_no_list_tells_keeps_what_one_told(archive: Archive) -> None:
    archive.add(ARTICLE)
    assert archive.mark_listed(CODE, ["90.BK0001"])
    assert not archive.mark_listed(CODE, ["90.BK0001"])
    archive.add(replace(ARTICLE, body="<p>another</p>"))
    row = archive.row_of(CODE)
    assert row is not None
    assert (row.version, row.stock_list) == (2, '["90.BK0001"]')


def test_what_another_source_still_has_is_not_back_where_it_was_missed(archive: Archive) -> None:
    archive.add(ARTICLE)
    archive.mark_gone(CODE)
    archive.add(replace(ARTICLE, body="<p>page</p>", body_source=BodySource.ARTICLE_PAGE))
    (row,) = archive.posts()
    assert row.gone is not None
    archive.add(ARTICLE)
    (row,) = archive.posts()
    assert row.gone is None


def test_the_same_bytes_from_a_worse_source_are_still_from_the_better_one(archive: Archive) -> None:
    page = replace(ARTICLE, body_source=BodySource.ARTICLE_PAGE)
    archive.add(page)
    for article in (ARTICLE, page):
        archive.add(article)
        (row,) = archive.posts()
        assert (row.version, row.body_source) == (1, "share_api")
