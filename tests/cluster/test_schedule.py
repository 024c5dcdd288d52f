"""When jobs run: none vanishes, and the one that waits longest is the next."""

import multiprocessing
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from scrapy.settings import Settings

from bench.brokers import Broker, wait_for
from bench.several import several_sites
from cluster.app import JOBS, make_app
from cluster.dead_letters import DeadLetter, dead_jobs, dead_letters
from cluster.jobs import InvalidJobs, read_jobs
from cluster.messages import JobEnd, JobMessage
from cluster.schedule import JobTable, Scheduler
from crawler.exit_status import ExitStatus
from crawler.spider_loader import DeclaredSpiderLoader
from settings import base, cluster
from tests.cluster.conftest import forget
from tests.conftest import ROOT


def worker_settings(declarations: Path | None = None) -> Settings:
    settings = Settings()
    settings.setmodule("settings.cluster", priority="project")
    if declarations is not None:
        settings.set("FINEWS_DECLARATIONS", [str(declarations)], priority="cmdline")
    return settings


def jobs_file(folder: Path, text: str) -> Path:
    path = folder / "jobs.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("one = 1", "it should be a table"),
        ("[one]\n", "There is no spider 'one'"),
        ("[ths]\nevery = -1\n", "every Input should be greater than or equal to 0"),
        ("[ths]\nsite = 'x'\n", "site is not known here"),
        ("[ths]\nsettings = { JOBDIR = 'x' }\n", "settings is not known here"),
        ("[ths]\nspider = 'finews'\n", "spider is not known here"),
        ("[one]\nsource = '--pdb'\n", "There is no spider '--pdb'"),
        ("[ths]\narguments = { url = '/etc/passwd' }\n", "url is no argument for a job"),
        ("[finews]\narguments = { share = '/etc/passwd' }\n", "share is no argument for a job"),
        ("[ths]\narguments = { list = 'nothing' }\n", "list should be one of"),
        ("[ths]\narguments = { column = '345' }\n", "column is not known here"),
    ],
)
def test_a_wrong_job_is_named_and_stops_no_other(text: str, complaint: str, tmp_path: Path) -> None:
    jobs = read_jobs(jobs_file(tmp_path, f"{text}\n[cls]\n"), worker_settings())
    (sentence,) = jobs.broken.values()
    assert complaint in sentence
    assert list(jobs.valid) == ["cls"]


@pytest.mark.parametrize("text", ["[one", "\ud800"])
def test_a_file_that_is_no_jobs_file_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "jobs.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InvalidJobs, match="are not TOML"):
        read_jobs(path, worker_settings())
    with pytest.raises(InvalidJobs, match="Could not read the jobs"):
        read_jobs(tmp_path / "none.toml", worker_settings())


def test_a_job_has_the_interval_and_the_families_of_its_source(tmp_path: Path) -> None:
    text = "[finews]\n[eastmoney]\n[ths]\n[all-ths]\nsource = 'ths'\nevery = 0\ndays = 3\n"
    jobs = read_jobs(jobs_file(tmp_path, text), worker_settings())
    assert jobs.every == {"finews": 600, "eastmoney": 300, "ths": 300, "all-ths": 0}
    assert jobs.families["ths"] == jobs.families["all-ths"]
    midnight = datetime(2026, 11, 22, 16, tzinfo=UTC)  # the 23rd in Shanghai
    assert jobs.valid["all-ths"].arguments_at(midnight) == {"since": "2026-11-20"}


def test_of_the_shipped_sources_only_two_wait_for_each_other(
    broker: Broker, tmp_path: Path
) -> None:
    settings = worker_settings()
    sources = DeclaredSpiderLoader(settings).list()
    assert {path.stem for path in (ROOT / "settings" / "sources").iterdir()} < {*sources}
    path = jobs_file(tmp_path, "".join(f"[{source}]\n" for source in sources))
    forget(broker)
    with make_app(broker.url) as app:
        scheduler = Scheduler(app, JobTable(tmp_path / "cluster.db"), path, settings)
        scheduler.tick()
    assert not scheduler.problems
    assert scheduler.turns() == {"finews": ["eastmoney"]}  # both ask the share hosts


def test_the_example_can_be_read() -> None:
    jobs = read_jobs(ROOT / "deploy" / "jobs.toml", worker_settings())
    assert jobs.valid
    assert not jobs.broken


@dataclass
class Schedule:
    """A scheduler on the real broker, with a clock of the test's own."""

    app: Celery
    folder: Path
    now: datetime = datetime(2026, 11, 30, tzinfo=UTC)

    def __post_init__(self) -> None:
        (self.folder / "sources").mkdir()
        for site in several_sites(3, articles=1):
            path = self.folder / "sources" / f"{site.name}.toml"
            path.write_text(site.declaration, encoding="utf-8")
        self.write("[site0]\nevery = 600\n")
        self.table = JobTable(self.folder / "cluster.db")
        settings = worker_settings(self.folder / "sources")
        path = self.folder / "jobs.toml"
        self.scheduler = Scheduler(self.app, self.table, path, settings, clock=lambda: self.now)

    def write(self, jobs: str) -> None:
        jobs_file(self.folder, jobs)

    def go_on(self, seconds: float = 0, *, rejects: bool = False) -> list[JobMessage]:
        """The jobs that are sent at that time."""
        self.now += timedelta(seconds=seconds)
        self.scheduler.tick()
        found = []
        with self.app.connection() as connection:
            channel: Any = connection.default_channel
            queue = self.app.amqp.queues[JOBS].bind(channel)
            while message := queue.get(accept=["json"]):
                args, *_ = message.decode()
                found.append(JobMessage.model_validate_json(args[0]))
                message.reject() if rejects else message.ack()
        return found

    def end(self, run: JobMessage, status: ExitStatus = ExitStatus.DONE) -> None:
        ended = JobEnd(run=run.run, status=status, sentence="Why.")
        self.table.end(ended, self.now)

    def names(self, seconds: float = 0) -> list[str]:
        return [message.job for message in self.go_on(seconds)]


@pytest.fixture
def schedule(broker: Broker, tmp_path: Path) -> Iterator[Schedule]:
    forget(broker)
    with make_app(broker.url) as app:
        yield Schedule(app, tmp_path)


def test_a_job_is_sent_at_once_and_when_it_is_due_again(schedule: Schedule) -> None:
    (first,) = schedule.go_on()
    assert first == JobMessage(job="site0", run=first.run, source="site0")
    assert schedule.names(700) == []  # it still runs
    schedule.end(first)
    assert schedule.names() == ["site0"]


def test_a_job_that_waits_ten_minutes_keeps_its_turn(schedule: Schedule) -> None:
    same = 'source = "site0"\nevery = 60\n'
    schedule.write(f"[long]\n{same}[short]\n{same}[other]\n{same}[elsewhere]\nsource = 'site1'\n")
    sent = schedule.go_on()
    assert [message.job for message in sent] == ["elsewhere", "long"]
    running = sent[1]
    since = schedule.table.states()["short"].waiting
    for _ in range(10):
        assert "short" not in schedule.names(60)
    assert schedule.table.states()["short"].waiting == since
    assert schedule.scheduler.turns()["short"] == ["long", "other"]
    # Cut short, it goes on behind those that have waited meanwhile; each of them has its turn.
    order = []
    for _ in range(6):
        schedule.end(running, ExitStatus.INTERRUPTED)
        (running,) = schedule.go_on(60)
        order.append(running.job)
    assert order == ["other", "short", "long"] * 2


@pytest.mark.parametrize(
    "status", [ExitStatus.INTERRUPTED, ExitStatus.LOCKED, ExitStatus.STORAGE_FAILED]
)
def test_a_crawl_that_was_cut_short_goes_on_however_often(
    status: ExitStatus, schedule: Schedule
) -> None:
    schedule.write("[site0]\nevery = 0\n")
    assert schedule.names() == []
    schedule.scheduler.change("send", [])
    for _ in range(5):
        (run,) = schedule.go_on(15)
        schedule.end(run, status)
    (run,) = schedule.go_on(15)
    schedule.end(run)
    assert schedule.names(3600) == []
    state = schedule.table.states()["site0"]
    assert (state.status, state.failures) == (0, 0)


def test_a_job_that_was_lost_is_sent_again(schedule: Schedule) -> None:
    (lost,) = schedule.go_on()
    assert schedule.names(1400) == []
    (again,) = schedule.go_on(200)
    assert again.run != lost.run
    assert not schedule.table.is_current(lost.run)
    schedule.end(lost)  # it changes nothing any more
    assert schedule.table.is_current(again.run)


def test_a_job_whose_processes_died_goes_on(schedule: Schedule) -> None:
    (run,) = schedule.go_on()
    letter = DeadLetter(1, JOBS, "delivery_limit", "", "finews.crawl", run.run, 0, "")
    schedule.scheduler.end_dead([letter, replace(letter, id="another run")])
    assert schedule.names() == ["site0"]
    assert schedule.table.states()["site0"].failures == 0


def test_a_job_that_a_worker_rejects_has_failed(schedule: Schedule) -> None:
    schedule.go_on(rejects=True)

    def failed() -> bool:
        with schedule.app.connection() as connection:
            schedule.scheduler.end_dead(dead_jobs(connection))
        return schedule.table.states()["site0"].failures == 1

    wait_for(failed)
    (letter,) = dead_letters(schedule.app)
    assert (letter.queue, letter.reason) == (JOBS, "rejected")
    assert schedule.names(10) == []
    assert schedule.names(600) == ["site0"]


def test_a_kill_between_two_steps_of_sending_loses_nothing(schedule: Schedule) -> None:
    schedule.scheduler.change("send", [])
    schedule.table.set("site0", run="chosen, and not sent")
    assert schedule.names() == []
    schedule.table.forget_unsent()
    assert schedule.names() == ["site0"]


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_process_is_forked_without_locks_of_the_table(tmp_path: Path) -> None:
    table, writing = JobTable(tmp_path / "cluster.db"), threading.Event()

    def write() -> None:
        with table._opened() as db:
            db.execute("INSERT INTO schedule (name) VALUES ('a')")
            writing.set()
            time.sleep(0.2)

    thread = threading.Thread(target=write)
    thread.start()
    writing.wait()
    child = multiprocessing.get_context("fork").Process(
        target=table.set, args=("b",), kwargs={"paused": 1}
    )
    child.start()
    thread.join()
    child.join()
    assert child.exitcode == 0
    assert table.states().keys() == {"a", "b"}


def test_failures_are_counted_until_a_success(schedule: Schedule) -> None:
    for status, failures in ((3, 1), (3, 2), (0, 0), (6, 1)):
        (run,) = schedule.go_on(600)
        schedule.end(run, ExitStatus(status))
        state = schedule.table.states()["site0"]
        assert (state.status, state.failures) == (status, failures)
        outcomes, _ = schedule.scheduler.outcomes()
        failure = outcomes["crawl/site0"]
        assert (failure is not None) == bool(failures)
    assert state.succeeded == "2026-11-30T00:30:00Z"


def test_new_jobs_and_sources_need_no_restart(schedule: Schedule) -> None:
    schedule.go_on()
    broken = schedule.folder / "sources" / "site1.toml"
    declaration = broken.read_text(encoding="utf-8")
    broken.write_text("nonsense", encoding="utf-8")
    schedule.write("[site0]\n[site1]\n[site2]\n")
    assert schedule.names() == ["site2"]
    (problem,) = schedule.scheduler.figures()["problems"]
    assert problem.startswith("The job site1 in ")
    broken.write_text(declaration, encoding="utf-8")
    assert schedule.names() == ["site1"]
    schedule.write("nonsense")
    assert schedule.names() == []
    (problem,) = schedule.scheduler.figures()["problems"]
    assert problem.endswith("The jobs are those of before.")
    assert {job["name"] for job in schedule.scheduler.figures()["jobs"]} == {
        *("site0", "site1", "site2")
    }


def test_jobs_and_sources_are_paused_resumed_and_cancelled(schedule: Schedule) -> None:
    schedule.write("[site0]\n[a]\nsource = 'site1'\n[b]\nsource = 'site2'\n")
    schedule.scheduler.change("pause", ["site1"])
    sent = schedule.go_on()
    assert [message.job for message in sent] == ["b", "site0"]
    schedule.scheduler.change("resume", ["a"])
    assert schedule.names() == ["a"]
    schedule.scheduler.change("pause", [])
    for message in sent:
        schedule.end(message)
    assert schedule.names(1200) == []
    assert schedule.scheduler.figures()["paused"]
    schedule.scheduler.change("resume", [])
    schedule.scheduler.change("cancel", ["b"])
    assert schedule.names() == ["site0"]
    with pytest.raises(InvalidJobs, match="There is no job and no source 'c'"):
        schedule.scheduler.change("send", ["c"])


def test_the_settings_of_a_worker_patch_those_of_one_machine() -> None:
    ours = {name: value for name, value in vars(cluster).items() if name.isupper()}
    before = {name: value for name, value in vars(base).items() if name.isupper()}
    assert before.keys() <= ours.keys()
    changed = {name for name, value in ours.items() if before.get(name) != value}
    assert changed == {
        *("FINEWS_ARCHIVE_CLASS", "FINEWS_KNOWN", "FINEWS_WRITER_TIMEOUT_SECONDS"),
        *("FINEWS_BATCH_SECONDS", "CLOSESPIDER_TIMEOUT"),
    }
