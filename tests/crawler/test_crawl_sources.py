"""`finews crawl`: several sources in one process, each host family at its own pace."""

import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive.archive import Archive
from archive.article import SHANGHAI
from archive.catalog import Health, health_of_sources
from archive.cli import main
from archive.clock import utc_now
from archive.integrity.verify import verify
from demo.articles import MIN_ARTICLES
from demo.exchange import Answer
from demo.replica import Replica
from demo.site import made_up_site
from tests.conftest import ROOT, posts_in
from tests.crawler.declarations.recorded import SOURCES
from tests.crawler.test_declared_spider import ARTICLES, rows
from tests.support.fork_server import Forked
from tests.support.publishers import (
    AT_ONCE,
    FINEWS,
    Timed,
    asked,
    crawl_command,
    crawl_sources,
    environment,
    publishers,
)

CLS, THS = "www.cls.cn", "news.10jqka.com.cn"
REFUSED = Answer(403, b"no")


@pytest.fixture
def replica() -> Iterator[Replica]:
    """The recorded publishers, and the made-up Eastmoney and mirror."""
    site = made_up_site(articles=MIN_ARTICLES, built=datetime.now(SHANGHAI))
    with Replica({**site.sites, **publishers()}) as replica:
        yield replica


def verdicts(output: str) -> dict[str, str]:
    """The verdict lines, by the name of the source; that on all has the empty name."""
    lines = [line.removeprefix("finews: ") for line in output.splitlines()]
    found = {line.partition(": ")[0]: line.partition(": ")[2] for line in lines if ": " in line}
    return {name: verdict for name, verdict in found.items() if name in {*ARTICLES, "finews"}}


def begun(archive: Path) -> Counter[str]:
    with Archive(archive) as opened:
        return Counter(row["spider"] for row in opened._catalog.rows("crawls", ["spider"]))


def test_twelve_sources_are_crawled_at_once_killed_and_crawled_again(
    replica: Replica, archive: Path, tmp_path: Path
) -> None:
    """Nothing is stored twice, nothing is lost, and nothing that is stored is fetched again."""
    whole = tmp_path / "whole"
    ended = crawl_sources(replica, whole, "--all", *AT_ONCE)
    assert ended.status == 0, ended.log
    assert "finews: 12 of 12 sources gave all their news." in ended.output
    expected = rows(whole)
    by_source = Counter(row.source for row in expected.values())
    assert {name: by_source[name] for name in ARTICLES} == ARTICLES
    lists = 18
    pages = Counter(asked(replica))
    assert max(count for url, count in pages.items() if "/robots" not in url) <= 2

    for enough in (5, 40, 90):
        kill_when_there_are(replica, archive, enough)
    replica.requests.clear()
    stored = set(rows(archive))
    ended = crawl_sources(replica, archive, *AT_ONCE)
    assert ended.status == 0, ended.log
    assert rows(archive).keys() == expected.keys()
    assert posts_in(archive).keys() == posts_in(whole).keys()
    ours = [url for url in asked(replica) if url.split("/")[2] in publishers()]
    missing = [code for code in expected.keys() - stored if not code.startswith("NW")]
    assert len(ours) <= lists + len(missing)
    assert not verify(archive).problems


def kill_when_there_are(replica: Replica, archive: Path, enough: int) -> None:
    crawl = Forked(
        crawl_command("--all", "--set", "LOG_LEVEL=ERROR", *AT_ONCE),
        cwd=ROOT,
        env=environment(replica, archive),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with crawl:
        until = time.monotonic() + 60
        while crawl.poll() is None and time.monotonic() < until:
            if len(posts_in(archive)) >= enough:
                break
            time.sleep(0.02)
        crawl.send_signal(signal.SIGKILL)


def assert_pace(pauses: list[float], delay: float) -> None:
    """Check a delay between requests; a busy machine notes a single one too late."""
    assert min(sum(pauses[start : start + 3]) for start in range(len(pauses) - 2)) > 2.4 * delay
    assert sum(pauses) / len(pauses) > 0.9 * delay, pauses


def test_each_host_family_has_its_own_pace(replica: Replica, archive: Path) -> None:
    """Sources with one family are crawled one after another, others at the same time."""
    timed = Timed(replica.sites)
    replica.sites = timed.sites
    ended = crawl_sources(replica, archive, "cls", "ths", "jin10")
    assert ended.status == 0, ended.log
    paces = {("www.cls.cn",): 2.0, (THS,): 1.0}
    paces["flash-api.jin10.com", "reference-api.jin10.com"] = 1.0
    for hosts, delay in paces.items():
        pauses = timed.pauses(hosts)
        assert len(pauses) >= 6
        assert_pace(pauses, delay)
    times = [at for _, at in timed.times]
    assert max(times) - min(times) < sum(sum(timed.pauses(hosts)) for hosts in paces)


def test_sources_of_one_family_take_turns(replica: Replica, archive: Path, tmp_path: Path) -> None:
    own = (SOURCES / "ths.toml").read_text("utf-8")
    (tmp_path / "hexin.toml").write_text(own, encoding="utf-8")
    timed = Timed(replica.sites)
    replica.sites = timed.sites
    folders = f"FINEWS_DECLARATIONS={SOURCES},{tmp_path}"
    ended = crawl_sources(replica, archive, "ths", "hexin", "--set", folders)
    assert ended.status == 0, ended.log
    assert len(timed.pauses([THS])) >= 10
    assert_pace(timed.pauses([THS]), 1.0)


def test_a_source_that_refuses_is_replaced(replica: Replica, archive: Path) -> None:
    replica.sites[CLS] = lambda _: REFUSED
    ended = crawl_sources(replica, archive, "cls", *AT_ONCE)
    assert ended.status == 3
    assert "finews: ths: All articles that the source names are archived." in ended.output
    assert "cls: No list of the source could be read: " in ended.log
    assert "it answered 403; ths took over. (exit status 3)" in ended.log
    assert "finews: 1 of 2 sources gave all their news; cls did not." in ended.log
    assert Counter(row.source for row in rows(archive).values()) == {"ths": ARTICLES["ths"]}

    replica.requests.clear()
    ended = crawl_sources(replica, archive, "cls", *AT_ONCE)
    assert not [url for url in asked(replica) if CLS in url], "the refusal is remembered"


def test_rolling_news_has_three_sources(replica: Replica, archive: Path) -> None:
    """Of Eastmoney, then of 10jqka, then of the Cailian Press."""
    for host in list(replica.sites):
        if "eastmoney" in host or host == THS:
            replica.sites[host] = lambda _: REFUSED
    ended = crawl_sources(replica, archive, "eastmoney", *AT_ONCE)
    assert ended.status == 3
    assert "cls took over. (exit status 3)" in ended.log
    assert set(begun(archive)) == {"eastmoney", "ths", "cls", "wscn"} - {"wscn"}


def test_without_any_fallback_the_verdict_says_so(replica: Replica, archive: Path) -> None:
    for host in (CLS, THS, "api-one.wallstcn.com", "api-one-wscn.awtmt.com"):
        replica.sites[host] = lambda _: REFUSED
    ended = crawl_sources(replica, archive, "cls", *AT_ONCE)
    assert ended.status == 3
    assert "neither did ths, wscn give all news. (exit status 3)" in ended.log


def test_a_changed_shape_is_the_status_of_all(replica: Replica, archive: Path) -> None:
    replica.sites["www.gelonghui.com"] = lambda _: Answer(200, b'{"statusCode": 200, "rows": []}')
    ended = crawl_sources(replica, archive, "gelonghui", "people", *AT_ONCE)
    assert ended.status == 4
    assert "gelonghui: The layout of the source's lists has changed" in ended.log
    assert "finews: 1 of 2 sources gave all their news; gelonghui did not." in ended.log
    health = health_of_sources(archive, utc_now())
    assert (health["gelonghui"].health, health["gelonghui"].status) == (Health.FAILING, 4)
    assert health["gelonghui"].last_success is None
    assert (health["people"].health, health["people"].lag) == (Health.GOOD, None)
    assert health["people"].articles_a_day == ARTICLES["people"] / 7

    listed = CliRunner().invoke(main, ["sources", "list", "--archive", str(archive), "--json"])
    states = {row["name"]: row["status"] for row in json.loads(listed.output)}
    assert (states["gelonghui"], states["people"], states["cls"]) == (4, 0, None)


def test_what_is_due_is_crawled(replica: Replica, archive: Path) -> None:
    assert crawl_sources(replica, archive, "people", "xinhua", *AT_ONCE).status == 0
    replica.requests.clear()
    assert crawl_sources(replica, archive, *AT_ONCE).status == 0
    hosts = {url.split("/")[2] for url in asked(replica)}
    assert CLS in hosts
    assert not {"www.people.com.cn", "www.news.cn"} & hosts
    replica.requests.clear()
    ended = crawl_sources(replica, archive, *AT_ONCE)
    assert ended.status == 0
    assert "finews: No source is due; " in ended.output
    assert " is the next, in " in ended.output
    assert not replica.requests
    assert begun(archive) == dict.fromkeys([*ARTICLES, "eastmoney", "finews"], 1)


def test_a_signal_ends_all_crawls_and_the_next_run_goes_on(replica: Replica, archive: Path) -> None:
    crawl = Forked(
        crawl_command("cls", "nbd"),
        cwd=ROOT,
        env=environment(replica, archive),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with crawl:
        while crawl.poll() is None and len(asked(replica)) < 4:
            time.sleep(0.05)
        crawl.send_signal(signal.SIGINT)
        _, log = crawl.communicate(timeout=60)
    assert crawl.returncode == 9
    assert "cls: The crawl was ended early (shutdown). (exit status 9)" in log
    assert "Traceback" not in log
    ended = crawl_sources(replica, archive, *AT_ONCE, "--set", "LOG_LEVEL=ERROR")
    assert ended.status == 0
    assert f"cls: {ARTICLES['cls']} articles found" in ended.output


def test_one_source_has_arguments_and_the_log_is_in_the_archive(
    replica: Replica, archive: Path
) -> None:
    """What is printed is for people; failures alone are on standard error, which cron mails."""

    def crawl(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = (*FINEWS, "crawl", "people", "--archive", str(archive), *arguments, *AT_ONCE)
        variables = environment(replica, Path("/elsewhere"))
        return subprocess.run(
            command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False
        )

    ended = crawl("-a", "pages=1")
    assert (ended.returncode, ended.stderr) == (0, "")
    counts, verdict, place, log = ended.stdout.splitlines()
    assert counts.startswith(f"finews: people: {ARTICLES['people']} articles found, ")
    assert verdict == "finews: people: All articles that the source names are archived."
    assert str(archive) in place
    assert log == f"finews: The log is {archive}/crawl.log"
    text = (archive / "crawl.log").read_text("utf-8")
    assert "Spider closed (finished)" in text

    (archive / "crawl.log").write_bytes(b"x" * 5_000_001)
    ended = crawl()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (archive / "crawl.log.1").stat().st_size > 5_000_000
    assert len(rows(archive)) == ARTICLES["people"]
    assert not verify(archive).problems


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("-a", "pages=1"), "Arguments (-a) are for one source; name that one."),
        (("ths", "-a", "pges=1"), "ths takes the arguments "),
        (("fnews",), "There is no spider 'fnews'; there is chinanews, cls, eastmoney, finews,"),
        (("--set", "DOWNLOAD_DELAY=x"), "DOWNLOAD_DELAY is 'x'; it should be a number."),
        (("--all", "ths"), "Name sources or --all, not both."),
        (("--set", "FINEWS_SOURCES=/no.toml"), "Could not read the sources /no.toml"),
    ],
)
def test_a_wrong_call_is_one_sentence(
    replica: Replica, archive: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    ended = crawl_sources(replica, archive, *arguments)
    assert ended.status == 2
    assert complaint in ended.log
    assert not replica.requests
    assert not archive.exists()


def test_a_broken_declaration_is_the_verdict_on_its_source(
    replica: Replica, archive: Path, tmp_path: Path
) -> None:
    (tmp_path / "own.toml").write_text("titel = 'Own'\n")
    folders = f"FINEWS_DECLARATIONS={SOURCES},{tmp_path}"
    ended = crawl_sources(replica, archive, "own", "people", "--set", folders, *AT_ONCE)
    assert ended.status == 2
    assert f"finews: own: {tmp_path}/own.toml: " in ended.log
    assert len(rows(archive)) == ARTICLES["people"]


def test_another_process_with_the_archive_is_named(replica: Replica, archive: Path) -> None:
    with Archive(archive):
        ended = crawl_sources(replica, archive, "people", *AT_ONCE)
    assert ended.status == 8
    assert "is being written by process" in ended.log
    assert not replica.requests


def test_the_crawls_are_in_the_catalog(replica: Replica, archive: Path) -> None:
    assert crawl_sources(replica, archive, "cls", "people", *AT_ONCE).status == 0
    with Archive(archive) as opened:
        found = list(opened._catalog.rows("crawls", ["spider", "status", "complete", "added"]))
    assert sorted(map(tuple, found)) == [("cls", 0, 1, 12), ("people", 0, 1, 4)]
    assert all(json.loads(row.captures) for row in rows(archive).values())


def test_a_subprocess_may_write_the_archive_of_several_crawls(
    replica: Replica, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRAPY_PROJECT", "fast")
    for added in (ARTICLES, dict.fromkeys(ARTICLES, 0)):
        ended = crawl_sources(replica, archive, "cls", "gelonghui", *AT_ONCE)
        assert ended.status == 0, ended.log
        for name in ("cls", "gelonghui"):
            assert f"{name}: {ARTICLES[name]} articles found, {added[name]} added" in ended.output
    assert not verify(archive).problems
