"""Crawl-delay and Request-rate in robots.txt are obeyed, within a limit."""

import inspect
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from scrapy.core import downloader
from scrapy.downloadermiddlewares import robotstxt
from scrapy.extensions import throttle

from crawler.robots import GuestRobotParser
from demo.replica import Answer, Replica, Request
from tests.conftest import SHARE_HOSTS, Crawl
from tests.support.sample_site import REAL

FIRST = SHARE_HOSTS[0]
CODES = (REAL, "NW202205202300000023", "NW202205202300000029", "NW202205202300000037")
US = "finews/0.1 (news archive; Scrapy)"


def times_of(replica: Replica, robots: str) -> Sequence[float]:
    """Have the first share host send this robots.txt; when it is asked for articles."""
    site, times = replica.sites[FIRST], list[float]()

    def timed(request: Request) -> Answer:
        if request.path == "/robots.txt":
            return Answer(200, robots.encode(), {"Content-Type": "text/plain"})
        times.append(time.monotonic())
        return site(request)

    replica.sites[FIRST] = timed
    return times


@pytest.fixture
def links(tmp_path: Path) -> Path:
    path = tmp_path / "links"
    path.write_text("\n".join(CODES), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "robots",
    [
        "User-agent: *\nCrawl-delay: 1\n",
        "User-agent: *\nRequest-rate: 2/2s\n",
        "User-agent: *\nCrawl-delay: 0.1\n\nUser-agent: finews\nCrawl-delay: 1\n",
    ],
)
@pytest.mark.parametrize("project", ["default", "fast"])
def test_a_host_is_asked_as_rarely_as_it_wants(
    robots: str, project: str, crawl: Crawl, replica: Replica, links: Path
) -> None:
    times = times_of(replica, robots)
    ended = crawl("-a", f"share={links}", site=None, SCRAPY_PROJECT=project)
    assert (ended.status, len(times)) == (0, len(CODES)), ended.log
    assert all(later - before > 0.95 for before, later in pairwise(times))


def test_a_delay_beyond_the_limit_is_reported(crawl: Crawl, replica: Replica, links: Path) -> None:
    times = times_of(replica, "User-agent: *\nCrawl-delay: 3600\n")
    limit = ("-s", "FINEWS_CRAWL_DELAY_MAX_SECONDS=0.5")
    ended = crawl("-a", f"share={links}", *limit, site=None)
    assert (ended.status, len(times)) == (0, len(CODES)), ended.log
    assert all(0.45 < later - before < 10 for before, later in pairwise(times))
    assert f"The robots.txt of {FIRST} requires 3600 seconds between two requests" in ended.log


@pytest.mark.parametrize(
    ("robots", "seconds"),
    [
        ("Crawl-delay: 5", 5),
        ("Request-rate: 1/10", 10),
        ("Request-rate: 30/1m", 2),
        ("Crawl-delay: 5\nRequest-rate: 1/2", 5),
        ("Request-rate: 0/5", None),
        ("Crawl-delay: -1", None),
        ("Crawl-delay: soon", None),
        ("Disallow:", None),
    ],
)
def test_both_rules_are_read(robots: str, seconds: float | None) -> None:
    body = f"User-agent: *\n{robots}\n".encode()
    assert (GuestRobotParser(body, None).crawl_delay(US) or None) == seconds


def test_scrapy_still_reads_delays_and_applies_none() -> None:
    """When it does, `crawler.extensions.crawl_delay` can go: scrapy/scrapy#892."""
    sources = map(inspect.getsource, (downloader, robotstxt, throttle))
    assert not any("crawl_delay" in source for source in sources)
