"""The writer: one process for the archive's folder, which also schedules the jobs.

The archive is written in the one process of Celery's pool, so that its end, a full disk or a frozen
disk hinder neither the connection to the broker nor the commands of an operator.
"""

import logging
import socket
import threading
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import amqp
from amqp.exceptions import ResourceLocked
from celery import Celery
from celery.signals import worker_process_shutdown, worker_ready, worker_shutting_down
from celery.worker.control import control_command
from kombu import Connection

from archive.archive import Archive
from archive.errors import ArchiveError, FinewsError
from archive.watches import Failure, notify
from cluster.app import (
    ARCHIVE,
    BROKEN,
    START_SECONDS,
    broker_errors,
    broker_url,
    dead_queues,
    make_app,
    run_consumer,
)
from cluster.batch_log import BatchLog
from cluster.dead_letters import dead_jobs, former_queues, set_aside
from cluster.schedule import NO_FORK, JobTable, Scheduler
from cluster.status import status_of
from cluster.worker import worker_settings
from cluster.writing import BatchWriter, add_tasks

logger = logging.getLogger(__name__)

#: Names of the queues that are claims: to be the writer, and to be the archive of this cluster.
_WRITER, _CLAIM = "finews.writer", "finews.claim"

#: Seconds between two checks of broker and workers; notices are sent of what two of them find.
_CHECK_SECONDS = 10

#: Seconds for the broker to end the claim of a writer that was killed.
KILLED_SECONDS = 15


class ClaimRefused(FinewsError):
    """Another writer or another archive has claimed the cluster."""


class Claim:
    """The claim that an archive is the one of the cluster, and that this process is its writer.

    The one is a message in a queue of its own. The other is a queue that is exclusive to the
    connection that consumes batches, and so lasts as long as that.

    :param archive: what names the archive: its identity, machine and folder.
    """

    def __init__(self, archive: str) -> None:
        self._archive = archive

    def __call__(self, connection: Connection) -> None:
        """Claim both on a connection of Celery's; end the process when that is refused."""
        try:
            self.take(connection)
        except ClaimRefused as error:
            logger.critical("%s", error)
            raise SystemExit(1) from error

    def take(self, connection: Connection, *, take_over: bool = False) -> None:
        """Claim both.

        :param take_over: whether this archive replaces another one.
        :raises ClaimRefused: when another process or another archive has the claim.
        """
        until = time.monotonic() + KILLED_SECONDS
        while not self._is_writer(connection):
            if time.monotonic() > until:
                holder = self._claimed(connection)
                raise ClaimRefused(
                    f"The writer of this cluster is running, for the archive {holder}; stop it "
                    "first. A cluster has one writer."
                )
            time.sleep(0.2)
        holder = self._claimed(connection)
        if holder is None or take_over:
            channel: Any = connection.channel()
            channel.queue_purge(_CLAIM)
            channel.basic_publish(amqp.Message(self._archive, delivery_mode=2), "", _CLAIM)
        elif holder != self._archive:
            raise ClaimRefused(
                f"The archive of this cluster is {holder}, and not {self._archive}. Only if this "
                "one replaces it, run once: finews cluster writer --take-over"
            )

    def _is_writer(self, connection: Connection) -> bool:
        channel: Any = connection.channel()
        try:
            channel.queue_declare(_WRITER, exclusive=True, durable=False, auto_delete=False)
        except ResourceLocked:
            return False
        return True

    def _claimed(self, connection: Connection) -> str | None:
        """Return the archive that the cluster has; None before the first one."""
        channel: Any = connection.channel()
        channel.queue_declare(_CLAIM, durable=True, auto_delete=False)
        message = channel.basic_get(_CLAIM)
        channel.close()  # this gives the message back
        return str(message.body) if message else None


def write(folder: Path, jobs: Path | None, *, take_over: bool = False) -> None:
    """Write to the archive and schedule the jobs until stopped.

    :param jobs: path of the jobs file; None when no job is scheduled.
    :param take_over: whether the archive replaces the one that the cluster has.
    :raises ArchiveError: when the archive or the broker cannot be used.
    :raises ClaimRefused: when the cluster has another writer or another archive.
    """
    app = make_app(broker_url(), declares=True)
    Archive(folder).close()
    batches = BatchLog(folder / "cluster.db")
    claim = Claim(f"{batches.identity[:8]} at {socket.gethostname()}:{folder.absolute()}")
    batches.close()
    with broker_errors(), app.connection() as connection:
        connection.ensure_connection(timeout=START_SECONDS)
        claim.take(connection, take_over=take_over)
        declare(app, connection)
        former = former_queues(connection)
    vars(app)["claim"] = claim
    settings = worker_settings()
    table = JobTable(folder / "cluster.db")
    table.forget_unsent()
    scheduler = Scheduler(app, table, jobs, settings)

    @cache  # opened in the process of the pool, at its first message
    def opened() -> BatchWriter:
        writer = BatchWriter(folder)
        worker_process_shutdown.connect(lambda **_: writer.close(), weak=False)
        return writer

    add_tasks(app, opened)
    # What `finews cluster` sends past all messages that wait.
    named = {"folder": str(folder.absolute())}
    control_command(name="finews_figures")(lambda _: {**scheduler.figures(), **named})
    control_command(name="finews_change")(lambda _, action, names: scheduler.change(action, names))
    stopping = threading.Event()
    watches = Path(settings["FINEWS_WATCHES"])
    arguments = (scheduler, app, stopping, former, folder, watches)
    thread = threading.Thread(target=_schedule, args=arguments, daemon=True)
    worker_ready.connect(lambda **_: thread.start(), weak=False)
    worker_shutting_down.connect(lambda **_: stopping.set(), weak=False)
    run_consumer(app, ARCHIVE, "--concurrency=1", "--hostname=writer@%h")


def declare(app: Celery, connection: Connection) -> None:
    """Declare all queues, so that no other process needs the right to."""
    for queue in (*app.amqp.queues.values(), *dead_queues()):
        bound: Any = queue.bind(connection.default_channel)
        bound.declare()


def _schedule(
    scheduler: Scheduler,
    app: Celery,
    stopping: threading.Event,
    former: Sequence[str],
    folder: Path,
    watches: Path,
) -> None:
    """Send what is due every second, until stopped; send notices of failures and outages.

    :param former: queues of an earlier release, whose messages become dead letters.
    """
    known: object = None
    found: list[str] = []
    outages: list[str] = []
    checked = time.monotonic()
    while not stopping.wait(1):
        try:
            scheduler.tick()
            with app.connection() as connection:
                scheduler.end_dead(dead_jobs(connection))
                set_aside(connection, former)
        except (FinewsError, *BROKEN) as error:
            logger.error("No job is sent: %s", error)
        if time.monotonic() > checked + _CHECK_SECONDS:
            before, found, checked = found, status_of(app).outages, time.monotonic()
            outages = found if before else []
        try:
            outcomes, ends = scheduler.outcomes()
        except ArchiveError as error:
            logger.error("No notice is sent: %s", error)
            continue
        outcomes["cluster"] = Failure("outage", outages[0]) if outages else None
        if (outages, ends) != known:
            known = outages, ends
            with NO_FORK:
                notify(folder, watches, outcomes)
