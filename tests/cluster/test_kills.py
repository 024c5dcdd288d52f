"""Kill crawls, workers, the writer and the broker at any moment: nothing is lost or comes twice.

`FINEWS_CLUSTER_KILLS` says how many; a nightly run asks for 20.
"""

import os
import random
import time
from itertools import cycle, islice
from pathlib import Path

import pytest

from archive.integrity.rebuild import rebuild
from archive.integrity.verify import verify
from bench.brokers import wait_for
from bench.several import OneOfSeveral
from demo.replica import Replica
from tests.cluster.conftest import DELAY_SECONDS, Cluster, Visits, begin, ended, kill
from tests.conftest import posts_in
from tests.support.contents import content

KILLS = int(os.environ.get("FINEWS_CLUSTER_KILLS", "4"))


@pytest.fixture(scope="module")
def one_machine(sites: list[OneOfSeveral], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of one machine that crawled one site after the other."""
    folder = tmp_path_factory.mktemp("one")
    settings = ["FINEWS_FIRST_DAYS=30000", "AUTOTHROTTLE_ENABLED=0"]
    settings += [f"FINEWS_DECLARATIONS={folder}", 'DOWNLOAD_SLOTS={"finews": {"delay": 0}}']
    table = {host: site for one in sites for host, site in one.sites.items()}
    with Replica(table) as replica:
        for one in sites:
            (folder / f"{one.name}.toml").write_text(one.declaration, encoding="utf-8")
            options = [word for setting in settings for word in ("-s", setting)]
            own = {"http_proxy": replica.proxy_url, "FINEWS_ARCHIVE": str(folder / "news")}
            words = ("scrapy", "crawl", one.name, *options)
            assert ended(begin(words, os.environ | own, folder / "log")) == 0
    return folder / "news"


def test_killed_at_random_moments_the_archive_ends_as_one_machines(
    cluster: Cluster, visits: Visits, one_machine: Path
) -> None:
    moments = random.Random(KILLS)  # noqa: S311
    roles = {
        "writer": cluster.writer,
        "a": lambda: cluster.worker("a"),
        "b": lambda: cluster.worker("b", crawls=2),
    }
    running = {name: start() for name, start in roles.items()}
    cluster.send()
    for victim in islice(cycle(("a", "writer", "broker", "b")), KILLS):
        if not cluster.ended().keys() < {one.name for one in cluster.sites}:
            cluster.send()
        wait_for(visits.go_on(5))
        time.sleep(moments.uniform(0, 1.5))
        if victim == "broker":
            cluster.broker.kill()
            cluster.broker.start()
        else:
            kill(running[victim])
            running[victim] = roles[victim]()
    cluster.wait_until_done()
    cluster.send()
    wait_for(lambda: cluster.ended().keys() != {one.name for one in cluster.sites})
    states = cluster.wait_until_done()
    assert states == dict.fromkeys(states, (0, 0))

    for process in running.values():
        process.terminate()
        assert ended(process) == 0
    assert content(cluster.archive) == content(one_machine)
    assert posts_in(cluster.archive) == posts_in(one_machine)
    assert not verify(cluster.archive).problems
    before = content(cluster.archive)
    rebuild(cluster.archive)
    assert content(cluster.archive) == before

    assert visits.together == []
    one_crawl = 1 / DELAY_SECONDS + 1
    assert visits.most_in(1) < one_crawl * 1.3
