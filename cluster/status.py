"""The status of a cluster: waiting, running and failed jobs, and the delay of the writer."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from celery import Celery
from kombu import Queue

from archive.errors import ArchiveError
from cluster.app import ARCHIVE, ASIDE, JOBS
from cluster.batch_log import JobEnded
from cluster.rpc import BROKEN, ask, no_broker

#: Seconds to wait for the answers of all workers, whose number is unknown.
_PATIENCE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """The status of a cluster.

    :param waiting: number of messages by queue; postponed jobs count as waiting.
    :param running: name, worker and seconds since the start of each running job.
    :param lag: seconds until the writer answered a request, after all waiting batches; None when it
        did not answer in time.
    :param jobs: the last result of each job; empty without a writer.
    """

    waiting: dict[str, int]
    running: list[tuple[str, str, float]]
    lag: float | None
    jobs: list[JobEnded]

    @property
    def failed(self) -> list[JobEnded]:
        """The jobs whose last run failed."""
        return [job for job in self.jobs if job.failures]


def status_of(app: Celery, patience: float) -> ClusterStatus:
    """Read the status from broker, workers and writer.

    :param patience: seconds to wait for the writer.
    :raises ArchiveError: when there is no broker.
    """
    try:
        waiting = dict(_waiting(app))
        waiting[JOBS] += _postponed(app)
        running = list(_running(app))
    except BROKEN as error:
        raise no_broker(error) from error
    asked = time.monotonic()
    try:
        jobs = ask(app, "finews.figures", patience)["jobs"]
    except ArchiveError:
        return ClusterStatus(waiting, running, None, [])
    lag = time.monotonic() - asked
    return ClusterStatus(waiting, running, lag, [JobEnded(**job) for job in jobs])


def _waiting(app: Celery) -> Iterator[tuple[str, int]]:
    queues: dict[str, Queue] = app.amqp.queues
    with app.connection_for_read() as connection:
        for name in (JOBS, ARCHIVE, ASIDE):
            queue: Any = queues[name].bind(connection.default_channel)
            queue.declare()
            yield name, queue.queue_declare().message_count


def _postponed(app: Celery) -> int:
    """Return the number of jobs that workers postpone, because another crawl has their hosts."""
    postponed = app.control.inspect(timeout=_PATIENCE_SECONDS).scheduled() or {}
    return sum(map(len, postponed.values()))


def _running(app: Celery) -> Iterator[tuple[str, str, float]]:
    active = app.control.inspect(timeout=_PATIENCE_SECONDS).active() or {}
    for worker, tasks in active.items():
        for task in tasks:
            if task["name"] == "finews.crawl":
                (job,) = task["args"]
                yield job["name"], worker, max(time.time() - task["time_start"], 0.0)


def described(status: ClusterStatus, patience: float) -> Iterator[str]:
    """Format the status as lines for a user."""
    yield f"jobs waiting   {status.waiting[JOBS]}"
    yield f"jobs running   {len(status.running)}"
    for name, worker, seconds in sorted(status.running):
        yield f"  {name}: for {seconds:.0f} s, on {worker}"
    behind = f"{status.waiting[ARCHIVE]} messages wait for it"
    if status.lag is None:
        yield f"jobs failed    unknown: the writer gave no answer in {patience:g} s"
        yield f"writer         more than {patience:g} s behind, or not running; {behind}"
    else:
        yield f"jobs failed    {len(status.failed)} of {len(status.jobs)}"
        for job in status.failed:
            times = "once" if job.failures == 1 else f"{job.failures} times"
            yield f"  {job.name}: {times}, last at {job.ended}: {job.sentence} ({job.status})"
        yield f"writer         {status.lag:.1f} s behind; {behind}"
    if aside := status.waiting[ASIDE]:
        yield f"set aside      {aside} batches; the writer's log has the reasons; to try again:"
        yield "  finews cluster retry"
