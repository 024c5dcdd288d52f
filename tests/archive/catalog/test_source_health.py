"""What the catalog has of the crawls and articles of each source."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from archive.archive import Archive
from archive.article_id import ArticleId
from archive.catalog import Health, health_of_sources
from tests.support.articles import ARTICLE

START = datetime.fromisoformat("2026-11-20T00:00:00+00:00")


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def crawl(archive: Archive, spider: str, status: int, added: int = 0, arguments: str = "") -> None:
    number = archive.begin_crawl(spider, {"list": arguments} if arguments else {})
    archive.end_crawl(number, status, "A sentence.", {"added": added})


def test_an_archive_that_does_not_exist_has_no_sources(tmp_path: Path) -> None:
    assert health_of_sources(tmp_path / "news", START) == {}


def test_a_source_has_its_last_success_lag_and_articles_a_day(tmp_path: Path) -> None:
    clock = Clock()
    with Archive(tmp_path, clock=clock) as archive:
        crawl(archive, "ths", 0)
        for minutes in (30, 4, 2):
            clock.now += timedelta(hours=1)
            code = ArticleId(f"ths-{minutes}")
            published = clock.now - timedelta(minutes=minutes)
            archive.add(replace(ARTICLE, info_code=code, published=published, link="http://x/"))
        crawl(archive, "ths", 0, added=14)
        success = clock.now
        clock.now += timedelta(hours=1)
        crawl(archive, "ths", 3)
        crawl(archive, "cls", 0)
        archive.begin_crawl("nbd", {})
    health = health_of_sources(tmp_path, clock.now)
    ths = health["ths"]
    assert (ths.health, ths.status, ths.verdict) == (Health.FAILING, 3, "A sentence.")
    assert (ths.last_success, ths.last_crawl) == (success, clock.now)
    assert ths.lag is not None
    assert round(ths.lag.total_seconds()) == 4 * 60
    assert ths.articles_a_day == 2
    assert (health["cls"].health, health["cls"].lag) == (Health.GOOD, None)
    assert (health["nbd"].health, health["nbd"].last_crawl) == (Health.INTERRUPTED, None)


def test_articles_that_were_old_at_the_first_crawl_are_no_lag(tmp_path: Path) -> None:
    clock = Clock()
    with Archive(tmp_path, clock=clock) as archive:
        published = clock.now - timedelta(days=2)
        code = ArticleId("ths-1")
        archive.add(replace(ARTICLE, info_code=code, published=published, link="http://x/"))
        clock.now += timedelta(minutes=1)
        crawl(archive, "ths", 0)
    assert health_of_sources(tmp_path, clock.now)["ths"].lag is None


def test_the_last_crawl_is_a_whole_one_that_ended_by_itself(tmp_path: Path) -> None:
    clock = Clock()
    with Archive(tmp_path, clock=clock) as archive:
        crawl(archive, "ths", 3)
        for spider, status, arguments in (("ths", 9, ""), ("ths", 0, "flash"), ("cls", 9, "")):
            clock.now += timedelta(hours=1)
            crawl(archive, spider, status, arguments=arguments)
        archive.begin_crawl("ths", {})
        assert archive.last_crawls(but=9) == {"ths": START}
        clock.now = START - timedelta(hours=1)
        assert archive.last_crawls(but=9) == {}, "the clock was ahead"
