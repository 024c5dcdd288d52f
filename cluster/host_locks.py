"""One crawl per host, whichever worker it is with: holds that the broker keeps.

A crawl takes a hold of every host that it may ask, in its own process, and lets go of them by
ending, however it ends. A crawl that can no longer tell whether it has them ends at once: a
moment later another one may have them.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

import redis
from amqp.exceptions import AMQPError, ResourceLocked
from kombu import Connection

from archive.errors import ArchiveLocked, FinewsError

RENEWED_SECONDS = 2

#: Seconds for the broker to answer; a crawl loses its holds when it takes longer.
SILENCE_SECONDS = 5

#: Seconds until the hold of a silent crawl ends.
LASTING_SECONDS = 15


class HostHeld(ArchiveLocked):
    """Another crawl asks a host that this one would ask."""

    def __init__(self, host: str) -> None:
        FinewsError.__init__(self, f"Another crawl of the cluster is asking {host}; it comes next.")


class Lost(Exception):
    """The holds are gone, or nobody can tell."""


class Holds(Protocol):
    """Holds of hosts, in a broker."""

    def take(self, host: str) -> bool:
        """Whether it could be had."""

    def renew(self) -> None:
        """Keep all.

        :raises Lost: when they are lost.
        """

    def close(self) -> None:
        """Let go of all."""


class RabbitHolds:
    """Queues that are exclusive to a connection (AMQP 0-9-1, queue.declare).

    The broker deletes them when the connection ends, and drops one without heartbeats.
    """

    def __init__(self, broker: str) -> None:
        timeouts = {"read_timeout": SILENCE_SECONDS, "write_timeout": SILENCE_SECONDS}
        self._connection = Connection(
            broker,
            heartbeat=LASTING_SECONDS // 2,
            connect_timeout=SILENCE_SECONDS,
            transport_options=timeouts,
        )
        self._channel: Any = self._connection.channel()
        self._names: list[str] = []

    def take(self, host: str) -> bool:
        """Declare its queue."""
        name = _name(host)
        try:
            self._declare(name)
        except ResourceLocked:
            return False
        self._names.append(name)
        return True

    def renew(self) -> None:
        """Declare the queues again, which changes nothing and asks the broker."""
        try:
            for name in self._names:
                self._declare(name)
        except (AMQPError, OSError) as error:
            raise Lost(str(error)) from error

    def _declare(self, name: str) -> None:
        self._channel.queue_declare(name, exclusive=True, durable=False, auto_delete=False)

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


class RedisHolds:
    """Keys that expire, each with a token of its holder."""

    def __init__(self, broker: str) -> None:
        self._client = redis.Redis.from_url(
            broker, socket_timeout=SILENCE_SECONDS, socket_connect_timeout=SILENCE_SECONDS
        )
        self._locks: list[redis.lock.Lock] = []

    def take(self, host: str) -> bool:
        """Set its key, unless it is set."""
        lock = self._client.lock(_name(host), timeout=LASTING_SECONDS, thread_local=False)
        if not lock.acquire(blocking=False):
            return False
        self._locks.append(lock)
        return True

    def renew(self) -> None:
        """Let the keys last on."""
        try:
            for lock in self._locks:
                lock.reacquire()
        except redis.RedisError as error:
            raise Lost(str(error)) from error

    def close(self) -> None:
        """Delete the keys, where that is still to be done."""
        with suppress(redis.RedisError):
            for lock in self._locks:
                if lock.owned():
                    lock.release()
        self._client.close()


def _name(host: str) -> str:
    return f"finews.hold.{host}"


class Held:
    """Holds of some hosts, kept until they are closed.

    :param hosts: all of them or none.
    :param lost: is called, in a thread of its own, when they are lost.
    :raises HostHeld: when one is another crawl's.
    """

    def __init__(
        self, holds: Holds, hosts: Sequence[str], lost: Callable[[Lost], None] | None = None
    ) -> None:
        self._holds = holds
        self._lost = lost or _end_at_once
        self._closing = threading.Event()
        for host in sorted(set(hosts)):
            if not holds.take(host):
                holds.close()
                raise HostHeld(host)
        self._thread = threading.Thread(target=self._keep, name="holds", daemon=True)
        self._thread.start()

    def _keep(self) -> None:
        while not self._closing.wait(RENEWED_SECONDS):
            try:
                self._holds.renew()
            except Lost as error:
                self._lost(error)
                return

    def close(self) -> None:
        """Let go."""
        self._closing.set()
        self._thread.join()
        self._holds.close()


def holds_in(broker: str) -> Holds:
    """Holds in the broker at an address."""
    return RedisHolds(broker) if broker.startswith("redis") else RabbitHolds(broker)


def end_with(pipe: int) -> None:
    """End this process at once when the other end of a pipe is closed, as its holder's end does.

    :param pipe: file descriptor to read from.
    """

    def wait() -> None:
        os.read(pipe, 1)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, name="end with the worker", daemon=True).start()


def _end_at_once(error: Lost) -> None:
    print(
        f"finews: The crawl ends at once: it lost its hold of the hosts that it asks ({error}). "
        "The next one goes on.",
        file=sys.stderr,
        flush=True,
    )
    os.kill(os.getpid(), signal.SIGKILL)
