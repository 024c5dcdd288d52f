"""``python -m bench.revisit_crawls``: crawl planted articles every hour, with revisits.

A replica serves one declared source: a list of the articles of the last hours, and an answer of
JSON for each. Texts change when the planted process says so. What the revisits found is printed as
JSON for `bench.revisits`, which starts a process for each order: crawls need an event loop.
"""

import argparse
import json
import os
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from archive.article import SHANGHAI
from archive.catalog import PostRow
from bench.planted_revisits import PROCESSES, Published, published
from crawler.archive_port import ArchiveInProcess
from demo.exchange import Answer, Request
from demo.replica import Replica

START = datetime(2026, 11, 2, tzinfo=SHANGHAI)
#: Hours for which the list has an article.
LISTED = 2.0
HOST = "api.planted.example"
DECLARATION = f"""
title = "Planted"
site = "https://{HOST}/"
hosts = ["{HOST}"]
family = "*.planted.example"

[manners]
interval = "60 min"

[lists.news]
address = "http://{HOST}/list"
format = "json"
entries = "items"
seen = {{ on = 2026-11-30, first_hand = true }}

[lists.news.fields]
id = "id"
address = {{ path = "id", template = "http://{HOST}/articles/{{}}" }}
title = "title"
published = "published"
media = "media"
important = "important"

[articles.api]
address = "http://{HOST}/api?id={{id}}"
format = "json"
seen = {{ on = 2026-11-30, first_hand = true }}

[articles.api.fields]
title = "title"
published = "published"
media = "media"
body = "body"
"""
_JSON = {"Content-Type": "application/json; charset=utf-8"}


class Clock:
    """The clock of the crawls. Times of articles are in hours after the start.

    :param hours: now.
    """

    hours = 0

    def __call__(self) -> datetime:
        """Return the time."""
        return (START + timedelta(hours=self.hours)).astimezone(UTC)


clock = Clock()


class EvenPolling(ArchiveInProcess):
    """An archive of which the articles are due whose last check is oldest."""

    def due(self, *, limit: int, **choice: Any) -> list[PostRow]:
        """Return the articles that are due for a revisit."""
        due = super().due(**choice | {"limit": -1, "learnt": False})
        return sorted(due, key=lambda row: (row.checked, row.info_code))[:limit]


ORDERS: dict[str, dict[str, object]] = {
    "fixed": {"FINEWS_REVISITS_LEARNT": False},
    "even polling": {"FINEWS_ARCHIVE_CLASS": "bench.revisit_crawls.EvenPolling"},
    "learnt": {"FINEWS_REVISITS_LEARNT": True},
}


class PlantedSite:
    """The source at the clock's time; it records what its readers can have found.

    :param articles: in the order of their publication.
    """

    def __init__(self, articles: Sequence[Published]) -> None:
        self._articles = articles
        self.revisits: list[int] = []

    def __call__(self, request: Request) -> Answer:
        """Answer a request."""
        if request.path == "/list":
            newest = [a for a in self._articles if clock.hours - LISTED < a.at <= clock.hours]
            return _answer({"items": [_facts(each) for each in reversed(newest)]})
        if request.path != "/api":
            return Answer(404)
        article = self._articles[int(parse_qs(request.query)["id"][0])]
        if clock.hours > article.arrived:
            self.revisits.append(clock.hours)
        article.check(clock.hours)
        version = article.version(clock.hours)
        body = f"<p>公司完成投资{version + 1}亿元。</p><p>其余安排不变。</p>"
        return _answer(_facts(article) | {"body": body})


def _answer(content: object) -> Answer:
    return Answer(200, json.dumps(content).encode(), _JSON)


def _facts(article: Published) -> dict[str, object]:
    _, media, _, breaking = article.groups
    return {
        "id": f"{article.number:07}",
        "title": f"第{article.number}号项目",
        "published": f"{START + timedelta(hours=article.at):%Y-%m-%d %H:%M:%S}",
        "media": media.removeprefix("media "),
        "important": breaking == "breaking 1",
    }


def main() -> None:
    """Crawl for some simulated days, and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m bench.revisit_crawls", description=__doc__)
    parser.add_argument("process", choices=PROCESSES)
    parser.add_argument("order", choices=ORDERS)
    parser.add_argument("--hours", type=int, default=120)
    parser.add_argument("--articles", type=float, default=10.0, help="new ones an hour")
    parser.add_argument("--limit", type=int, default=3, help="revisits a crawl")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    articles = published(PROCESSES[given.process], given.hours, given.articles, given.seed)
    site = PlantedSite(articles)
    with tempfile.TemporaryDirectory() as temporary, Replica({HOST: site}) as replica:
        folder = Path(temporary)
        (folder / "planted.toml").write_text(DECLARATION, encoding="utf-8")
        os.environ |= replica.environment
        settings = {
            "FINEWS_ARCHIVE": str(folder / "news"),
            "FINEWS_DECLARATIONS": str(folder),
            "FINEWS_CLOCK": "bench.revisit_crawls.clock",
            "FINEWS_REVISITS": given.limit,
            "DOWNLOAD_DELAY": 0,
            "AUTOTHROTTLE_ENABLED": False,
            "LOG_LEVEL": "ERROR",
        }
        _crawl_every_hour(given.hours, settings | ORDERS[given.order])
        assert not replica.unknown
        archived = _edits_in(folder / "news" / "catalog.db")
    found = [(at, late) for article in articles for at, late in article.found]
    if archived != len(found):
        sys.exit(f"revisits could see {len(found)} edits, and the archive has {archived}")
    json.dump({"found": found, "revisits": site.revisits}, sys.stdout)


def _crawl_every_hour(hours: int, more: dict[str, object]) -> None:
    from scrapy.utils.reactor import install_reactor

    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    from scrapy.crawler import AsyncCrawlerRunner
    from scrapy.utils.defer import deferred_from_coro
    from scrapy.utils.project import get_project_settings
    from twisted.internet.task import react

    settings = get_project_settings()
    settings.setdict(more, priority="cmdline")

    async def crawl() -> None:
        runner = AsyncCrawlerRunner(settings)
        for clock.hours in range(1, hours):
            await runner.crawl("planted")

    with suppress(SystemExit):  # how `react` ends, well or not; the edits are counted after it
        react(lambda _: deferred_from_coro(crawl()))


def _edits_in(catalog: Path) -> int:
    with closing(sqlite3.connect(catalog)) as connection:
        sql = "SELECT count(*) FROM events WHERE event = 'edited'"
        ((count,),) = connection.execute(sql).fetchall()
    return int(count)


if __name__ == "__main__":
    from bench.revisit_crawls import main as run  # its clock is named in the settings

    run()
