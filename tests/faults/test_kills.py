"""Kill a crawl at any moment, crawl again: the archive ends as if nothing had happened.

`FINEWS_KILLS` says how many crawls are killed; a nightly run asks for 100 and more.
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from archive.integrity.rebuild import rebuild
from archive.integrity.verify import Wrong, verify
from archive.signals import ENDING
from demo.articles import SHARE_HOSTS, Article
from demo.faults import Fault, delay
from demo.mirror import MIRROR_HOST
from demo.replica import Replica
from demo.site import MadeUpSite, made_up_site
from tests.conftest import NO_DELAYS, ROOT, posts_in
from tests.support.catalogs import tables
from tests.support.contents import content
from tests.support.fork_server import Forked
from tests.support.processes import processes_of
from tests.support.waiting import wait_until_gone

KILLS = int(os.environ.get("FINEWS_KILLS", "15"))
KILLS_PER_ARCHIVE = 3
#: Names of the spiders, which run in turn.
KEEPERS = ("ArchiveInProcess", "ArchiveInSubprocess")


@pytest.fixture(scope="module")
def site() -> MadeUpSite:
    return made_up_site(articles=60)


@pytest.fixture(scope="module")
def replica(site: MadeUpSite) -> Iterator[Replica]:
    slowly = Fault("*", failure=delay(0.004))
    with Replica(site.sites, faults=[slowly]) as replica:
        yield replica


@pytest.fixture(scope="module")
def undisturbed(
    replica: Replica, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[tuple[Any, ...]]]:
    archive = tmp_path_factory.mktemp("undisturbed")
    with start(replica, archive) as crawl:
        assert crawl.wait(timeout=60) == 0
    return content(archive)


def start(replica: Replica, archive: Path, keeper: str = KEEPERS[0]) -> Forked[bytes]:
    return Forked(
        (
            *(sys.executable, "-m", "scrapy", "crawl", "finews", "--nolog"),
            *("-a", f"site=http://{MIRROR_HOST}/", *NO_DELAYS, "-s", "FINEWS_BATCH_ARTICLES=5"),
            *("-s", f"FINEWS_ARCHIVE_CLASS=crawler.archive_port.{keeper}"),
        ),
        cwd=ROOT,
        env=os.environ | {"http_proxy": replica.proxy_url, "FINEWS_ARCHIVE": str(archive)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def assert_whole(
    archive: Path, site: MadeUpSite, undisturbed: dict[str, list[tuple[Any, ...]]]
) -> None:
    assert content(archive) == undisturbed
    got = posts_in(archive)
    assert {name: got[name] for name in site.posts} == site.posts
    assert not verify(archive).problems
    assert not list((archive / ".incoming").iterdir())
    assert not list((archive / "warc").glob("*.writing"))
    before = without_numbers(tables(archive))
    rebuild(archive)
    assert without_numbers(tables(archive)) == before


def without_numbers(found: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the tables without the numbers of posts.

    Where one post of an article was recorded at a kill and the other one was stored first, a
    rebuild may give the article the number of the first record.
    """
    return found | {"posts": sorted(row[1:] for row in found["posts"])}


@pytest.mark.parametrize("seed", range(KILLS // KILLS_PER_ARCHIVE))
def test_killed_at_random_moments_the_next_crawl_makes_it_whole(
    seed: int,
    replica: Replica,
    site: MadeUpSite,
    undisturbed: dict[str, list[tuple[Any, ...]]],
    tmp_path: Path,
) -> None:
    moments = random.Random(seed)  # noqa: S311
    for _ in range(KILLS_PER_ARCHIVE):
        with start(replica, tmp_path, KEEPERS[seed % 2]) as crawl:
            replica.requests.clear()
            while not replica.requests and crawl.poll() is None:
                time.sleep(0.005)
            time.sleep(moments.uniform(0, 1.2))
            started = processes_of(crawl.pid)
            crawl.send_signal(signal.SIGKILL)
        wait_until_gone(*started)
        assert_killed(tmp_path)
    with start(replica, tmp_path) as crawl:
        assert crawl.wait(timeout=60) == 0, last_verdict(tmp_path)
    assert_whole(tmp_path, site, undisturbed)


def last_verdict(archive: Path) -> str:
    """Return the sentence with the cause of the last crawl's status."""
    with closing(sqlite3.connect(archive / "catalog.db")) as catalog:
        (verdict,) = catalog.execute("SELECT verdict FROM crawls ORDER BY id DESC").fetchone()
    return str(verdict)


def assert_killed(archive: Path) -> None:
    """At most files without their row, as they came, and half a record at the end."""
    if (archive / "catalog.db").exists():
        problems = verify(archive).problems
        left = {Wrong.FILE_CHANGED, Wrong.ROW_LOST, Wrong.LEFTOVER, Wrong.CAPTURE_DAMAGED}
        assert {problem.wrong for problem in problems} <= left
        rows = [problem for problem in problems if problem.wrong is Wrong.ROW_LOST]
        assert all(problem.place.startswith(("_posts/", "revisions/")) for problem in rows)


def test_when_the_process_beside_it_is_killed_it_ends_and_the_next_crawl_makes_it_whole(
    replica: Replica,
    site: MadeUpSite,
    undisturbed: dict[str, list[tuple[Any, ...]]],
    tmp_path: Path,
) -> None:
    with start(replica, tmp_path, KEEPERS[1]) as crawl:
        while not list(tmp_path.glob("_posts/**/*.md")) and crawl.poll() is None:
            time.sleep(0.005)
        (writer,) = processes_of(crawl.pid)
        os.kill(writer, signal.SIGKILL)
        assert crawl.wait(timeout=60) == 7
    with start(replica, tmp_path, KEEPERS[1]) as crawl:
        assert crawl.wait(timeout=60) == 0
    assert_whole(tmp_path, site, undisturbed)


@pytest.mark.parametrize(
    ("gently", "keeper"), [(number, keeper) for number in ENDING for keeper in KEEPERS]
)
def test_asked_to_end_it_stores_what_is_in_flight(
    gently: signal.Signals,
    keeper: str,
    replica: Replica,
    site: MadeUpSite,
    undisturbed: dict[str, list[tuple[Any, ...]]],
    tmp_path: Path,
) -> None:
    replica.requests.clear()
    with start(replica, tmp_path, keeper) as crawl:
        while not list(tmp_path.glob("_posts/**/*.md")) and crawl.poll() is None:
            time.sleep(0.005)
        for process in (crawl.pid, *processes_of(crawl.pid)):
            os.kill(process, gently)
        assert crawl.wait(timeout=60) == 9
    assert not verify(tmp_path).problems
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as catalog:
        assert catalog.execute("SELECT status FROM crawls WHERE ended").fetchall() == [(9,)]
    before = answers_asked_for(replica)
    assert 0 < len(before) < len(site.articles)
    replica.requests.clear()
    with start(replica, tmp_path) as crawl:
        assert crawl.wait(timeout=60) == 0
    twice = before & answers_asked_for(replica)
    assert twice <= {article.info_code for article in site.articles if needs_more(article)}
    assert_whole(tmp_path, site, undisturbed)


def needs_more(article: Article) -> bool:
    """Return whether an article needs more than one answer of the first share host."""
    whole = article.share_hosts == SHARE_HOSTS and "title" in json.loads(article.answer)
    return article.published_twice or not whole


def answers_asked_for(replica: Replica) -> set[str]:
    requests = [entry.request for entry in replica.requests]
    return {
        request.query.removeprefix("id=")
        for request in requests
        if request.path.endswith("GetNewsText.do")
    }
