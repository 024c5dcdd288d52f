"""Nothing hangs in silence, whatever is wrong with the broker, and it is the right one."""

import gc
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.brokers import free_port, wait_for
from demo.certificates import Authority
from tests.cluster.conftest import SLACK_SECONDS, Cluster, Visits, children, ended
from tests.support.receivers import WebReceiver

NOT_USED = "The broker that FINEWS_BROKER names"


def status_of(cluster: Cluster, url: str, status: int = 1, **environment: str) -> str:
    started = time.monotonic()
    told = cluster.run("status", status=status, FINEWS_BROKER=url, **environment)
    assert time.monotonic() - started < 3 + SLACK_SECONDS
    return told


def test_without_a_broker_one_sentence(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cluster.writer.START_SECONDS", 0.5)
    nobody = f"amqp://user:password@127.0.0.1:{free_port()}//"
    assert status_of(cluster, nobody).startswith(f"problem  {NOT_USED} could not be used")
    for command in (["send"], ["dead"], ["writer"]):
        told = cluster.run(*command, status=1, FINEWS_BROKER=nobody)
        assert told.splitlines()[-1].startswith(f"Error: {NOT_USED} could not be used")
        assert len(told.splitlines()) == 1 + (command == ["writer"])


@pytest.mark.parametrize("url", ["", "redis://127.0.0.1:6379/0", "sqs://"])
def test_there_is_no_other_broker_and_no_guest(url: str, cluster: Cluster) -> None:
    told = cluster.run("status", status=1, FINEWS_BROKER=url)
    assert told.startswith("Error: FINEWS_BROKER must be the address of a RabbitMQ")


def test_a_broker_is_verified(cluster: Cluster, authority: Authority) -> None:
    port, trusted = cluster.broker.second_port, str(authority.certificate)
    url = f"amqps://guest:guest@localhost:{port}//"
    assert "certificate verify failed" in status_of(cluster, url)
    other = Authority()
    assert "certificate verify failed" in status_of(
        cluster, url, FINEWS_BROKER_CA=str(other.certificate)
    )
    other.close()
    another_name = url.replace("localhost", "127.0.0.1")
    assert "certificate is not valid for '127.0.0.1'" in status_of(
        cluster, another_name, FINEWS_BROKER_CA=trusted
    )
    assert "No writer answers" in status_of(cluster, url, FINEWS_BROKER_CA=trusted)


@contextmanager
def alarm(cluster: Cluster) -> Iterator[None]:
    """In this block, the broker is low on memory."""
    set_limit = ("set_vm_memory_high_watermark", "absolute")
    cluster.broker.control(*set_limit, "1MB")
    try:
        yield
    finally:
        cluster.broker.control(*set_limit, "1GB")


def test_an_alarm_of_the_broker_is_seen(
    cluster: Cluster, visits: Visits, notices: WebReceiver
) -> None:
    cluster.write_jobs(every=1)
    writer, worker = cluster.writer(), cluster.worker("a")
    wait_for(visits.go_on(10))
    with alarm(cluster):
        cluster.wait_for_status(
            "problem  The broker accepts no messages, and all wait: it is low on memory"
        )
        cluster.wait_for_status("finews_cluster_broker_blocked 1", "--metrics")
        wait_for(lambda: "The broker accepts" in cluster.log("a") + cluster.log("writer"))
        wait_for(lambda: any("The broker accepts no messages" in body for body in notices.bodies))
    wait_for(lambda: cluster.job("site0").get("succeeded"))
    gc.collect()  # warns of a socket that a thread which `status` had given up has not closed
    assert writer.is_alive()
    assert worker.is_alive()


def test_a_frozen_writer_and_a_frozen_broker_are_seen(
    cluster: Cluster, notices: WebReceiver
) -> None:
    writer, broker = cluster.writer(), cluster.broker
    cluster.worker("a")
    cluster.wait_for_status("worker   a@")
    (writing,) = children(writer)
    os.kill(writing, signal.SIGSTOP)  # as a disk does
    cluster.wait_for_status("problem  The writer is more than 2 s behind")
    wait_for(lambda: any("The writer is more than 2 s behind" in body for body in notices.bodies))
    os.kill(writing, signal.SIGCONT)
    os.kill(writer.pid or 0, signal.SIGSTOP)
    assert "No writer answers" in status_of(cluster, broker.url)
    assert json.loads(cluster.run("status", "--json", status=1))["writer"] is None
    os.kill(writer.pid or 0, signal.SIGCONT)
    broker.signal(signal.SIGSTOP)
    started = time.monotonic()
    assert ended(cluster.start("status", "frozen")) == 1
    assert time.monotonic() - started < 3 + SLACK_SECONDS
    broker.signal(signal.SIGCONT)
    assert f"{NOT_USED} gave no answer" in cluster.log("frozen")
    wait_for(lambda: "problem" not in cluster.run("status", status=None))


def test_each_role_needs_no_more_than_its_rights(cluster: Cluster) -> None:
    urls = {
        user: cluster.broker.url.replace("guest:guest", f"{user}:{user}")
        for user in ("writer", "worker", "operator")
    }
    cluster.start("writer", "writer", FINEWS_BROKER=urls["writer"])
    cluster.start("worker", "a", "--name", "a", FINEWS_BROKER=urls["worker"])
    cluster.wait_for_status("0 messages wait for it", FINEWS_BROKER=urls["operator"])
    cluster.run("send", "site0", FINEWS_BROKER=urls["operator"])
    assert cluster.wait_until_done("site0") == {"site0": (0, 0)}
    assert cluster.run("dead", FINEWS_BROKER=urls["operator"]) == ""
    told = cluster.run("dead", status=1, FINEWS_BROKER=urls["worker"])
    assert "ACCESS_REFUSED" in told
    told = cluster.run("pause", status=1, FINEWS_BROKER=urls["worker"])
    assert "ACCESS_REFUSED" in told
