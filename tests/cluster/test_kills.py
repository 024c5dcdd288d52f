"""Kill crawls, workers, the writer and the broker at any moment: nothing is lost or comes twice.

`FINEWS_CLUSTER_KILLS` says how many; a nightly run asks for 20.
"""

import random
import time
from itertools import cycle, islice
from pathlib import Path

from archive.integrity.rebuild import rebuild
from archive.integrity.verify import verify
from bench.brokers import wait_for
from tests.cluster.conftest import DELAY_SECONDS, KILLS, Cluster, Visits, assert_equal, ended, kill
from tests.support.contents import content


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

    def start_again() -> None:
        """Start what has ended because the broker was away for too long, as systemd does."""
        for name, process in running.items():
            if not process.is_alive():
                running[name] = roles[name]()

    cluster.send()
    for victim in islice(cycle(("a", "writer", "broker", "b")), KILLS):
        goes_on = visits.go_on(5)
        while not goes_on():
            start_again()
            if len(cluster.ended()) == len(cluster.sites):
                cluster.send()
            time.sleep(0.1)
        time.sleep(moments.uniform(0, 1.5))
        if victim == "broker":
            cluster.broker.kill()
            cluster.broker.start()
        else:
            kill(running[victim])
            running[victim] = roles[victim]()
    wait_for(lambda: start_again() or len(cluster.ended()) == len(cluster.sites))
    cluster.send()
    wait_for(lambda: cluster.ended().keys() != {one.name for one in cluster.sites})
    states = cluster.wait_until_done()
    assert states == dict.fromkeys(states, (0, 0))

    for process in running.values():
        process.terminate()
        assert ended(process) == 0
    assert_equal(cluster.archive, one_machine)
    assert not verify(cluster.archive).problems
    before = content(cluster.archive)
    rebuild(cluster.archive)
    assert content(cluster.archive) == before

    assert visits.together == []
    one_crawl = 1 / DELAY_SECONDS + 1
    assert visits.most_in(1) < one_crawl * 1.3
