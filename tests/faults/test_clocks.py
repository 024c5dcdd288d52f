"""Clocks that jump: facts recorded with a wrong clock do not last until that time is reached."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.article_id import InfoCode
from archive.crawl_state import LONGEST_BLOCK, CrawlState, FailedAttempt
from archive.integrity.verify import verify
from demo.faults import Fault, status
from demo.replica import Replica
from tests.conftest import MIRROR, SHARE_HOSTS, Crawl, posts_in
from tests.support.sample_site import REAL, rows

NOW = datetime(2026, 11, 22, tzinfo=UTC)
LATER = datetime(2199, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize("jump", ["long_ago", "far_ahead"])
def test_the_next_crawl_makes_it_whole(
    jump: str,
    crawl: Crawl,
    replica: Replica,
    archive: Path,
    sample_posts: dict[str, bytes],
) -> None:
    page = f"/jingjiguanchawang/2021/12/29/{REAL}"
    replica.faults = [
        Fault(MIRROR, page, failure=status(404)),
        Fault(SHARE_HOSTS[0], "/NewsData/", failure=status(403)),
        *(Fault(host, "/NewsData/", failure=status(404)) for host in SHARE_HOSTS[1:]),
    ]
    wrong = f"FINEWS_CLOCK=tests.faults.clocks.{jump}"
    assert crawl("-s", wrong).status == 0
    assert rows(archive, "SELECT DISTINCT body_provisional FROM posts") == [(1,)]
    replica.faults = []
    ended = crawl()
    assert (ended.status, posts_in(archive)) == (0, sample_posts), ended.log
    assert crawl("-s", wrong).status == 0
    assert posts_in(archive) == sample_posts
    assert not verify(archive).problems


def test_a_host_is_not_left_alone_for_ever(tmp_path: Path) -> None:
    state = CrawlState(tmp_path / "crawl-state.db")
    hour, year = timedelta(hours=1), timedelta(days=365)
    state.block("host", "403", LATER, hour, year)
    assert state.block_of("host", LATER) is not None
    assert state.block_of("host", NOW) is None
    assert state.block("host", "403", NOW, year, year).until == NOW + LONGEST_BLOCK
    state.close()


def test_what_failed_in_the_future_is_due(tmp_path: Path) -> None:
    state = CrawlState(tmp_path / "crawl-state.db")
    state.failed(FailedAttempt(InfoCode(REAL), "x"), LATER)
    (failed,) = state.failures()
    assert failed.is_due(NOW, 0.5)
    state.close()
