"""The jobs file, the limits of a job, and the settings of a worker."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.errors import FinewsError
from cluster.app import LONGEST_JOB_SECONDS, VISIBILITY_SECONDS, make_app
from cluster.jobs import read_jobs
from settings import base, cluster
from tests.conftest import ROOT

RABBITMQ_TAKES_BACK_SECONDS = 1800
"""consumer_timeout, as RabbitMQ 3.10 has it unless it is told otherwise."""


def jobs_file(folder: Path, text: str) -> Path:
    path = folder / "jobs.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_job_becomes_a_command(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_bytes(Path(base.FINEWS_SOURCES).read_bytes())
    text = """
[one]
every = 60
sources = "one.toml"
days = 3
arguments = { category = "emnews" }
delay = 2

[two]
every = 3600
"""
    one, two = read_jobs(jobs_file(tmp_path, text)).values()
    assert one.sources == (tmp_path / "one.toml").read_text(encoding="utf-8")
    midnight = datetime(2026, 11, 22, 16, tzinfo=UTC)  # the 23rd in Shanghai
    assert one.command(Path("there.toml"), lambda: midnight) == [
        *("crawl", "finews", "-a", "category=emnews", "-a", "since=2026-11-20"),
        *("-s", "DOWNLOAD_DELAY=2.0", "-s", "FINEWS_SOURCES=there.toml"),
    ]
    assert two.command(Path("there.toml")) == ["crawl", "finews"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[one", "are not TOML"),
        ("one = 1", "one should be a table"),
        ("[one]\n", "The job one in .* is wrong: every is missing"),
        ("[one]\nevery = 0\n", "every Input should be greater than 0"),
        ("[one]\nevery = 1\nsite = 'x'\n", "site is not known here"),
        ("[one]\nevery = 1\nsettings = { JOBDIR = 'x' }\n", "a job can no longer have settings"),
        ("[one]\nevery = 1\nspider = '--pdb'\n", "spider Input should be 'finews' or"),
        ("[one]\nevery = 1\narguments = { share = '/etc/passwd' }\n", "share is no argument of"),
        ("[one]\nevery = 1\ndelay = -1\n", "delay Input should be greater than or equal to 0"),
        ("[one]\nevery = 1\nsources = 'x.toml'\n", "Could not read the sources .*x.toml"),
    ],
)
def test_a_wrong_jobs_file_is_told_by_entry(text: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(FinewsError, match=complaint):
        read_jobs(jobs_file(tmp_path, text))


def test_the_example_can_be_read() -> None:
    jobs = read_jobs(ROOT / "deploy" / "jobs.toml")
    assert jobs


def test_a_job_ends_before_a_broker_takes_it_for_lost() -> None:
    waiting = cluster.FINEWS_WRITER_TIMEOUT_SECONDS
    assert cluster.CLOSESPIDER_TIMEOUT + waiting <= LONGEST_JOB_SECONDS
    assert LONGEST_JOB_SECONDS < RABBITMQ_TAKES_BACK_SECONDS
    assert LONGEST_JOB_SECONDS < VISIBILITY_SECONDS


@pytest.mark.parametrize("broker", ["amqp://localhost//", "redis://localhost/0"])
def test_nothing_is_done_before_it_is_done_and_nothing_is_pickled(broker: str) -> None:
    conf = make_app(broker).conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.task_serializer == "msgpack"
    assert set(conf.accept_content) == {"msgpack", "json"}
    assert all(queue.durable for queue in conf.task_queues)


def test_the_settings_of_a_worker_patch_those_of_one_machine() -> None:
    ours = {name: value for name, value in vars(cluster).items() if name.isupper()}
    before = {name: value for name, value in vars(base).items() if name.isupper()}
    assert before.keys() <= ours.keys()
    changed = {name for name, value in ours.items() if before.get(name) != value}
    assert changed == {
        *(
            "FINEWS_ARCHIVE_CLASS",
            "FINEWS_KNOWN",
            "FINEWS_WRITER_TIMEOUT_SECONDS",
            "FINEWS_BATCH_SECONDS",
        ),
        "CLOSESPIDER_TIMEOUT",
    }
    text = (ROOT / "settings" / "cluster.py").read_text(encoding="utf-8")
    assert not re.search(r"ROBOTSTXT|AUTOTHROTTLE|DOWNLOAD_DELAY", text)
