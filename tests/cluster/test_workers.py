"""Workers: what one learns, the next one knows; what one stops, another one continues."""

import os
import re
import time
from pathlib import Path

import pytest

from archive.archive import Archive
from bench.brokers import Broker, wait_for
from demo.faults import Fault, status
from demo.replica import Replica
from demo.site import made_up_site
from tests.cluster.conftest import (
    SLACK_SECONDS,
    Cluster,
    Visits,
    assert_equal,
    begin,
    ended,
    forget,
    kill,
)
from tests.conftest import MIRROR, NO_DELAYS, ROOT, posts_in
from tests.support.contents import content
from tests.support.publishers import publishers
from tests.support.receivers import WebReceiver

SHIPPED = ROOT / "settings" / "sources"


def test_what_one_worker_learns_the_next_one_knows(cluster: Cluster, notices: WebReceiver) -> None:
    host = cluster.sites[0].host
    cluster.replica.faults = [Fault(host, "/a/", failure=status(403))]
    writer, first = cluster.writer(), cluster.worker("a")
    cluster.send("site0", "site1")
    cluster.wait_until_done("site0", "site1")
    wait_for(lambda: any("site0: " in body for body in notices.bodies))
    kill(first)
    archived = len(posts_in(cluster.archive))
    assert archived == cluster.sites[1].articles

    cluster.replica.requests.clear()
    cluster.worker("b")
    cluster.send("site0", "site1")
    wait_for(lambda: "site1: 20 articles found, 0 added" in cluster.log("b"))
    cluster.wait_until_done("site0", "site1")
    assert host not in cluster.asked()  # it is blocked
    assert not [path for path in cluster.paths(cluster.sites[1].host) if path.startswith("/a/")]
    assert "site0: once" not in cluster.run("status", status=1)

    writer.terminate()
    assert ended(writer) == 0
    with Archive(cluster.archive) as archive:
        (block,) = archive.crawl_state.all()["blocks"]
    assert (block["host"], block["times"]) == (host, 1)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_stopped_worker_gives_its_job_back_within_ten_seconds(
    frozen: bool, cluster: Cluster, visits: Visits, one_machine: Path
) -> None:
    writer, first = cluster.writer(), cluster.worker("a", crawls=3)
    cluster.send()
    wait_for(visits.go_on(20))
    if frozen:
        kill(writer)
    started = time.monotonic()
    first.terminate()
    assert ended(first) == 0
    assert time.monotonic() - started < 10 + SLACK_SECONDS
    if frozen:
        writer = cluster.writer()
    cluster.worker("b", crawls=3)
    assert set(cluster.wait_until_done().values()) == {(0, 0)}
    assert_equal(cluster.archive, one_machine)
    assert visits.together == []


#: How long a job waits for another one of its host family; a nightly run asks for 600.
WAIT_SECONDS = float(os.environ.get("FINEWS_CLUSTER_WAIT_SECONDS", "6"))


def test_a_job_that_waits_for_long_has_its_turn(cluster: Cluster, visits: Visits) -> None:
    site = cluster.sites[0]
    table = {site.host: visits.watching(site.sites[site.host], WAIT_SECONDS / site.articles)}
    cluster.write_jobs(waiting='source = "site0"\nevery = 0')
    with Replica(table) as slow:
        cluster.replica = slow
        cluster.writer()
        cluster.worker("a", crawls=3)
        cluster.send("site0")
        wait_for(visits.go_on(5))
        cluster.send("waiting")
        wait_for(lambda: cluster.job("waiting").get("waits_for") == ["site0"])
        cluster.wait_for_status("waits for site0 since")
        done = cluster.wait_until_done("site0", "waiting", seconds=WAIT_SECONDS + 240)
        assert (done["site0"], done["waiting"]) == ((0, 0), (0, 0))
    assert visits.together == []
    assert "has locked" not in cluster.log("a")  # no crawl began only to be refused


def test_a_cancelled_crawl_ends(cluster: Cluster, visits: Visits) -> None:
    site = cluster.sites[0]
    table = {site.host: visits.watching(site.sites[site.host], 0.5)}
    with Replica(table) as slow:
        cluster.replica = slow
        cluster.writer()
        cluster.worker("a")
        cluster.send("site0")
        wait_for(visits.go_on(5))
        assert cluster.run("cancel", "site0") == "Jobs that are cancelled: site0.\n"
        cluster.wait_for_status(": 0 jobs")
        assert len(visits) < site.articles
        state = cluster.job("site0")
        assert (state["run"], state["waiting"], state["failures"]) == (None, None, 0)


def test_a_drained_cluster_has_no_crawl_and_all_is_written(
    cluster: Cluster, visits: Visits, one_machine: Path
) -> None:
    articles = cluster.sites[0].articles
    cluster.writer()
    cluster.worker("a", crawls=2)
    cluster.send("site0")
    wait_for(visits.go_on(5))
    told = cluster.run("drain", "site0")
    assert told == (
        "No crawl of site0 runs, and all is written.\nTo go on: finews cluster resume site0\n"
    )
    assert len(posts_in(cluster.archive)) == articles  # it ran to its end
    cluster.send("site1", "site2")
    wait_for(visits.go_on(5))
    assert cluster.run("drain").startswith("No crawl runs, and all is written.\n")
    assert len(posts_in(cluster.archive)) in {2 * articles, 3 * articles}
    cluster.wait_for_status("paused   all jobs")
    cluster.run("resume")
    cluster.wait_until_done()
    assert_equal(cluster.archive, one_machine)


#: Both ask the share hosts, so that one waits for the other.
SOURCES = ("eastmoney", "finews")
if "FINEWS_ALL_THINGS" in os.environ:
    SOURCES += tuple(sorted({path.stem for path in SHIPPED.iterdir()} - {"eastmoney"}))


def test_shipped_sources_end_with_the_same_archive_and_pictures(
    broker: Broker, tmp_path: Path
) -> None:
    site, sources = made_up_site(articles=60), tmp_path / "sources.toml"
    text = (ROOT / "settings" / "sources.toml").read_text(encoding="utf-8")
    sources.write_text(text.replace("https://", "http://"), encoding="utf-8")
    jobs = dict.fromkeys(SOURCES, "every = 0")
    jobs["finews"] += f'\narguments = {{ site = "http://{MIRROR}/" }}'
    with (
        Replica({**site.sites, **publishers()}) as replica,
        Cluster(tmp_path / "cluster", broker, replica, []) as cluster,
    ):
        one_machine = tmp_path / "one"
        for spider in SOURCES:
            site_argument = ("-a", f"site=http://{MIRROR}/") if spider == "finews" else ()
            options = (f"FINEWS_SOURCES={sources}", "FINEWS_MEDIA=1")
            words = [word for option in options for word in ("-s", option)]
            words = ("scrapy", "crawl", spider, *site_argument, *words, *NO_DELAYS)
            own = replica.environment | {"FINEWS_ARCHIVE": str(one_machine)}
            assert ended(begin(words, os.environ | own, tmp_path / "log")) == 0
        forget(broker)
        cluster.write_jobs(**jobs)
        more = f"FINEWS_SOURCES = {str(sources)!r}\nDOWNLOAD_DELAY = 0\nFINEWS_MEDIA = True\n"
        cluster.settings = cluster.settings.replace("FINEWS_FIRST_DAYS = 30000", more)
        cluster.settings = cluster.settings.replace("FOLDER", f"FOLDER, {str(SHIPPED)!r}")
        cluster.writer()
        cluster.worker("a", crawls=len(SOURCES))
        cluster.send("eastmoney")
        cluster.wait_until_done("eastmoney")
        cluster.send(*SOURCES[1:])
        done = cluster.wait_until_done(*SOURCES)
        assert set(done.values()) == {(0, 0)}, cluster.log("a")[-3000:]
    assert without_times(cluster.archive) == without_times(one_machine)
    pictures = [
        sorted(path.name for path in (folder / "media").rglob("*") if path.is_file())
        for folder in (cluster.archive, one_machine)
    ]
    assert pictures[0] == pictures[1] != []


def without_times(archive: Path) -> str:
    """What the archive has, but for the times in the addresses of some lists."""
    return re.sub(r"(req_trace|timestamp)=\d+", "", repr(content(archive)))
