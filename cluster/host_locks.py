"""Locks of hosts in the broker, so that only one crawl of the cluster requests from a host.

The process of a crawl locks every host that it may request from. The locks end with the process,
also when it is killed. A crawl that can no longer renew its locks ends at once, because another
crawl may acquire them.
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

#: Seconds between two renewals of the locks.
RENEWAL_SECONDS = 2

#: Seconds for the broker to answer; after that, a crawl has lost its locks.
TIMEOUT_SECONDS = 5

#: Seconds until the lock of a silent crawl ends.
EXPIRY_SECONDS = 15


class HostLocked(ArchiveLocked):
    """Another crawl has locked a host of this crawl."""

    def __init__(self, host: str) -> None:
        FinewsError.__init__(
            self, f"Another crawl of the cluster has locked {host}; try again later."
        )


class LocksLost(Exception):
    """The locks are lost, or the broker cannot confirm them."""


class LockBackend(Protocol):
    """Locks of hosts in a broker."""

    def acquire(self, host: str) -> bool:
        """Lock a host; return whether that succeeded."""

    def renew(self) -> None:
        """Renew all locks.

        :raises LocksLost: when they are lost.
        """

    def close(self) -> None:
        """Release all locks."""


class RabbitLocks:
    """Locks that are queues, exclusive to a connection (AMQP 0-9-1, queue.declare).

    The broker deletes them when the connection ends, and closes a connection without heartbeats.
    """

    def __init__(self, broker: str) -> None:
        timeouts = {"read_timeout": TIMEOUT_SECONDS, "write_timeout": TIMEOUT_SECONDS}
        self._connection = Connection(
            broker,
            heartbeat=EXPIRY_SECONDS // 2,
            connect_timeout=TIMEOUT_SECONDS,
            transport_options=timeouts,
        )
        self._channel: Any = self._connection.channel()
        self._names: list[str] = []

    def acquire(self, host: str) -> bool:
        """Declare the queue of a host; return whether this connection has it."""
        name = _name(host)
        try:
            self._declare(name)
        except ResourceLocked:
            return False
        self._names.append(name)
        return True

    def renew(self) -> None:
        """Declare the queues again: the broker fails when one is no longer this connection's."""
        try:
            for name in self._names:
                self._declare(name)
        except (AMQPError, OSError) as error:
            raise LocksLost(str(error)) from error

    def _declare(self, name: str) -> None:
        self._channel.queue_declare(name, exclusive=True, durable=False, auto_delete=False)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class RedisLocks:
    """Locks that are keys with a token of their owner, and expire."""

    def __init__(self, broker: str) -> None:
        self._client = redis.Redis.from_url(
            broker, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
        )
        self._locks: list[redis.lock.Lock] = []

    def acquire(self, host: str) -> bool:
        """Set the key of a host; return whether it was unset."""
        lock = self._client.lock(_name(host), timeout=EXPIRY_SECONDS, thread_local=False)
        if not lock.acquire(blocking=False):
            return False
        self._locks.append(lock)
        return True

    def renew(self) -> None:
        """Extend the time until the keys expire."""
        try:
            for lock in self._locks:
                lock.reacquire()
        except redis.RedisError as error:
            raise LocksLost(str(error)) from error

    def close(self) -> None:
        """Delete the keys that have not expired."""
        with suppress(redis.RedisError):
            for lock in self._locks:
                if lock.owned():
                    lock.release()
        self._client.close()


def _name(host: str) -> str:
    return f"finews.hold.{host}"


class HostLocks:
    """The locks of some hosts, renewed until they are closed.

    :param backend: the broker's locks.
    :param hosts: hosts to lock, all of them or none.
    :param on_lost: called in another thread when the locks are lost; ends the process by default.
    :raises HostLocked: when another crawl has locked one.
    """

    def __init__(
        self,
        backend: LockBackend,
        hosts: Sequence[str],
        on_lost: Callable[[LocksLost], None] | None = None,
    ) -> None:
        self._backend = backend
        self._on_lost = on_lost or _end_at_once
        self._closing = threading.Event()
        for host in sorted(set(hosts)):
            if not backend.acquire(host):
                backend.close()
                raise HostLocked(host)
        self._thread = threading.Thread(target=self._renew, name="host locks", daemon=True)
        self._thread.start()

    def _renew(self) -> None:
        while not self._closing.wait(RENEWAL_SECONDS):
            try:
                self._backend.renew()
            except LocksLost as error:
                self._on_lost(error)
                return

    def close(self) -> None:
        """Release the locks."""
        self._closing.set()
        self._thread.join()
        self._backend.close()


def lock_backend(broker: str) -> LockBackend:
    """Connect to the broker at an address; return its locks."""
    return RedisLocks(broker) if broker.startswith("redis") else RabbitLocks(broker)


def end_with_pipe(pipe: int) -> None:
    """End this process at once when the other end of a pipe is closed, as when the worker ends.

    :param pipe: file descriptor to read from.
    """

    def wait() -> None:
        os.read(pipe, 1)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, name="end with the worker", daemon=True).start()


def _end_at_once(error: LocksLost) -> None:
    print(
        f"finews: The crawl ends at once: it lost the locks of its hosts ({error}). "
        "The next crawl continues.",
        file=sys.stderr,
        flush=True,
    )
    os.kill(os.getpid(), signal.SIGKILL)
