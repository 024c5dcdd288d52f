"""When each job runs, and in which order.

The writer schedules, because no crawl can begin without it. A job that is due waits here, in
``cluster.db``, until no earlier one visits a host family of its own. Only then it is sent to the
workers. So each job is sent once, waiting costs nothing, and the job that waits longest for a
family is the next.
"""

import logging
import os
import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from celery import Celery
from scrapy.settings import BaseSettings

from archive.clock import Clock, utc_iso, utc_now
from archive.errors import ArchiveError, FinewsError
from archive.storage import plain, sqlite_errors
from archive.watches import CRAWL, REFUSED, Failure
from cluster.app import JOBS, LONGEST_JOB_SECONDS, Plain, send
from cluster.dead_letters import DeadLetter
from cluster.jobs import InvalidJobs, Jobs, changes_of, read_jobs
from cluster.messages import JobEnd, JobMessage
from crawler.exit_status import ExitStatus

logger = logging.getLogger(__name__)

#: Statuses after which a job goes on as soon as it may, and the seconds until then.
_AGAIN: dict[int | None, int] = {
    ExitStatus.INTERRUPTED: 0,
    ExitStatus.LOCKED: 10,
    ExitStatus.LOCKED_FOR_LONG: 10,
    ExitStatus.STORAGE_FAILED: 10,
}

#: Statuses that are no failures of a job.
_NO_FAILURES = (ExitStatus.DONE, ExitStatus.INTERRUPTED, ExitStatus.LOCKED)

#: Seconds for the broker to accept a job.
_PATIENCE_SECONDS = 10

#: The row that pauses all jobs.
EVERY_JOB = "*"

#: Held by a thread that uses SQLite, and during each fork: a process that is forked meanwhile would
#: inherit SQLite's locks, and wait for them for ever.
NO_FORK = threading.RLock()
os.register_at_fork(
    before=NO_FORK.acquire, after_in_parent=NO_FORK.release, after_in_child=NO_FORK.release
)

_SCHEMA = """
    CREATE TABLE IF NOT EXISTS schedule (
        name TEXT PRIMARY KEY, due TEXT, waiting TEXT, run TEXT, sent TEXT, status INTEGER,
        sentence TEXT, ended TEXT, succeeded TEXT, failures INTEGER DEFAULT 0,
        paused INTEGER DEFAULT 0
    ) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class JobState:
    """The state of a job; all times are ISO 8601, UTC.

    :param due: when it is due next.
    :param waiting: since when it waits for its turn; None when it does not.
    :param run: identity of its run with the workers; None when it has none.
    :param sent: when that was sent to the workers.
    :param status: exit status of its last run that has ended.
    :param sentence: the reason for that status.
    :param ended: when that run ended.
    :param succeeded: when the last run without failure ended.
    :param failures: number of failures in a row.
    :param paused: whether it is not sent until it is resumed.
    """

    name: str
    due: str | None
    waiting: str | None
    run: str | None
    sent: str | None
    status: int | None
    sentence: str | None
    ended: str | None
    succeeded: str | None
    failures: int
    paused: int


class JobTable:
    """The states of the jobs in ``cluster.db``, for the processes of the writer.

    :raises ArchiveError: here and from every method, when the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._opened() as db:
            db.execute(_SCHEMA)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with (
            NO_FORK,
            sqlite_errors(f"Could not use the file {self._path}"),
            closing(sqlite3.connect(plain(self._path), timeout=30)) as db,
            db,
        ):
            yield db

    def states(self) -> dict[str, JobState]:
        """Return all states, those that wait longest first."""
        with self._opened() as db:
            rows = db.execute("SELECT * FROM schedule ORDER BY waiting IS NULL, waiting, name")
            return {row[0]: JobState(*row) for row in rows}

    def set(self, name: str, **values: str | int | None) -> None:
        """Change the state of a job."""
        assignments = ", ".join(f"{column} = :{column}" for column in values)
        with self._opened() as db:
            db.execute("INSERT OR IGNORE INTO schedule (name) VALUES (?)", [name])
            sql = f"UPDATE schedule SET {assignments} WHERE name = :name"  # noqa: S608
            db.execute(sql, {**values, "name": name})

    def sent(self, run: str, now: datetime) -> None:
        """Record that a run was sent, unless it has ended already."""
        with self._opened() as db:
            sql = "UPDATE schedule SET sent = ?, waiting = NULL WHERE run = ?"
            db.execute(sql, [utc_iso(now), run])

    def forget_unsent(self) -> None:
        """Let jobs wait that were not sent before a kill. A crawl of one that was is refused."""
        with self._opened() as db:
            db.execute("UPDATE schedule SET run = NULL WHERE sent IS NULL")

    def is_current(self, run: str) -> bool:
        """Return whether a run is neither ended nor cancelled."""
        return any(state.run == run for state in self.states().values())

    def end(self, ended: JobEnd, now: datetime) -> None:
        """Record how a run has ended; a job that was interrupted waits again."""
        for state in self.states().values():
            if state.run == ended.run:
                failed = ended.status not in _NO_FAILURES
                done, again = ended.status == ExitStatus.DONE, ended.status in _AGAIN
                waiting = state.waiting if state.sent else None
                self.set(
                    state.name,
                    run=None,
                    sent=None,
                    waiting=utc_iso(now) if again else waiting,
                    status=ended.status,
                    sentence=ended.sentence,
                    ended=utc_iso(now),
                    succeeded=utc_iso(now) if done else state.succeeded,
                    failures=state.failures + 1 if failed else 0 if done else state.failures,
                )


class Scheduler:
    """Sends the jobs of a file to the workers.

    :param path: of the jobs file; None when there are no jobs.
    :param settings: of a worker.
    """

    def __init__(
        self,
        app: Celery,
        table: JobTable,
        path: Path | None,
        settings: BaseSettings,
        *,
        clock: Clock = utc_now,
    ) -> None:
        self.jobs, self.problem = Jobs(), ""
        self._app, self._table, self._path, self._settings = app, table, path, settings
        self._clock = clock
        self._changes: Mapping[Path, int] = {}
        self._turn = threading.Lock()

    def tick(self) -> None:
        """Read the files if they have changed, and send the jobs whose turn it is."""
        with self._turn:
            self._read()
            now, states = self._clock(), self._table.states()
            for name in self.jobs.valid:
                if name not in states or self._is_due(states[name], now):
                    self._wait(name, now)
            for state in states.values():
                if state.sent and self._is_lost(state, now):
                    reason = "It was sent to the workers and did not end; see the dead letters."
                    run = state.run or ""
                    lost = JobEnd(run=run, status=ExitStatus.INTERRUPTED, sentence=reason)
                    self._table.end(lost, now)
                    logger.error("The job %s is sent again. %s", state.name, reason)
            for name, busy_with in self.turns().items():
                if not busy_with:
                    self._send(name, now)

    def end_dead(self, jobs: Iterable[DeadLetter]) -> None:
        """End the runs whose jobs are dead letters: where processes died, the job goes on."""
        for letter in jobs:
            died = letter.reason == "delivery_limit"
            status = ExitStatus.INTERRUPTED if died else ExitStatus.ERROR
            sentence = "Its message is a dead letter; see it with: finews cluster dead"
            self._table.end(JobEnd(run=letter.id, status=status, sentence=sentence), self._clock())

    def turns(self) -> dict[str, list[str]]:
        """Return the jobs that may be sent and wait, in order, and whom each waits for."""
        states, now = self._table.states(), self._clock()
        ahead = {name: self._families(name) for name, state in states.items() if state.run}
        turns = {}
        for name, state in states.items():
            if state.waiting and not state.run and self._may_be_sent(state, states, now):
                families = self._families(name)
                turns[name] = [other for other, used in ahead.items() if used & families]
                ahead[name] = families
        return turns

    def _families(self, name: str) -> frozenset[str]:
        return self.jobs.families.get(name, frozenset())

    def _may_be_sent(self, state: JobState, states: Mapping[str, JobState], now: datetime) -> bool:
        paused = state.paused or (EVERY_JOB in states and states[EVERY_JOB].paused)
        rest = timedelta(seconds=_AGAIN.get(state.status, 0))
        rested = not state.ended or datetime.fromisoformat(state.ended) + rest <= now
        return state.name in self.jobs.valid and not paused and rested

    def _is_due(self, state: JobState, now: datetime) -> bool:
        every = self.jobs.every[state.name]
        idle = not (state.waiting or state.run)
        return idle and every > 0 and (state.due is None or state.due <= utc_iso(now))

    def _wait(self, name: str, now: datetime, *, sent: bool = False) -> None:
        """Let a job wait for its turn; one that is only sent by hand only when it is sent."""
        every = self.jobs.every[name]
        waiting = utc_iso(now) if every or sent else None
        self._table.set(name, waiting=waiting, due=utc_iso(now + timedelta(seconds=every)))

    def _is_lost(self, state: JobState, now: datetime) -> bool:
        """Return whether no worker can have a job any more."""
        assert state.sent is not None
        if datetime.fromisoformat(state.sent) > now - timedelta(seconds=LONGEST_JOB_SECONDS):
            return False
        with self._app.connection_for_read() as connection:
            channel: Any = connection.default_channel
            return bool(channel.queue_declare(JOBS, passive=True).message_count == 0)

    def _send(self, name: str, now: datetime) -> None:
        job, run = self.jobs.valid[name], uuid4().hex
        arguments = job.arguments_at(now)
        message = JobMessage(job=name, run=run, source=job.source, arguments=arguments)
        self._table.set(name, run=run)
        to_workers: dict[str, Any] = {"queue": JOBS, "patience": _PATIENCE_SECONDS, "task_id": run}
        try:
            send(self._app, "finews.crawl", message.model_dump_json(), **to_workers)
        except ArchiveError:
            self._table.set(name, run=None)
            raise
        self._table.sent(run, now)

    def _read(self) -> None:
        if self._path is None:
            return
        changes = changes_of(self._path, self._settings)
        if changes == self._changes:
            return
        self._changes = changes
        try:
            self.jobs, self.problem = read_jobs(self._path, self._settings), ""
        except FinewsError as error:
            self.problem = f"{error} The jobs are those of before."
        for sentence in self.problems:
            logger.error("%s", sentence)

    def change(self, action: str, names: Collection[str]) -> list[str]:
        """Send, pause, resume or cancel jobs, and return their names.

        :param names: of jobs or of sources; all jobs when there is none.
        :raises InvalidJobs: when a name is unknown.
        """
        with self._turn:
            self._read()
            valid = self.jobs.valid
            for name in names:
                if name not in valid and name not in {job.source for job in valid.values()}:
                    raise InvalidJobs(
                        f"There is no job and no source {name!r} in {self._path}; "
                        f"there is {', '.join(valid) or 'none'}."
                    )
            chosen = [
                name
                for name, job in valid.items()
                if not names or name in names or job.source in names
            ]
            if action in {"pause", "resume"}:
                for name in chosen if names else (EVERY_JOB,):
                    self._table.set(name, paused=int(action == "pause"))
            elif action == "send":
                waiting = {name for name, state in self._table.states().items() if state.waiting}
                for name in set(chosen) - waiting:
                    self._wait(name, self._clock(), sent=True)
            else:
                self._cancel(chosen)
            return chosen

    def _cancel(self, names: Collection[str]) -> None:
        states = self._table.states()
        for name in names:
            state = states.get(name)
            if state and state.run:
                self._app.control.revoke(state.run, terminate=True, signal="SIGTERM")
            self._table.set(name, waiting=None, run=None, sent=None)

    def outcomes(self) -> tuple[dict[str, Failure | None], list[str | None]]:
        """Return how the jobs have ended, for notices, and when each did."""
        states = self._table.states()
        ended = {name: states[name] for name in self.jobs.valid if name in states}
        outcomes: dict[str, Failure | None] = {
            CRAWL + self.jobs.valid[name].source: Failure(
                str(state.status), f"{name}: {state.sentence}"
            )
            if state.failures
            else None
            for name, state in ended.items()
            if state.ended
        }
        wrong = next(iter(self.problems), None)
        outcomes[REFUSED] = Failure("jobs", wrong) if wrong else None
        return outcomes, [wrong, *(state.ended for state in ended.values())]

    @property
    def problems(self) -> list[str]:
        """What is wrong with the jobs file and its jobs."""
        return [problem for problem in (self.problem, *self.jobs.broken.values()) if problem]

    def figures(self) -> Plain:
        """Return the state of every job, and what is wrong."""
        turns, states = self.turns(), self._table.states()
        everything = states.pop(EVERY_JOB, None)
        shown = [
            {
                **asdict(state),
                "waits_for": turns.get(name, []),
                "every": self.jobs.every.get(name, 0),
            }
            for name, state in states.items()
            if name in self.jobs.valid or state.run
        ]
        return {
            "jobs": shown,
            "problems": self.problems,
            "paused": bool(everything and everything.paused),
        }
