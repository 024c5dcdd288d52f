"""The worker's task: run a job as a process ``scrapy crawl``.

The exit status of the process is that of the job. A pipe between worker and crawl ends the crawl
when the worker ends.
"""

import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from celery import Celery, Task
from celery.signals import worker_shutting_down
from pydantic import ValidationError

import settings
from archive.validation import in_one_sentence
from cluster.app import ARCHIVE, LONGEST_JOB_SECONDS
from cluster.jobs import Job
from cluster.remote_archive import WORKER_PIPE
from cluster.serialisation import Plain
from crawler.exit_status import ExitStatus

logger = logging.getLogger(__name__)

_PROJECT = Path(settings.__file__).parent.parent

#: Seconds until a crawl is tried again when another crawl has its hosts.
_SOON_SECONDS = 10

#: Seconds for a crawl to store what is in flight when its worker is stopped.
_GRACE_SECONDS = 45


class CrawlRunner:
    """The processes of the crawls that run on this worker."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._ending = False

    def run(self, job: Job) -> tuple[int, str]:
        """Run a crawl to its end; return the exit status, negative for a signal, and the reason."""
        with tempfile.TemporaryDirectory() as folder:
            sources = Path(folder) / "sources.toml"
            if job.sources is not None:
                sources.write_text(job.sources, encoding="utf-8")
            read, write = os.pipe()
            try:
                crawl = self._start(job, sources, read)
            finally:
                os.close(read)
            try:
                return _wait(crawl, job.name)
            finally:
                os.close(write)
                self._running.discard(crawl)

    def _start(self, job: Job, sources: Path, pipe: int) -> "subprocess.Popen[str]":
        crawl = subprocess.Popen(  # noqa: S603
            (sys.executable, "-m", "scrapy", *job.command(sources)),
            cwd=_PROJECT,
            env=os.environ | {"SCRAPY_PROJECT": "cluster", WORKER_PIPE: str(pipe)},
            pass_fds=(pipe,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._running.add(crawl)
        if self._ending:
            crawl.terminate()
        return crawl

    def end(self) -> None:
        """Ask all crawls to store what is in flight and to end; kill those that do not."""
        self._ending = True
        for crawl in tuple(self._running):
            crawl.terminate()
            killing = threading.Timer(_GRACE_SECONDS, crawl.kill)
            killing.daemon = True
            killing.start()


def _wait(crawl: "subprocess.Popen[str]", name: str) -> tuple[int, str]:
    """Print the output of a crawl; return its exit status and the last sentence for users."""
    late = threading.Timer(LONGEST_JOB_SECONDS, crawl.kill)
    late.start()
    sentence = ""
    with crawl:
        assert crawl.stdout is not None
        for line in crawl.stdout:
            print(f"{name}: {line}", end="", file=sys.stderr, flush=True)
            if line.startswith("finews: "):
                sentence = line.removeprefix("finews: ").strip()
    late.cancel()
    if crawl.returncode < 0:
        return crawl.returncode, f"The crawl was ended by {signal.Signals(-crawl.returncode).name}."
    return crawl.returncode, sentence


def add_task(app: Celery, crawls: CrawlRunner) -> None:
    """Register the task for the queue `JOBS`.

    :param crawls: the processes of this worker.
    """

    def crawl(self: "Task[Any, Any]", job: Plain) -> None:
        try:
            status, sentence = crawls.run(Job.model_validate(job))
        except ValidationError as error:
            status, sentence = ExitStatus.WRONG_ARGUMENTS, in_one_sentence(error)
            logger.warning("The job %s is refused: %s", job.get("name"), sentence)
        if status in _RETRY_SECONDS:
            raise self.retry(countdown=_RETRY_SECONDS[ExitStatus(status)], max_retries=None)
        ended = [str(job.get("name")), status, sentence]
        app.send_task("finews.ended", args=ended, queue=ARCHIVE, retry=True)

    app.task(name="finews.crawl", bind=True)(crawl)
    worker_shutting_down.connect(lambda **_: crawls.end(), weak=False)


#: Exit statuses of jobs that are run again, and the seconds until then.
_RETRY_SECONDS: Mapping[ExitStatus, float] = {
    ExitStatus.LOCKED: _SOON_SECONDS,
    ExitStatus.INTERRUPTED: 0,
}
