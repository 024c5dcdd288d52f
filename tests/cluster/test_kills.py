"""Kill workers, the writer and the broker at any moment: nothing is lost, nothing comes twice."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archive.integrity.rebuild import rebuild
from archive.integrity.verify import verify
from demo.brokers import Broker, wait_for
from demo.replica import Replica
from demo.several import OneOfSeveral
from tests.cluster.conftest import BOTH, DELAY_SECONDS, Cluster, Visits
from tests.conftest import NO_DELAYS, ROOT, posts_in
from tests.support.contents import content


@pytest.fixture(scope="module")
def one_machine(sites: list[OneOfSeveral], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of one machine that crawled one site after the other."""
    folder = tmp_path_factory.mktemp("one")
    table = {host: site for one in sites for host, site in one.sites.items()}
    with Replica(table) as replica:
        for one in sites:
            sources = folder / f"{one.name}.toml"
            sources.write_text(one.sources, encoding="utf-8")
            subprocess.run(
                (
                    *(sys.executable, "-m", "scrapy", "crawl", "finews", "--nolog"),
                    *("-s", f"FINEWS_SOURCES={sources}", *NO_DELAYS),
                ),
                cwd=ROOT,
                env=os.environ
                | {"http_proxy": replica.proxy_url, "FINEWS_ARCHIVE": str(folder / "news")},
                stdout=subprocess.DEVNULL,
                check=True,
                timeout=60,
            )
    return folder / "news"


@BOTH
def test_killed_at_random_moments_the_archive_ends_as_one_machines(
    broker: Broker,
    cluster: Cluster,
    visits: Visits,
    one_machine: Path,
    request: pytest.FixtureRequest,
) -> None:
    moments = random.Random(request.node.name)  # noqa: S311
    roles = {
        "writer": cluster.writer,
        "a": lambda: cluster.worker("a"),
        "b": lambda: cluster.worker("b"),
    }
    running = {name: start() for name, start in roles.items()}
    cluster.send()
    for victim in ("a", "writer", "broker", "b"):
        wait_for(visits.go_on(5))
        time.sleep(moments.uniform(0, 1.5))
        if victim == "broker":
            broker.kill()
            broker.start()
        else:
            running[victim].kill()
            running[victim].wait(timeout=30)
            running[victim] = roles[victim]()
    cluster.send()  # as beat does
    status = cluster.wait_until_done(jobs=3, seconds=120)
    assert [job.status for job in status.jobs] == [0, 0, 0], status.jobs

    for process in running.values():
        process.terminate()
        assert process.wait(timeout=60) == 0
    assert content(cluster.archive) == content(one_machine)
    assert posts_in(cluster.archive) == posts_in(one_machine)
    assert not verify(cluster.archive).problems
    before = content(cluster.archive)
    rebuild(cluster.archive)
    assert content(cluster.archive) == before

    assert visits.together == []
    one_crawl = 1 / DELAY_SECONDS + 1
    assert visits.most_in(1) < one_crawl * 1.3
