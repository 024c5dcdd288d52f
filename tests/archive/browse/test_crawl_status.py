"""How an archive is doing."""

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.browse.plugin import open_site
from archive.catalog.crawl_status import Health, read_crawls
from archive.catalog.statistics import describe
from archive.storage.lock import Holder
from tests.archive.browse.conftest import article

NOW = datetime(2021, 12, 29, 12, tzinfo=UTC)
HOLDER = Holder("process 4711", NOW.replace(hour=11, minute=49))
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
        ([("09:40", "09:41", 0), ("11:48", None, None)], Health.INTERRUPTED),
        ([("11:48", None, None), ("11:55", None, None)], Health.RUNNING),
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
    assert read_crawls(connection, NOW, HOLDER).health is health
    without = read_crawls(connection, NOW, None)
    assert without.running is None
    assert without.health is (Health.INTERRUPTED if health is Health.RUNNING else health)
    connection.close()


def test_a_killed_crawl_is_shown_as_interrupted_and_one_that_writes_as_running(
    tmp_path: Path,
) -> None:
    def shown() -> tuple[str, str, str]:
        told = [line for line in describe(tmp_path, None, NOW) if line.startswith("crawl ")]
        site = open_site(tmp_path)
        pages = [asyncio.run(site.client.get(path)).text for path in ("/", "/catalog/crawls")]
        site.close()
        return "\n".join(told), *pages

    with Archive(tmp_path, clock=lambda: datetime.now(UTC) - timedelta(hours=1)) as archive:
        archive.begin_crawl("finews", {})
        archive.add(article("NW202112290000000001"))
    with Archive(tmp_path) as archive:
        told, front, table = shown()
        assert "interrupted  added 1" in told
        assert "中断" in front
        assert "中断" in table
    with Archive(tmp_path) as archive:
        archive.begin_crawl("finews", {})
        archive.add(article("NW202112290000000002"))
        told, front, table = shown()
        assert next(map(str.split, told.splitlines()))[3:6] == ["running", "added", "1"]
        assert "interrupted  added 1" in told
        assert "正在抓取" in front
        assert "正在抓取" in table
        assert "中断" in table
