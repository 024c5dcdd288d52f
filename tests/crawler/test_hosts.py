"""Hosts that give no answer or refuse: few requests, a memory over runs, and living hosts stay."""

import itertools
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.crawl_state import Block, CrawlState
from demo.article_api import ARTICLE_API_HOST
from demo.article_page import PAGE_HOST
from demo.eastmoney import LISTAPI_HOST, WEBLIST_HOST
from demo.faults import Failure, Fault, empty, garbage, hang, reset, status
from demo.replica import Replica, Request
from demo.site import MadeUpSite, made_up_site
from tests.conftest import MIRROR, SHARE_HOSTS, Crawl, Ended, crawl_with, posts_in
from tests.support.blocks import let_blocks_end
from tests.support.refusals import REFUSALS
from tests.support.sample_site import rows

FIRST, *OTHERS = SHARE_HOSTS
FAMILY = "*.eastmoney.com"
WAYS = {"503": status(503), "reset": reset(), "hang": hang(), "empty": empty()}


@pytest.fixture(scope="module")
def site() -> MadeUpSite:
    return made_up_site(articles=60)


@pytest.fixture
def replica(site: MadeUpSite) -> Iterator[Replica]:
    with Replica(site.sites) as replica:
        yield replica


@pytest.fixture
def crawl(replica: Replica, archive: Path) -> Crawl:
    return crawl_with(replica, archive)


def requests_of(replica: Replica, *hosts: str) -> int:
    return sum(entry.request.host in hosts for entry in replica.requests)


def blocks(archive: Path) -> dict[str, Block]:
    with Archive(archive) as opened:
        return {block.host: block for block in opened.crawl_state.blocks(datetime.now(UTC))}


@pytest.mark.parametrize(
    ("project", "way"), [*(("default", way) for way in WAYS), ("fast", "503"), ("fast", "reset")]
)
def test_dead_share_hosts_cost_few_requests(
    project: str, way: str, replica: Replica, archive: Path, site: MadeUpSite
) -> None:
    def crawl(*arguments: str) -> Ended:
        quick = ("DOWNLOAD_TIMEOUT=1", "FINEWS_INTERVAL_SHARE=0", "FINEWS_MIN_FAILURES=10")
        settings = [word for setting in quick for word in ("-s", setting)]
        run = crawl_with(replica, archive)
        ended = run(*settings, *arguments, SCRAPY_PROJECT=project)
        assert ended.status == 0, ended.log
        return ended

    replica.faults = [Fault(host, failure=WAYS[way]) for host in SHARE_HOSTS]
    crawl()
    assert all(0 < requests_of(replica, host) <= 10 for host in SHARE_HOSTS)
    ((added, verdict),) = rows(archive, "SELECT added, verdict FROM crawls")
    assert added >= 55
    bodies = len(posts_in(archive))  # some articles have two
    assert f"{bodies} bodies are stand-ins, because no share host answered (" in verdict
    assert all(f"{host}: " in verdict for host in SHARE_HOSTS)
    assert blocks(archive).keys() == {*SHARE_HOSTS}

    replica.requests.clear()
    crawl()
    assert not requests_of(replica, *SHARE_HOSTS)

    let_blocks_end(archive)
    crawl()
    assert all(1 <= requests_of(replica, host) <= 4 for host in SHARE_HOSTS)
    assert {block.times for block in blocks(archive).values()} == {2}

    let_blocks_end(archive)
    replica.faults = []
    crawl("-s", "FINEWS_REVISITS=200", "-s", "FINEWS_REVISIT_DAYS=36500")
    got = posts_in(archive)
    assert {name: got.get(name) for name in site.posts} == site.posts


def test_one_dead_host_costs_no_body(
    crawl: Crawl, replica: Replica, archive: Path, site: MadeUpSite
) -> None:
    replica.faults = [Fault(FIRST, failure=status(503))]
    ended = crawl()
    assert ended.status == 0
    assert requests_of(replica, FIRST) <= 10
    got = posts_in(archive)
    shared = {entry.file_name for entry in site.articles if {*OTHERS} & {*entry.share_hosts}}
    assert {name: got[name] for name in shared} == {name: site.posts[name] for name in shared}


@pytest.mark.parametrize("failure", [status(503), reset()])
def test_a_host_that_answers_now_and_then_is_not_shut_out(
    failure: Failure, crawl: Crawl, replica: Replica, archive: Path
) -> None:
    numbers, lock = itertools.count(), threading.Lock()

    class NowAndThen(Fault):
        def matches(self, request: Request) -> bool:
            with lock:
                return request.host == FIRST and next(numbers) % 5 != 0

    replica.faults = [NowAndThen("*", failure=failure)]
    ended = crawl("-s", "RETRY_TIMES=0")
    assert ended.status == 0
    assert FIRST not in blocks(archive)
    assert requests_of(replica, FIRST) > 50


def test_no_network_is_nothing_to_remember(crawl: Crawl, replica: Replica, archive: Path) -> None:
    replica.faults = [Fault("*", failure=hang())]
    assert crawl("-s", "DOWNLOAD_TIMEOUT=0.3").status == 3
    assert not blocks(archive)
    replica.faults = []
    assert crawl().status == 0


def test_a_ban_by_cut_connections_holds_for_the_family(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    assert crawl(spider="eastmoney").status == 0
    replica.faults = [Fault("*", failure=reset())]
    replica.requests.clear()
    ended = crawl(spider="eastmoney")
    assert ended.status == 3
    assert len(replica.requests) <= 10
    assert FAMILY in blocks(archive)
    assert (
        f"UTC by {FAMILY}: " in rows(archive, "SELECT verdict FROM crawls ORDER BY id DESC")[0][0]
    )
    assert "banned until " in ended.log

    replica.requests.clear()
    for _ in range(2):
        assert crawl(spider="eastmoney").status == 3
    assert not replica.requests

    pauses = []
    for knocks in range(3):
        let_blocks_end(archive)
        replica.requests.clear()
        assert crawl(spider="eastmoney").status == 3
        family = sum(entry.request.host.endswith(".eastmoney.com") for entry in replica.requests)
        assert family == 1, knocks
        pauses.append(blocks(archive)[FAMILY].until - datetime.now(UTC))
    assert pauses == sorted(pauses)
    assert pauses[-1] < timedelta(hours=6)

    let_blocks_end(archive)
    replica.faults = []
    assert crawl(spider="eastmoney").status == 0
    assert FAMILY not in blocks(archive)


def test_dead_share_hosts_of_a_family_do_not_ban_the_living(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    replica.faults = [Fault(host, failure=reset()) for host in OTHERS]
    for spider in ("finews", "eastmoney", "finews"):
        ended = crawl(spider=spider)
        assert ended.status == 0, ended.log
        assert FAMILY not in blocks(archive)
        let_blocks_end(archive)
    assert requests_of(replica, WEBLIST_HOST) > 1


def test_a_share_host_that_dies_today_bans_the_family_once_at_most(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    assert crawl(spider="eastmoney").status == 0
    replica.faults = [Fault(host, failure=reset()) for host in SHARE_HOSTS]
    for _ in range(2):
        crawl(spider="eastmoney")
        let_blocks_end(archive)
    assert crawl(spider="eastmoney").status == 0
    assert FAMILY not in blocks(archive)


CAPTCHAS = sorted(
    path for path in REFUSALS.glob("*.html") if path.name not in {"news_about_captcha.html"}
)


@pytest.mark.parametrize("path", CAPTCHAS, ids=lambda path: path.stem)
@pytest.mark.parametrize("code", [200, 503])
def test_a_captcha_at_any_host_is_a_refusal(
    path: Path, code: int, crawl: Crawl, replica: Replica, archive: Path
) -> None:
    replica.faults = [Fault(MIRROR, "/feed.xml", failure=status(code, body=path.read_bytes()))]
    ended = crawl()
    assert ended.status == 3
    assert requests_of(replica, MIRROR) == 2  # robots.txt and the feed
    assert f"by {MIRROR}: it answered with a" in ended.log.splitlines()[-1]
    assert blocks(archive)[MIRROR].refused


def test_a_captcha_on_article_pages_stops_and_is_no_layout(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    page = (REFUSALS / "aliyun_waf_captcha.html").read_bytes()
    replica.faults = [
        *(Fault(host, failure=status(404)) for host in (*SHARE_HOSTS, ARTICLE_API_HOST)),
        Fault(PAGE_HOST, "/a/", failure=garbage(page)),
    ]
    ended = crawl(spider="eastmoney")
    assert replica.faults[-1].struck == 1
    assert ended.status == 6, ended.log
    until = f"{blocks(archive)[PAGE_HOST].until:%Y-%m-%d %H:%M}"
    assert f"anned until {until} UTC by {PAGE_HOST}: it answered with a captcha" in ended.log
    assert "layout" not in rows(archive, "SELECT reasons FROM crawls")[0][0]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[CrawlState]:
    state = CrawlState(tmp_path / "crawl-state.db")
    yield state
    state.close()


def at(minutes: float) -> datetime:
    return datetime(2026, 11, 22, tzinfo=UTC) + timedelta(minutes=minutes)


def test_a_block_of_a_family_holds_for_its_hosts_and_ends_with_an_answer(state: CrawlState) -> None:
    first, longest = timedelta(minutes=10), timedelta(hours=6)
    state.block(FAMILY, "cut", at(0), first, longest)
    block = state.block_of(LISTAPI_HOST, at(5))
    assert block is not None
    assert str(block) == f"banned until 2026-11-22 00:10 UTC by {FAMILY}: cut"
    assert state.block_of("eastmoney.com", at(5)) is None
    assert state.block_of(MIRROR, at(5)) is None
    assert state.block_of(LISTAPI_HOST, at(10)) is None
    assert state.on_trial_since(FAMILY, at(11)) == at(10)
    state.answered(LISTAPI_HOST, at(12))
    assert state.on_trial_since(FAMILY, at(13)) is None
    assert state.on_trial_since(FAMILY, at(10 + 24 * 60)) is None


def test_answers_are_remembered_over_runs(tmp_path: Path, state: CrawlState) -> None:
    state.answered(LISTAPI_HOST, at(0))
    state.answered(LISTAPI_HOST, at(10))
    state.block(LISTAPI_HOST, "cut", at(20), timedelta(minutes=10), timedelta(hours=1))
    state.answered(LISTAPI_HOST, at(31))
    again = CrawlState(tmp_path / "crawl-state.db")
    assert again.answered_since(LISTAPI_HOST, at(30))
    assert again.answered_since(FAMILY, at(30))
    assert not again.answered_since(FAMILY, at(30), but=LISTAPI_HOST)
    assert not again.answered_lately(PAGE_HOST, at(31))
    assert not again.answered_lately(LISTAPI_HOST, at(32 + 7 * 24 * 60))
    again.close()


def test_what_a_cluster_is_told_of_a_host_has_its_family(state: CrawlState) -> None:
    state.block(FAMILY, "cut", at(0), timedelta(minutes=10), timedelta(hours=1))
    assert [row["host"] for row in state.rows_of_hosts([LISTAPI_HOST])["blocks"]] == [FAMILY]
    assert not state.rows_of_hosts([MIRROR])["blocks"]
