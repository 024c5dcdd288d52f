"""Nothing hangs in silence, whatever is wrong with the broker, and it is the right one."""

import json
import os
import re
import signal
import time
from collections.abc import Iterator

import pytest

from bench.brokers import free_port, wait_for
from demo.certificates import Authority
from tests.cluster.conftest import Cluster, Visits, ended
from tests.conftest import ROOT

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
"""`status` gives up threads that wait for a broker without an answer."""
NOT_USED = "The broker that FINEWS_BROKER names"


def status_of(cluster: Cluster, url: str, status: int = 1, **environment: str) -> str:
    started = time.monotonic()
    told = cluster.run("status", status=status, FINEWS_BROKER=url, **environment)
    assert time.monotonic() - started < 3 + 1
    return told


def test_without_a_broker_one_sentence(cluster: Cluster) -> None:
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


@pytest.fixture
def alarm(cluster: Cluster) -> Iterator[None]:
    """A broker that is low on memory."""
    set_limit = ("set_vm_memory_high_watermark", "absolute")
    cluster.broker.control(*set_limit, "1MB")
    yield
    cluster.broker.control(*set_limit, "1GB")


def test_an_alarm_of_the_broker_is_seen(
    cluster: Cluster, visits: Visits, request: pytest.FixtureRequest
) -> None:
    web = request.getfixturevalue("notices")
    cluster.write_jobs(every=1)
    writer, worker = cluster.writer(), cluster.worker("a")
    wait_for(visits.go_on(10))
    request.getfixturevalue("alarm")
    told = status_of(cluster, cluster.broker.url)
    assert "problem  The broker accepts no messages, and all wait: it is low on memory" in told
    assert "finews_cluster_broker_blocked 1" in cluster.run("status", "--metrics", status=1)
    wait_for(lambda: "The broker accepts" in cluster.log("a") + cluster.log("writer"))
    wait_for(lambda: any("The broker accepts no messages" in body for body in web.bodies))
    cluster.broker.control("set_vm_memory_high_watermark", "absolute", "1GB")
    wait_for(lambda: cluster.job("site0")["succeeded"])
    assert writer.is_alive()
    assert worker.is_alive()

    # A frozen writer, and a frozen broker.
    os.kill(writer.pid or 0, signal.SIGSTOP)
    found = json.loads(cluster.run("status", "--json", status=1))
    assert found["problems"][0].startswith("No writer answers")
    os.kill(writer.pid or 0, signal.SIGCONT)
    cluster.broker.signal(signal.SIGSTOP)
    started = time.monotonic()
    assert ended(cluster.start("status", "frozen")) == 1
    assert time.monotonic() - started < 3 + 2
    cluster.broker.signal(signal.SIGCONT)
    assert f"{NOT_USED} gave no answer" in cluster.log("frozen")
    wait_for(lambda: "problem" not in status_of_any(cluster, cluster.broker.url))


def test_each_role_needs_no_more_than_its_rights(cluster: Cluster, visits: Visits) -> None:
    text = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    commands = re.findall(r"^    rabbitmqctl (add_user|set_permissions) (\w+) (.*)$", text, re.M)
    for command, user, rest in commands:
        words = ["secret"] if command == "add_user" else re.findall("'([^']*)'", rest)
        cluster.broker.control(command, user, *words)
    urls = {
        user: cluster.broker.url.replace("guest:guest", f"{user}:secret")
        for user in ("writer", "worker", "operator")
    }
    cluster.start("writer", "writer", FINEWS_BROKER=urls["writer"])
    cluster.start("worker", "a", "--name", "a", FINEWS_BROKER=urls["worker"])
    wait_for(lambda: "No writer answers" not in status_of_any(cluster, urls["operator"]))
    cluster.run("send", "site0", FINEWS_BROKER=urls["operator"])
    assert cluster.wait_until_done("site0") == {"site0": (0, 0)}
    assert cluster.run("dead", FINEWS_BROKER=urls["operator"]) == ""
    told = cluster.run("dead", status=1, FINEWS_BROKER=urls["worker"])
    assert "ACCESS_REFUSED" in told
    told = cluster.run("pause", status=1, FINEWS_BROKER=urls["worker"])
    assert "ACCESS_REFUSED" in told


def status_of_any(cluster: Cluster, url: str) -> str:
    return str(cluster.run("status", status=None, FINEWS_BROKER=url))
