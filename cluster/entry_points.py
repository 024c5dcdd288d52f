"""Run the roles of a cluster: worker, writer, and sender of jobs."""

import logging
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from celery import Celery
from celery.exceptions import CPendingDeprecationWarning

from cluster.app import ARCHIVE, ASIDE, JOBS, broker_url, make_app, opened_app
from cluster.jobs import InvalidJobs, read_jobs
from cluster.kombu_redis import restore_messages, uses_redis
from cluster.rpc import BROKEN, no_broker
from cluster.worker import CrawlRunner, add_task
from cluster.writing import BatchWriter, add_tasks

_QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=WARNING")


def work(crawls: int, name: str) -> None:
    """Run the crawls of jobs, until stopped.

    Threads are enough: each waits for the process of a crawl.

    :param crawls: number of crawls at once.
    :param name: name of the worker, unique on its machine.
    """
    app = make_app(broker_url())
    add_task(app, CrawlRunner())
    _run(app, JOBS, "--pool=threads", f"--concurrency={crawls}", f"--hostname={name}@%h")


def write(archive: Path) -> None:
    """Write to the archive until stopped.

    :raises ArchiveError: when the archive cannot be opened.
    """
    app = make_app(broker_url())
    with BatchWriter(archive) as writer:
        add_tasks(app, writer)
        if uses_redis(app):
            restore_messages(app, "finews.archive")
        _run(app, ARCHIVE, "--pool=solo", "--hostname=writer@%h")


def _run(app: Celery, queue: str, *options: str) -> None:
    _log()
    # Celery warns that it does not cancel tasks without a broker; a crawl then ends by itself.
    warnings.simplefilter("ignore", CPendingDeprecationWarning)
    app.worker_main(["--quiet", "worker", f"--queues={queue}", *options, *_QUIET])


def _log() -> None:
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )


def send_when_due(jobs_file: Path, schedule: Path) -> None:
    """Send each job when it is due, until stopped.

    A job that no worker has started before it is due again expires.

    :param schedule: file that stores when each job was last sent.
    :raises InvalidJobs: when the jobs file is wrong.
    :raises InvalidSources: when a sources file is wrong.
    """
    app = make_app(broker_url())
    app.conf.beat_schedule = {
        job.name: {
            "task": "finews.crawl",
            "schedule": job.every,
            "args": [job.model_dump()],
            "options": {"queue": JOBS, "expires": job.every},
        }
        for job in read_jobs(jobs_file).values()
    }
    _log()
    app.Beat(
        schedule=str(schedule),
        scheduler_cls="celery.beat:PersistentScheduler",
        loglevel="WARNING",
        quiet=True,
    ).run()


def send_now(jobs_file: Path, names: Iterable[str]) -> int:
    """Send jobs once; return their number.

    :raises InvalidJobs: when a name is unknown or a file is wrong.
    :raises ArchiveError: when there is no broker.
    """
    jobs = read_jobs(jobs_file)
    wanted = list(names) or list(jobs)
    for name in wanted:
        if name not in jobs:
            raise InvalidJobs(
                f"The jobs {jobs_file} have no {name!r}; they have {', '.join(jobs)}."
            )
    try:
        with opened_app(broker_url()) as app:
            for name in wanted:
                args = [jobs[name].model_dump()]
                app.send_task("finews.crawl", args=args, queue=JOBS, retry=True)
    except BROKEN as error:
        raise no_broker(error) from error
    return len(wanted)


def send_again() -> int:
    """Move the messages that were set aside to the writer's queue; return their number.

    :raises ArchiveError: when there is no broker.
    """
    moved = 0
    try:
        with opened_app(broker_url()) as app, app.connection() as connection:
            aside: Any = app.amqp.queues[ASIDE].bind(connection.default_channel)
            aside.declare()
            # Not until the queue is empty: a message that fails again comes back at once.
            for _ in range(aside.queue_declare().message_count):
                message = aside.get(accept=["msgpack"])
                if message is None:
                    break
                args, kwargs, _ = message.decode()
                task = message.headers["task"]
                app.send_task(task, args=args, kwargs=kwargs, queue=ARCHIVE, retry=True)
                message.ack()
                moved += 1
    except BROKEN as error:
        raise no_broker(error) from error
    return moved
