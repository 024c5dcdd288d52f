"""`deploy/crawl`: silent when all is well, one sentence when not."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from crawler.exit_status import ExitStatus
from demo.replica import Replica
from demo.site import MadeUpSite
from tests.conftest import MIRROR, NO_DELAYS, posts_in
from tests.deploy.conftest import DEPLOY, Program
from tests.support.requirements import program

SCRIPT = DEPLOY / "crawl"
NO_NEWS = {ExitStatus.DONE, ExitStatus.LOCKED, ExitStatus.LOCKED_FOR_LONG}


def run(
    *arguments: str, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (SCRIPT, *arguments),
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_shellcheck_finds_nothing() -> None:
    subprocess.run((program("shellcheck"), "--shell=sh", SCRIPT), check=True)


def test_a_good_crawl_says_nothing_and_leaves_its_log(
    replica: Replica, site: MadeUpSite, tmp_path: Path, installed: Path
) -> None:
    def crawl() -> subprocess.CompletedProcess[str]:
        return run(
            *("-a", f"site=http://{MIRROR}/", *NO_DELAYS),
            cwd=tmp_path,  # from wherever it is started
            FINEWS_ARCHIVE=str(tmp_path / "news"),
            FINEWS_LOGS=str(tmp_path / "some" / "logs"),
            FINEWS_PYTHON=str(installed / "python"),
            http_proxy=replica.proxy_url,
            no_proxy="",
        )

    first = crawl()
    assert (first.returncode, first.stdout, first.stderr) == (0, "", "")
    got = posts_in(tmp_path / "news")
    assert {name: got[name] for name in site.posts} == site.posts
    log = tmp_path / "some" / "logs" / "crawl.log"
    told = log.read_text(encoding="utf-8")
    assert "Spider closed (finished)" in told
    assert "finews: 60 articles found, 60 added" in told

    assert crawl().returncode == 0
    assert log.read_text(encoding="utf-8").startswith(told)
    assert " 0 added" in log.read_text(encoding="utf-8").removeprefix(told)


@pytest.mark.parametrize("status", ExitStatus)
def test_every_exit_status(status: ExitStatus, tmp_path: Path, stand_in: Program) -> None:
    python = stand_in(
        "python",
        f"""
        [ "$1 $2 $3 $4" = "-m scrapy crawl eastmoney" ] || exit 99
        echo "a warning" >&2
        echo "finews: 3 articles found."
        echo "finews: A sentence 为什么." >&2
        exit {status.value}
        """,
    )
    logs = str(tmp_path)
    ended = run(FINEWS_PYTHON=str(python), FINEWS_LOGS=logs, FINEWS_SPIDER="eastmoney")
    assert ended.returncode == status
    assert ended.stderr == ""
    log = tmp_path / "crawl.log"
    if status in NO_NEWS:
        assert ended.stdout == ""
    else:
        assert ended.stdout.splitlines() == [
            "finews: 3 articles found.",
            "finews: A sentence 为什么.",
            f"Exit status {status.value}; the log is {log}",
        ]
    assert "finews: A sentence 为什么." in log.read_text(encoding="utf-8")


def test_a_crawl_that_cannot_start_says_all_that_there_is(
    tmp_path: Path, stand_in: Program
) -> None:
    python = stand_in("python", "echo 'No module named scrapy' >&2; exit 1")
    ended = run(FINEWS_PYTHON=str(python), FINEWS_LOGS=str(tmp_path))
    assert ended.returncode == 1
    assert "No module named scrapy" in ended.stdout

    ended = run(FINEWS_PYTHON=str(tmp_path / "nowhere"), FINEWS_LOGS=str(tmp_path))
    assert ended.returncode == 127
    assert "nowhere" in ended.stdout


def test_a_crawl_that_is_killed_is_news(tmp_path: Path, stand_in: Program) -> None:
    python = stand_in("python", "kill -9 $$")
    ended = run(FINEWS_PYTHON=str(python), FINEWS_LOGS=str(tmp_path))
    assert ended.returncode == 137
    assert "Exit status 137" in ended.stdout


def test_arguments_and_the_archive_reach_the_crawl(tmp_path: Path, stand_in: Program) -> None:
    python = stand_in("python", 'printf "%s\\n" "$FINEWS_ARCHIVE" "$PWD" "$@"')
    ended = run(
        *("-a", "since=2026-11-20", "two words"),
        FINEWS_PYTHON=str(python),
        FINEWS_LOGS=str(tmp_path),
        FINEWS_ARCHIVE="/some/where",
    )
    assert ended.returncode == 0
    lines = (tmp_path / "crawl.log").read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["/some/where", str(DEPLOY.parent)]
    assert lines[-3:] == ["-a", "since=2026-11-20", "two words"]


def test_all_sources_that_are_due_can_be_crawled(tmp_path: Path, stand_in: Program) -> None:
    python = stand_in("python", 'echo "$@"')
    ended = run(
        *("--set", "two words=1"),
        FINEWS_PYTHON=str(python),
        FINEWS_LOGS=str(tmp_path),
        FINEWS_SPIDER="all-due",
    )
    assert (ended.returncode, ended.stdout) == (0, "")
    log = tmp_path / "crawl.log"
    command = f"-m archive.cli crawl -s LOG_FILE={log} --set two words=1\n"
    assert log.read_text(encoding="utf-8") == command


def test_a_folder_for_logs_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    ended = run(FINEWS_LOGS=str(tmp_path / "file"))
    assert ended.returncode != 0
    assert "file" in ended.stderr


def test_a_lock_that_lasts_is_printed_once_in_a_while(tmp_path: Path, stand_in: Program) -> None:
    python = stand_in("python", 'echo "finews: The archive is being written." >&2; exit $STATUS')

    def crawl(status: int) -> str:
        return run(FINEWS_PYTHON=str(python), FINEWS_LOGS=str(tmp_path), STATUS=str(status)).stdout

    def let_time_pass(minutes: int) -> None:
        then = time.time() - 60 * minutes
        os.utime(tmp_path / ".locked-finews", (then, then))

    assert crawl(8) == ""
    let_time_pass(300)
    assert crawl(8) == ""
    let_time_pass(365)
    assert crawl(10).splitlines() == [
        "finews: The archive is being written.",
        f"No crawl has run for 360 minutes; the log is {tmp_path / 'crawl.log'}",
    ]
    assert crawl(8) == ""
    let_time_pass(365)
    assert crawl(0) == ""
    assert crawl(8) == "", "a crawl that ran begins the count anew"
