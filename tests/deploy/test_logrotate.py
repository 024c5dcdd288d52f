"""`deploy/logrotate.conf`, read and run by logrotate."""

import gzip
import subprocess
from pathlib import Path

import pytest

from tests.deploy.conftest import DEPLOY, PROJECT
from tests.support.requirements import program


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """The configuration, for logs in a folder of the test."""
    (tmp_path / "logs").mkdir(mode=0o755)
    text = (DEPLOY / "logrotate.conf").read_text(encoding="utf-8")
    assert f"{PROJECT}/logs/crawl.log" in text
    path = tmp_path / "logrotate.conf"
    path.write_text(text.replace(PROJECT, str(tmp_path)), encoding="utf-8")
    path.chmod(0o644)
    return path


def logrotate(conf: Path, *options: str) -> str:
    """What logrotate tells; it must not be of an error."""
    state = conf.with_name("state")
    done = subprocess.run(
        (program("logrotate"), "--verbose", "--state", state, *options, conf),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "error:" not in done.stderr, done.stderr
    return done.stderr


def test_it_is_understood(conf: Path) -> None:
    log = conf.parent / "logs" / "crawl.log"
    log.write_text("a crawl\n")
    told = logrotate(conf, "--debug")
    assert f"considering log {log}" in told
    assert "weekly (8 rotations)" in told
    warnings = [line for line in told.splitlines() if line.startswith("warning:")]
    assert all("logrotate in debug mode" in warning for warning in warnings)
    assert log.read_text() == "a crawl\n"


def test_no_log_is_no_error(conf: Path) -> None:
    logrotate(conf)


def test_a_log_is_compressed_when_no_crawl_can_be_writing_to_it(conf: Path) -> None:
    log = conf.parent / "logs" / "crawl.log"
    log.write_text("first\n")
    with log.open("a") as still_open:
        logrotate(conf, "--force")
        assert not log.exists()
        still_open.write("the last words of a crawl\n")
    log.write_text("second\n")
    logrotate(conf, "--force")
    names = sorted(path.name for path in log.parent.iterdir())
    assert names == ["crawl.log.1", "crawl.log.2.gz"]
    with gzip.open(log.parent / "crawl.log.2.gz", "rt") as old:
        assert old.read() == "first\nthe last words of a crawl\n"


def test_a_log_that_grows_is_not_kept_for_a_week(conf: Path) -> None:
    log = conf.parent / "logs" / "crawl.log"
    log.write_text("first\n")
    logrotate(conf)  # notes the log; a week has not passed
    assert log.exists()
    log.write_bytes(b"x" * 21 * 1024 * 1024)
    logrotate(conf)
    assert not log.exists()
