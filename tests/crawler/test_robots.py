"""robots.txt is obeyed by every request, also by those that wait while it is being fetched."""

from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from demo.exchange import Answer, Exchange
from demo.faults import Failure, Fault
from demo.replica import Replica
from tests.conftest import SHARE_HOSTS, Crawl, posts_in
from tests.support.sample_site import asked

FIRST, SECOND, _ = SHARE_HOSTS
FORBIDDEN = b"User-agent: *\nDisallow: /\n"
ALLOWED = b"User-agent: *\nAllow: /\n"


def late(robots: bytes) -> Failure:
    """Answer so late that all requests of the crawl wait for it."""

    def fail(exchange: Exchange) -> None:
        exchange.wait(1)
        exchange.send(Answer(200, robots, {"Content-Type": "text/plain"}))

    return fail


def paths(replica: Replica, host: str) -> Counter[str]:
    return Counter(urlsplit(url).path for url in asked(replica, host))


@pytest.mark.parametrize(
    ("robots", "answers_of_first"), [(FORBIDDEN, 0), (ALLOWED, 19)], ids=["forbidden", "allowed"]
)
def test_all_that_wait_for_robots_obey_it(
    crawl: Crawl,
    replica: Replica,
    archive: Path,
    sample_posts: dict[str, bytes],
    robots: bytes,
    answers_of_first: int,
) -> None:
    replica.faults = [Fault(FIRST, "/robots.txt", failure=late(robots))]
    ended = crawl()
    assert (ended.status, posts_in(archive)) == (0, sample_posts), ended.log
    assert paths(replica, FIRST)["/robots.txt"] == 1
    assert paths(replica, FIRST)["/NewsData/GetNewsText.do"] == answers_of_first
    assert paths(replica, SECOND)["/NewsData/GetNewsText.do"] == 19 - answers_of_first


def test_a_robots_txt_that_cannot_be_fetched_holds_nothing_up(
    crawl: Crawl, replica: Replica, archive: Path, sample_posts: dict[str, bytes]
) -> None:
    def cut(exchange: Exchange) -> None:
        exchange.wait(1)
        exchange.reset()

    replica.faults = [Fault(FIRST, "/robots.txt", failure=cut)]
    ended = crawl("-s", "RETRY_ENABLED=False")
    assert (ended.status, posts_in(archive)) == (0, sample_posts), ended.log
    assert paths(replica, FIRST)["/NewsData/GetNewsText.do"] == 19
