"""Crawl a replica every five simulated minutes, while its articles appear, change and vanish.

`test_simulated_days.py` runs it as a process, because it needs its own event loop.
"""

import json
import os
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from demo.articles import SHANGHAI, Article
from demo.exchange import Answer, Request
from demo.mirror import MIRROR_HOST, rendered_site
from demo.replica import Replica
from demo.share import share_api_site
from demo.site import made_up_site
from demo.static import StaticFile, static_site

START = datetime(2026, 11, 20, tzinfo=UTC)
STEP = timedelta(minutes=5)
APART = timedelta(minutes=20)

#: Ages at which every fourth article changes.
SECOND, THIRD = timedelta(minutes=35), timedelta(hours=9)

#: Ages at which every seventh article is withdrawn and published again.
VANISHES, RETURNS = timedelta(hours=2), timedelta(hours=8)


class Clock:
    """The clock of the simulation."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


clock = Clock()


class MovingSite:
    """The made-up site at the clock's time."""

    def __init__(self) -> None:
        whole = (article for article in made_up_site(articles=80).articles if article.share_hosts)
        self.articles = [
            replace(article, published=(START + APART * number).astimezone(SHANGHAI))
            for number, article in enumerate(entry for entry in whole if not entry.broken)
        ]
        self.served: list[tuple[str, int, datetime]] = []
        self._pages: dict[str, StaticFile] = {}
        self._newest = 0

    def mirror(self, request: Request) -> Answer:
        """Serve the mirror with the articles that are published."""
        visible = [article for article in self.articles if article.published <= clock.now]
        if len(visible) != self._newest:
            self._newest = len(visible)
            pages = rendered_site(visible, clock.now)
            self._pages = {
                path: StaticFile(page.encode(), clock.now) for path, page in pages.items()
            }
        return static_site(self._pages.get)(request)

    def share(self, request: Request) -> Answer:
        """Serve the share API with the current versions, and record what was served."""
        answers = {}
        for number, article in enumerate(self.articles):
            if request.query == f"id={article.info_code}":
                version = self.version(number, article)
                self.served.append((article.info_code, version, clock.now))
                answers = {article.info_code: _answer(article, version)} if version else {}
        return share_api_site(answers)(request)

    def version(self, number: int, article: Article) -> int:
        """Return the version of an article, 1, 2 or 3; 0 while it is withdrawn."""
        age = clock.now - article.published
        if number % 7 == 3 and VANISHES <= age < RETURNS:
            return 0
        if number % 4 == 0:
            return 1 + (age >= SECOND) + (age >= THIRD)
        return 1


def _answer(article: Article, version: int) -> bytes:
    answer = json.loads(article.answer)
    for name in {"text", "content"} & answer.keys():
        if answer[name]:
            answer[name] = f"<p>第{version}版 {version * 11}%</p>{answer[name]}"
    return json.dumps(answer).encode()


def main(archive: str, hours: str) -> None:
    """Crawl for a number of simulated hours, and print as JSON what was served."""
    site = MovingSite()
    shares = dict.fromkeys(
        ("finews.zning.xyz", "choicewzp1.eastmoney.com", "app.jg.eastmoney.com"), site.share
    )
    with Replica({MIRROR_HOST: site.mirror, **shares}) as replica:
        os.environ["http_proxy"] = replica.proxy_url
        os.environ["FINEWS_ARCHIVE"] = archive
        _crawl_every_step(int(float(hours) * 60) // 5)
        assert not replica.unknown
        requests = len(replica.requests)
    served = [(code, version, when.isoformat()) for code, version, when in site.served]
    json.dump({"served": served, "requests": requests}, sys.stdout)


def _crawl_every_step(steps: int) -> None:
    from scrapy.utils.reactor import install_reactor

    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    from scrapy.crawler import AsyncCrawlerRunner
    from scrapy.utils.defer import deferred_from_coro
    from scrapy.utils.project import get_project_settings
    from twisted.internet.task import react

    settings = get_project_settings()
    settings.setdict(
        {
            "FINEWS_CLOCK": "tests.faults.simulated_days.clock",
            "DOWNLOAD_DELAY": 0,
            "AUTOTHROTTLE_ENABLED": False,
            "LOGSTATS_INTERVAL": 0,
        },
        priority="cmdline",
    )

    async def crawl() -> None:
        runner = AsyncCrawlerRunner(settings)
        for _ in range(steps):
            clock.now += STEP
            await runner.crawl("finews", site=f"http://{MIRROR_HOST}/")

    with suppress(SystemExit):  # how `react` ends, well or not; the test reads the log
        react(lambda _: deferred_from_coro(crawl()))


if __name__ == "__main__":
    sys.exit("Run by test_simulated_days.py, which imports it by its name.")
