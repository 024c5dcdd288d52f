"""What a list said of an article that failed, between two crawls."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from archive.crawl_state import CrawlState, FailedAttempt
from crawler.listed_facts import ListedFacts
from tests.support.listed_facts import CODE, LISTED

NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


def test_it_is_read_as_it_was_written() -> None:
    assert ListedFacts.of_json(LISTED.as_json(tuple)) == LISTED


def test_what_another_release_wrote_is_nothing() -> None:
    told = json.loads(LISTED.as_json(tuple))
    del told["facts"]["digest"]
    assert ListedFacts.of_json(json.dumps(told)) is None
    assert ListedFacts.of_json("{}") is None


def test_a_later_failure_of_which_nothing_is_told_forgets_nothing(tmp_path: Path) -> None:
    with closing(CrawlState(tmp_path / "crawl-state.db")) as state:
        state.failed(FailedAttempt(CODE, "down", listed=LISTED.as_json(tuple)), NOW)
        state.failed(FailedAttempt(CODE, "still down"), NOW)
        (failed,) = state.failures()
    assert (failed.reason, failed.listed) == ("still down", LISTED.as_json(tuple))


def test_a_crawl_state_from_before_is_read_on(tmp_path: Path) -> None:
    file = tmp_path / "crawl-state.db"
    with closing(CrawlState(file)) as state:
        state.failed(FailedAttempt(CODE, "down"), NOW)
    with closing(sqlite3.connect(file)) as db:
        db.execute("ALTER TABLE failures DROP COLUMN told")
    with closing(CrawlState(file)) as state:
        assert [(failed.reason, failed.listed) for failed in state.failures()] == [("down", None)]
        state.failed(FailedAttempt(CODE, "down", listed=LISTED.as_json(tuple)), NOW)
        assert [failed.listed for failed in state.failures()] == [LISTED.as_json(tuple)]
