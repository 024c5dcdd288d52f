"""The worker: crawls the sources of jobs, each in a process of its own from Celery's pool."""

import ctypes
import logging
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from amqp.exceptions import NotFound
from celery import Celery
from celery.signals import worker_shutting_down
from celery.worker import state
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from archive.errors import ArchiveError, FinewsError
from cluster.app import (
    JOBS,
    LONGEST_JOB_SECONDS,
    START_SECONDS,
    broker_errors,
    broker_url,
    make_app,
    run_consumer,
    send,
)
from cluster.messages import JobEnd, JobMessage
from cluster.remote_archive import RemoteArchive
from crawler.exit_status import Counts, Verdict
from crawler.running.call import check_arguments, spider_class_of, status_of
from crawler.running.one import crawl_one
from crawler.running.report import print_result
from crawler.settings_check import check_settings
from crawler.sources import Sources

#: Seconds for a crawl to send what is in flight when its worker is stopped.
_GRACE_SECONDS = 7

#: Of Linux's prctl: the signal that a process receives when its parent ends.
_PR_SET_PDEATHSIG = 1


def work(crawls: int, name: str) -> None:
    """Crawl until stopped.

    :param crawls: number of crawls at once.
    :param name: name of the worker, unique on its machine.
    """
    app = make_app(broker_url())
    with broker_errors(), app.connection() as connection:
        connection.ensure_connection(timeout=START_SECONDS)
        channel: Any = connection.default_channel
        try:
            channel.queue_declare(JOBS, passive=True)
        except NotFound:
            raise ArchiveError(
                "The broker has no queues of this release of finews; start the writer first."
            ) from None
    add_task(app)
    worker_shutting_down.connect(_give_back, weak=False)
    options = (f"--concurrency={crawls}", "--max-tasks-per-child=1", f"--hostname={name}@%h")
    run_consumer(app, JOBS, *options)


def add_task(app: Celery) -> None:
    """Register the task for the queue `JOBS`."""

    def crawl(text: str) -> None:
        _end_with_parent()
        job = JobMessage.model_validate_json(text)
        verdict = _crawl(job)
        end = JobEnd(run=job.run, status=verdict.status, sentence=verdict.sentence)
        send(app, "finews.ended", end.model_dump_json(), patience=LONGEST_JOB_SECONDS)

    app.task(name="finews.crawl", time_limit=LONGEST_JOB_SECONDS)(crawl)


def worker_settings() -> Settings:
    """Return the settings of ``SCRAPY_SETTINGS_MODULE``, or those of `settings.cluster`."""
    settings = Settings()
    module = os.environ.get("SCRAPY_SETTINGS_MODULE", "settings.cluster")
    settings.setmodule(module, priority="project")
    check_settings(settings)
    return settings


def _crawl(job: JobMessage) -> Verdict:
    """Crawl the source of a job in this process, which can do that once."""
    logging.getLogger().handlers.clear()
    settings = worker_settings()
    prefix = f"{job.job}: ".replace("%", "%%")
    settings.set("LOG_FORMAT", f"{prefix}{settings['LOG_FORMAT']}", priority="cmdline")
    settings.set("FINEWS_PROGRESS_LINE", "0", priority="cmdline")
    RemoteArchive.run = job.run
    counts = None
    try:
        process = AsyncCrawlerProcess(settings)
        spider = spider_class_of(process.spider_loader, job.source)
        check_arguments(spider, job.arguments, Sources.load(Path(settings["FINEWS_SOURCES"])))
        crawler = process.create_crawler(spider)
        verdict = crawl_one(process, crawler, job.arguments)
        counts = Counts.of(crawler.stats.get_stats())
    except FinewsError as error:
        verdict = Verdict(status_of(error, settings), str(error))
    print_result(job.job, verdict, counts)
    return verdict


def _end_with_parent() -> None:
    """End this process when the worker ends, also when that is killed."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def _give_back(**_: object) -> None:
    """Ask all crawls to send what is in flight and to end; kill those that do not.

    The broker gives their jobs to another worker.
    """
    crawls = [request.worker_pid for request in state.active_requests if request.worker_pid]

    def kill(number: signal.Signals) -> None:
        for crawl in crawls:
            with suppress(ProcessLookupError):
                os.kill(crawl, number)

    kill(signal.SIGTERM)
    killing = threading.Timer(_GRACE_SECONDS, kill, [signal.SIGKILL])
    killing.daemon = True
    killing.start()
