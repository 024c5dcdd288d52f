"""A good guest: hosts that refuse are asked no more, lists are asked for once."""

import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.article_id import InfoCode
from archive.crawl_state import Block, CrawlState, Failed, FailedAttempt, Validators
from demo.faults import Fault, garbage, status
from demo.replica import Answer, Replica, Request
from tests.conftest import MIRROR, SHARE_HOSTS, Crawl, posts_in
from tests.support.crawl_state import change_crawl_state
from tests.support.crawl_states import state_of
from tests.support.sample_site import REAL, article_requests, asked, rows

FIRST = SHARE_HOSTS[0]


def blocks(archive: Path) -> list[Block]:
    with state_of(archive) as state:
        return state.blocks(datetime.now(UTC))


def api_calls(replica: Replica, host: str) -> int:
    return sum("GetNewsText.do" in url for url in asked(replica, host))


@pytest.mark.parametrize("refusal", [403, 412])
def test_a_host_that_refuses_is_not_asked_over_runs(
    crawl: Crawl, replica: Replica, archive: Path, sample_posts: dict[str, bytes], refusal: int
) -> None:
    replica.faults = [Fault(FIRST, "/NewsData/", failure=status(refusal))]
    ended = crawl()
    assert (ended.status, posts_in(archive)) == (0, sample_posts), ended.log
    assert api_calls(replica, FIRST) == 1
    assert f"UTC by {FIRST}: it answered {refusal}" in ended.log
    (block,) = blocks(archive)
    assert (block.host, block.times) == (FIRST, 1)
    assert timedelta(minutes=8) < block.until - datetime.now(UTC) <= timedelta(minutes=10)

    replica.requests.clear()
    anew = archive.with_name("anew")
    with state_of(archive) as state, state_of(anew) as other:
        other.merge(state.all() | {"validators": []})
    assert crawl(FINEWS_ARCHIVE=str(anew)).status == 0
    assert not asked(replica, FIRST)


def test_each_further_block_is_twice_as_long_until_a_day_without(tmp_path: Path) -> None:
    state = CrawlState(tmp_path / "crawl-state.db")
    now = datetime(2026, 11, 22, tzinfo=UTC)
    first, longest = timedelta(minutes=10), timedelta(hours=1)
    minutes = []
    for _ in range(5):
        block = state.block("host", "403", now, first, longest)
        minutes.append((block.until - now) / timedelta(minutes=1))
        now = block.until + timedelta(minutes=1)
    assert minutes == [10, 20, 40, 60, 60]
    assert state.block_of("host", now) is None
    now += timedelta(days=1)
    assert state.block("host", "403", now, first, longest).times == 1
    assert state.block_of("other", now) is None
    for _ in range(50):
        block = state.block("host", "403", now, first, longest)
        under_way = state.block("host", "403", now + timedelta(seconds=1), first, longest)
        assert (under_way.until, under_way.times) == (block.until, block.times) or block.times == 1
        now = block.until + timedelta(minutes=1)
    assert block.until - now < longest
    state.close()


def test_requests_to_a_host_take_turns_without_a_delay_too(crawl: Crawl, replica: Replica) -> None:
    share, at_once, most = replica.sites[FIRST], [0], [0]
    lock = threading.Lock()

    def slowly(request: Request) -> Answer:
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        time.sleep(0.01)
        with lock:
            at_once[0] -= 1
        return share(request)

    replica.sites[FIRST] = slowly
    unhurried = ("-s", "AUTOTHROTTLE_ENABLED=False", "-s", "DOWNLOAD_DELAY=0")
    assert crawl(*unhurried).status == 0
    assert api_calls(replica, FIRST) == 19
    assert most == [1]


def test_a_page_where_data_was_due_is_a_block(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    replica.faults = [Fault(FIRST, "/NewsData/", failure=garbage())]
    assert crawl().status == 0
    assert api_calls(replica, FIRST) == 1
    assert [block.host for block in blocks(archive)] == [FIRST]


def test_too_many_requests_are_not_made_more(crawl: Crawl, replica: Replica, archive: Path) -> None:
    replica.faults = [Fault(FIRST, "/NewsData/", failure=status(429, {"Retry-After": "7200"}))]
    assert crawl().status == 0
    assert api_calls(replica, FIRST) == 1
    (block,) = blocks(archive)
    assert timedelta(minutes=118) < block.until - datetime.now(UTC) <= timedelta(hours=2)


def test_a_short_retry_after_is_waited_for(
    crawl: Crawl, replica: Replica, archive: Path, sample_posts: dict[str, bytes]
) -> None:
    busy = status(503, {"Retry-After": "2"})
    replica.faults = [Fault(FIRST, f"/NewsData/GetNewsText.do?id={REAL}", failure=busy, times=1)]
    began = time.monotonic()
    assert crawl().status == 0
    assert time.monotonic() - began > 2
    assert posts_in(archive) == sample_posts
    assert api_calls(replica, FIRST) == 20
    assert not blocks(archive)


def test_a_mirror_that_refuses_is_named_and_not_even_asked_for_robots(
    crawl: Crawl, replica: Replica
) -> None:
    replica.faults = [Fault(MIRROR, "/feed.xml", failure=status(403))]
    assert crawl().status == 3
    replica.requests.clear()
    ended = crawl()
    assert ended.status == 3
    assert "banned until " in ended.log
    assert f"by {MIRROR}: it answered 403" in ended.log
    assert not replica.requests


def test_what_failed_is_tried_again_though_lists_stay_the_same_and_given_up_in_the_end(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    replica.faults = [Fault(MIRROR, f"/jingjiguanchawang/2021/12/29/{REAL}", failure=status(404))]
    for attempt in (1, 2, 3):
        replica.requests.clear()
        crawl("-s", "FINEWS_ATTEMPTS=3", "-s", "FINEWS_INTERVAL_SHARE=0")
        assert any(REAL in url for url in asked(replica, MIRROR))
        with state_of(archive) as state:
            (failed,) = state.failures()
            assert (failed.info_code, failed.times) == (REAL, attempt)
            assert isinstance(failed, Failed)
    replica.requests.clear()
    ended = crawl("-s", "FINEWS_ATTEMPTS=3", "-s", "FINEWS_INTERVAL_SHARE=0")
    assert not article_requests(replica)
    assert ended.status == 0
    assert "1 articles were given up after 3 crawls" in ended.log

    replica.faults = []
    assert "1 added" in crawl("-s", "FINEWS_INTERVAL_SHARE=0").output
    with state_of(archive) as state:
        assert not state.failures()


def test_traffic_is_counted_by_host(crawl: Crawl, archive: Path) -> None:
    assert crawl().status == 0
    assert crawl().status == 0
    first, second = (json.loads(hosts) for (hosts,) in rows(archive, "SELECT hosts FROM crawls"))
    assert first[f"{FIRST}/status/200"] == 19
    assert first[f"{FIRST}/bytes"] > 30_000
    assert first[f"{MIRROR}/requests"] == first[f"{MIRROR}/status/200"] + 1
    assert second[f"{MIRROR}/status/304"] == 2
    assert f"{FIRST}/requests" not in second


def test_validators_are_remembered(tmp_path: Path) -> None:
    state = CrawlState(tmp_path / "crawl-state.db")
    assert state.validators_of("http://x/") is None
    state.store_validators({"http://x/": Validators('"1"', None)})
    state.store_validators({"http://x/": Validators('"2"', "now"), "http://y/": Validators("", "")})
    assert state.validators_of("http://x/") == Validators('"2"', "now")
    state.close()


def test_a_category_that_posts_link_to_and_that_is_not_there_is_no_failure(
    crawl: Crawl, replica: Replica, archive: Path, sample_posts: dict[str, bytes]
) -> None:
    missing = "/category/jiemianxinwen.html"
    replica.faults = [Fault(MIRROR, missing, failure=status(404))]
    ended = crawl()
    assert (ended.status, posts_in(archive)) == (0, sample_posts)
    assert f"{missing}, which posts link to, does not exist" in ended.log
    assert crawl().status == 0
    change_crawl_state(archive, "DELETE FROM validators WHERE url LIKE '%withounder.com/'")
    replica.requests.clear()
    replica.faults = []
    assert crawl().status == 0
    categories = {
        entry.request.path: entry.status
        for entry in replica.requests
        if "/category/" in entry.request.path
    }
    assert categories.pop(missing) == 200
    assert set(categories.values()) == {304}


def test_tries_thin_out_so_that_an_outage_does_not_use_them_up(tmp_path: Path) -> None:
    state = CrawlState(tmp_path / "crawl-state.db")
    code, start = InfoCode(REAL), datetime(2026, 11, 22, tzinfo=UTC)
    tries = []
    for minutes in range(0, 48 * 60, 5):
        now = start + timedelta(minutes=minutes)
        failed = state.failure_of(code)
        if failed is None or failed.is_due(now, 0.5):
            state.failed(FailedAttempt(code, "down"), now)
            tries.append(minutes)
    assert tries[:5] == [0, 5, 10, 20, 40]
    assert tries[9] > 20 * 60
    state.archived(code)
    assert state.failure_of(code) is None
    state.close()


def test_an_article_that_waits_is_not_asked_for_by_lists_either(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    replica.faults = [Fault(MIRROR, f"/jingjiguanchawang/2021/12/29/{REAL}", failure=status(404))]
    assert crawl().status == 0
    replica.requests.clear()
    change_crawl_state(archive, "DELETE FROM validators")
    ended = crawl("-s", "FINEWS_INTERVAL_SHARE=1000")
    assert ended.status == 0
    assert not article_requests(replica)
    with state_of(archive) as state:
        assert [failed.times for failed in state.failures()] == [1]
    assert crawl("-a", f"share={REAL}", site=None).status == 0
    with state_of(archive) as state:
        assert not state.failures()


def test_too_many_requests_that_always_say_come_again_soon_are_a_block(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    replica.faults = [Fault(FIRST, "/NewsData/", failure=status(429, {"Retry-After": "1"}))]
    assert crawl().status == 0
    assert api_calls(replica, FIRST) == 3
    assert [block.host for block in blocks(archive)] == [FIRST]


def test_data_that_is_called_a_page_is_data(
    crawl: Crawl, replica: Replica, archive: Path, sample_posts: dict[str, bytes]
) -> None:
    share = replica.sites[FIRST]

    def called_html(request: Request) -> Answer:
        answer = share(request)
        return replace(answer, headers={"Content-Type": "text/html;charset=UTF-8"})

    replica.sites[FIRST] = called_html
    assert crawl().status == 0
    assert posts_in(archive) == sample_posts
    assert not blocks(archive)


def test_an_outage_is_no_attempt(crawl: Crawl, replica: Replica, archive: Path) -> None:
    replica.faults = [Fault(MIRROR, f"/jingjiguanchawang/2021/12/29/{REAL}", failure=status(404))]
    assert crawl().status == 0
    replica.faults = [Fault(MIRROR, "/feed.xml", failure=status(403))]
    change_crawl_state(archive, "DELETE FROM validators")
    for _ in range(3):
        crawl("-s", "FINEWS_INTERVAL_SHARE=0")
    with state_of(archive) as state:
        assert [failed.times for failed in state.failures()] == [1]
