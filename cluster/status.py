"""The status of a cluster, within three seconds whatever is down.

Broker, writer and workers are asked at the same time, each in a thread that is given up when there
is no answer.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from celery import Celery

from archive.errors import ArchiveError
from cluster.app import ARCHIVE, BLOCKED, DEAD, JOBS, Plain, ask, broker_errors, command

#: Seconds for broker, writer and workers to answer.
_PATIENCE_SECONDS = 2.0


@dataclass(slots=True)
class ClusterStatus:
    """The status of a cluster; what did not answer is None.

    :param outages: what is wrong with broker, writer or workers, one sentence for each.
    :param problems: these, and what is wrong with jobs.
    :param messages: number of waiting messages by queue.
    :param blocked: whether the broker accepts no messages.
    :param workers: of each worker, the runs of jobs that it has, with the seconds since each began.
    :param lag: seconds until the writer answered a request, after all messages that wait for it.
    :param writing: seconds since the writer began the message that it processes; 0 without one.
    :param writer: folder and process of the writer.
    :param paused: whether all jobs are paused.
    :param jobs: as `JobState` has them, with the names of the jobs that each waits for,
        and its interval in seconds.
    """

    outages: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    messages: dict[str, int] | None = None
    blocked: bool = False
    workers: dict[str, dict[str, float]] | None = None
    lag: float | None = None
    writing: float = 0
    writer: Plain | None = None
    paused: bool = False
    jobs: list[Plain] = field(default_factory=list)


def status_of(app: Celery, patience: float = _PATIENCE_SECONDS) -> ClusterStatus:
    """Read the status from broker, workers and writer.

    :param patience: seconds to wait for them.
    """
    status = ClusterStatus()
    failures: dict[str, str] = {}

    def try_to(read: Callable[[Celery, ClusterStatus, float], None]) -> None:
        try:
            with broker_errors():
                read(app, status, patience)
        except ArchiveError as error:
            failures[read.__name__] = str(error)

    parts = (_read_broker, _read_processes, _read_writer)
    threads = [threading.Thread(target=try_to, args=[part], daemon=True) for part in parts]
    for thread in threads:
        thread.start()
    until = time.monotonic() + patience + 0.3
    for thread in threads:
        thread.join(max(until - time.monotonic(), 0))
    status.outages += _outages(status, failures, patience)
    status.problems[:0] = status.outages
    for job in status.jobs:
        if job["failures"]:
            times = "once" if job["failures"] == 1 else f"{job['failures']} times"
            status.problems.append(
                f"The job {job['name']} has failed {times}, last at {job['ended']}: "
                f"{job['sentence']} ({job['status']})"
            )
    return status


def _read_broker(app: Celery, status: ClusterStatus, patience: float) -> None:
    """Count the messages, and see whether the broker accepts another one, which leads nowhere."""

    def blocked(_: str) -> None:
        status.blocked = True

    options = app.conf.broker_transport_options | {
        "on_blocked": blocked,
        "read_timeout": patience,
        "write_timeout": patience,
    }
    with app.connection_for_write(transport_options=options) as connection:
        channel: Any = connection.default_channel
        status.messages = {
            queue: channel.queue_declare(queue, passive=True).message_count
            for queue in (JOBS, ARCHIVE, DEAD)
        }
        with connection.Producer() as producer:
            producer.publish("", routing_key="finews.nowhere", confirm_timeout=patience / 2)


def _read_processes(app: Celery, status: ClusterStatus, patience: float) -> None:
    # `inspect` warns when a worker answers twice, as one does that has just connected again.
    replies = app.control.broadcast("active", reply=True, timeout=patience * 0.75) or []
    workers: dict[str, dict[str, float]] = {}
    for node, tasks in (entry for reply in replies for entry in reply.items()):
        ages = {task["id"]: max(time.time() - task["time_start"], 0.0) for task in tasks}
        if node.startswith("writer@"):
            status.writing = max(ages.values(), default=0)
        else:
            workers[node] = ages
    status.workers = workers


def _read_writer(app: Celery, status: ClusterStatus, patience: float) -> None:
    asked = time.monotonic()
    figures = command(app, "finews_figures", patience * 0.75)
    status.jobs, status.paused = figures.pop("jobs"), figures.pop("paused")
    status.problems += figures.pop("problems")
    status.writer = figures
    asked, left = time.monotonic(), max(patience + asked - time.monotonic(), 0.1)
    ask(app, "finews.ping", left)
    status.lag = time.monotonic() - asked


def _outages(status: ClusterStatus, failures: dict[str, str], patience: float) -> Iterator[str]:
    if status.messages is None:
        silent = f"The broker that FINEWS_BROKER names gave no answer in {patience:g} s."
        yield failures.get("_read_broker", silent)
        return
    if status.blocked:
        yield BLOCKED
    elif failure := failures.get("_read_broker"):
        yield failure
    elif status.writer is None:
        yield "No writer answers: no article is stored, and no job is sent."
    elif status.lag is None:
        yield (
            f"The writer is more than {patience:g} s behind; it has been writing one message for "
            f"{status.writing:.0f} s."
        )
    if not status.workers and not status.blocked:
        yield "No worker answers: no job runs."
    if dead := status.messages[DEAD]:
        yield f"There are {dead} dead letters; see them with: finews cluster dead"


def described(status: ClusterStatus) -> Iterator[str]:
    """Format the status as lines for a user."""
    if status.writer is not None:
        lag = "unknown" if status.lag is None else f"{status.lag:.1f} s behind"
        waiting = (status.messages or {}).get(ARCHIVE, 0)
        yield f"writer   {status.writer['folder']}: {lag}, {waiting} messages wait for it"
    running: dict[str, tuple[str, float]] = {}
    for name, runs in sorted((status.workers or {}).items()):
        yield f"worker   {name}: {len(runs)} jobs"
        running |= {run: (name, seconds) for run, seconds in runs.items()}
    if status.paused:
        yield "paused   all jobs; to go on: finews cluster resume"
    for job in status.jobs:
        yield f"job      {job['name']}: {_state(job, running)}"
    for problem in status.problems:
        yield f"problem  {problem}"


def _state(job: Plain, running: dict[str, tuple[str, float]]) -> str:
    if job["run"] in running:
        worker, seconds = running[job["run"]]
        state = f"runs on {worker} for {seconds:.0f} s"
    elif job["run"]:
        state = f"waits for a worker since {job['sent']}"
    elif job["paused"]:
        state = "paused"
    elif job["waiting"]:
        others = ", ".join(job["waits_for"]) or "its turn"
        state = f"waits for {others} since {job['waiting']}"
    elif job["every"]:
        state = f"next at {job['due']}"
    else:
        state = "runs only when it is sent"
    return f"{state}; last success {job['succeeded'] or 'never'}"


def metrics(status: ClusterStatus) -> Iterator[str]:
    """Format the status as lines of Prometheus' text format."""
    yield f"finews_cluster_problems {len(status.problems)}"
    yield f"finews_cluster_broker_up {int(status.messages is not None)}"
    yield f"finews_cluster_broker_blocked {int(status.blocked)}"
    yield f"finews_cluster_writer_up {int(status.writer is not None)}"
    yield f"finews_cluster_workers {len(status.workers or ())}"
    if status.lag is not None:
        yield f"finews_cluster_writer_lag_seconds {status.lag:.3f}"
    for queue, count in (status.messages or {}).items():
        yield f'finews_cluster_messages{{queue="{queue}"}} {count}'
    for job in status.jobs:
        labels = f'{{job="{job["name"]}"}}'
        yield f"finews_cluster_job_failures{labels} {job['failures']}"
        if job["succeeded"]:
            last = datetime.fromisoformat(job["succeeded"]).timestamp()
            yield f"finews_cluster_job_last_success_timestamp_seconds{labels} {last:.0f}"
