"""Locks of hosts in the broker, so that only one crawl of the cluster requests from a host.

The writer sends no two jobs of one host family at a time. The locks hold when a worker is cut off
or frozen while the broker gives its job to another one. They end with the process of the crawl. A
crawl that cannot renew its locks ends at once, because another crawl may acquire them.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterable
from typing import Any

from amqp.exceptions import ResourceLocked
from celery import Celery

from archive.errors import ArchiveLocked, FinewsError
from cluster.app import BROKEN

#: Seconds between two renewals of the locks.
RENEWAL_SECONDS = 2

#: Seconds for the broker to answer; after that, a crawl has lost its locks.
TIMEOUT_SECONDS = 5

#: Seconds until the broker ends the locks of a silent crawl.
EXPIRY_SECONDS = 15


class CrawlRefused(ArchiveLocked):
    """The crawl may not begin, for a reason of one sentence."""

    def __init__(self, reason: str) -> None:
        FinewsError.__init__(self, reason)


class HostLocks:
    """The locks of some hosts, renewed until they are closed.

    Each is a queue that is exclusive to a connection (AMQP 0-9-1, queue.declare). The broker
    deletes it when the connection ends, and closes a connection without heartbeats.

    :param hosts: hosts to lock, all of them or none.
    :raises CrawlRefused: when another crawl has locked one.
    """

    def __init__(self, app: Celery, hosts: Iterable[str]) -> None:
        timeouts = {"read_timeout": TIMEOUT_SECONDS, "write_timeout": TIMEOUT_SECONDS}
        self._connection = app.connection_for_write(
            heartbeat=EXPIRY_SECONDS // 2,
            connect_timeout=TIMEOUT_SECONDS,
            transport_options=timeouts,
        )
        self._channel: Any = self._connection.channel()
        self._hosts = sorted(set(hosts))
        self._closing = threading.Event()
        for host in self._hosts:
            try:
                self._declare(host)
            except ResourceLocked:
                self._connection.close()
                reason = f"Another crawl of the cluster has locked {host}; try again later."
                raise CrawlRefused(reason) from None
        self._thread = threading.Thread(target=self._renew, name="host locks", daemon=True)
        self._thread.start()

    def _declare(self, host: str) -> None:
        """Declare the queue of a host; the broker fails unless it is this connection's."""
        name = f"finews.lock.{host}"
        self._channel.queue_declare(name, exclusive=True, durable=False, auto_delete=False)

    def _renew(self) -> None:
        while not self._closing.wait(RENEWAL_SECONDS):
            try:
                for host in self._hosts:
                    self._declare(host)
            except BROKEN as error:
                _end_at_once(error)

    def close(self) -> None:
        """Release the locks."""
        self._closing.set()
        self._thread.join()
        self._connection.close()


def _end_at_once(error: Exception) -> None:
    print(
        f"finews: The crawl ends at once: it lost the locks of its hosts ({error}). "
        "Its job is delivered again.",
        file=sys.stderr,
        flush=True,
    )
    os.kill(os.getpid(), signal.SIGKILL)
