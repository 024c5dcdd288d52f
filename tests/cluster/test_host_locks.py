"""One crawl per host: holds go with their holder, however it ends."""

import subprocess
import sys
import time
from contextlib import closing

import pytest

from cluster.host_locks import (
    EXPIRY_SECONDS,
    RENEWAL_SECONDS,
    TIMEOUT_SECONDS,
    HostLocked,
    HostLocks,
    LocksLost,
    lock_backend,
)
from demo.brokers import Broker, wait_for
from tests.cluster.conftest import BOTH
from tests.conftest import ROOT
from tests.support.children import Child


def held(broker: Broker, *hosts: str) -> HostLocks:
    return HostLocks(lock_backend(broker.url), hosts)


@BOTH
def test_all_hosts_or_none(broker: Broker) -> None:
    with closing(held(broker, "a.test", "b.test")):
        with pytest.raises(HostLocked, match=r"has locked b\.test"):
            held(broker, "aa.test", "b.test", "c.test")
        with closing(held(broker, "aa.test", "c.test")):
            pass
    with closing(held(broker, "b.test")):
        pass


@BOTH
def test_they_last_as_long_as_their_holder(broker: Broker) -> None:
    code = f"""
import time
from cluster.host_locks import HostLocks, lock_backend
HostLocks(lock_backend({broker.url!r}), ["a.test"])
print("held", flush=True)
time.sleep(600)
"""
    with Child((sys.executable, "-c", code), cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        time.sleep(RENEWAL_SECONDS * 1.5)
        with pytest.raises(HostLocked):
            held(broker, "a.test")
        holder.kill()
    started = time.monotonic()

    def free() -> bool:
        try:
            held(broker, "a.test").close()
        except HostLocked:
            return False
        return True

    wait_for(free)
    assert time.monotonic() - started < EXPIRY_SECONDS + 5


@BOTH
def test_who_loses_them_hears_of_it_before_another_may_have_them(broker: Broker) -> None:
    lost: list[LocksLost] = []
    holds = HostLocks(lock_backend(broker.url), ["a.test"], lost.append)
    broker.kill()
    try:
        wait_for(lambda: lost, RENEWAL_SECONDS + TIMEOUT_SECONDS + 1)
    finally:
        broker.start()
        holds.close()
    assert RENEWAL_SECONDS + TIMEOUT_SECONDS < EXPIRY_SECONDS
