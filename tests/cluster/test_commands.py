"""`finews cluster`, as an operator meets it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from archive.archive import Archive
from cluster.app import ARCHIVE, opened_app
from demo.brokers import free_port, wait_for
from demo.faults import Fault, status
from tests.cluster.conftest import Cluster
from tests.support import fork_server


def test_status_shows_what_waits_runs_and_fails(cluster: Cluster) -> None:
    cluster.send("site0", "site1")
    told = cluster.run("status", "--patience", "1")
    assert "jobs waiting   2\njobs running   0\n" in told
    assert "the writer gave no answer in 1 s" in told

    cluster.replica.faults = [Fault("site0.example", failure=status(500))]
    cluster.worker("a", crawls=2)
    wait_for(lambda: "site1" in cluster.log("a"))  # it asks the writer, and waits
    told = cluster.run("status", "--patience", "1")
    assert "jobs waiting   0\njobs running   2\n  site0: for " in told
    assert "on a@" in told
    cluster.writer()
    cluster.wait_until_done(jobs=2)
    told = cluster.run("status")
    assert (
        "jobs waiting   0\njobs running   0\njobs failed    1 of 2\n  site0: once, last at" in told
    )
    assert "No list of the source could be read: " in told
    assert "s behind; 0 messages wait for it\n" in told


def test_what_the_writer_can_make_nothing_of_is_set_aside(cluster: Cluster) -> None:
    with opened_app(cluster.broker) as app:
        app.send_task("finews.write", args=[{"nonsense": True}], queue=ARCHIVE)
    cluster.writer()
    wait_for(lambda: cluster.status().waiting["finews.aside"] == 1)
    assert "KeyError" in cluster.log("writer")
    assert "set aside      1 batches" in cluster.run("status")
    assert "1 batches sent again" in cluster.run("retry")
    wait_for(lambda: cluster.status().waiting["finews.aside"] == 1)


def test_a_second_writer_is_refused(cluster: Cluster) -> None:
    with Archive(cluster.archive):
        told = cluster.run("writer", status=1)
    assert f"The archive {cluster.archive} is being written by process {os.getpid()}" in told


def test_beat_sends_jobs_when_they_are_due(cluster: Cluster) -> None:
    cluster.write_jobs(every=1)
    cluster.start("beat", "beat", "--schedule", str(cluster.folder / "schedule"))
    wait_for(lambda: cluster.status_of_queues()["finews.jobs"] >= 3)


def finews(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return fork_server.run(
        (sys.executable, "-m", "archive.cli", "cluster", *command),
        env=os.environ | environment,
        timeout=60,
    )


@pytest.mark.parametrize("scheme", ["amqp", "redis"])
def test_without_a_broker_one_sentence(scheme: str, tmp_path: Path) -> None:
    nobody = f"{scheme}://127.0.0.1:{free_port()}"
    done = finews("status", FINEWS_BROKER=nobody)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The broker that FINEWS_BROKER names could not be used")
    assert len(done.stderr.splitlines()) == 1
    crawl = fork_server.run(
        (sys.executable, "-m", "scrapy", "crawl", "finews"),
        env=os.environ
        | {
            "FINEWS_BROKER": nobody,
            "SCRAPY_PROJECT": "cluster",
            "FINEWS_KNOWN": str(tmp_path / "known.db"),
        },
        timeout=60,
    )
    assert crawl.returncode == 7
    assert "The broker that FINEWS_BROKER names could not be used" in crawl.stderr


def test_an_address_of_another_kind_is_refused() -> None:
    done = finews("status", FINEWS_BROKER="sqs://")
    assert done.returncode == 1
    assert "FINEWS_BROKER must be an address such as amqp://" in done.stderr
