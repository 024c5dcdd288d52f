"""How an archive is doing."""

import sqlite3
from datetime import UTC, datetime

import pytest

from archive.browse.crawls import Health, read_crawls

NOW = datetime(2021, 12, 29, 12, tzinfo=UTC)
Crawl = tuple[str, str | None, int | None]


@pytest.mark.parametrize(
    ("crawls", "health"),
    [
        ([], Health.UNKNOWN),
        ([("11:50", "11:55", 0)], Health.GOOD),
        ([("10:50", "10:55", 0)], Health.STALE),
        ([("11:50", "11:55", 1)], Health.FAILING),
        ([("10:00", "10:01", 1), ("11:50", "11:55", 0)], Health.GOOD),
        ([("11:40", "11:41", 0), ("11:50", None, None)], Health.RUNNING),
        ([("11:40", "11:41", 1), ("11:50", None, None)], Health.FAILING),
        ([("09:40", "09:41", 0), ("10:00", None, None)], Health.STALE),
        ([("11:55", None, None)], Health.RUNNING),
    ],
)
def test_health(crawls: list[Crawl], health: Health) -> None:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    connection.execute("CREATE TABLE crawls (id INTEGER PRIMARY KEY, started, ended, status)")
    for started, ended, status in crawls:
        connection.execute(
            "INSERT INTO crawls (started, ended, status) VALUES (?, ?, ?)",
            [f"2021-12-29T{started}:00Z", ended and f"2021-12-29T{ended}:00Z", status],
        )
    assert read_crawls(connection, NOW).health is health
    connection.close()
