"""`deploy/crontab`, run by Debian's cron for one minute."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo.replica import Replica
from demo.site import MadeUpSite
from tests.conftest import MIRROR, NO_DELAYS, ROOT, posts_in
from tests.deploy.conftest import DEPLOY, PROJECT, Program
from tests.support.requirements import lacking, program

CRONTAB = (DEPLOY / "crontab").read_text(encoding="utf-8")
CRAWL_LINE = f"*/5 * * * * {PROJECT}/deploy/crawl"

# cron reads fixed places. In a mount namespace of its own they are the test's folders, and the
# system's jobs do not run. The process namespace ends cron and all its jobs with `unshare`.
SETUP = """
    set -eu
    mount --bind "$1/crontabs" /var/spool/cron/crontabs
    mount --bind "$1/empty" /etc/cron.d
    mount --bind /dev/null /etc/crontab
    mount --bind "$1/run" /run
    mount --bind "$1/sbin" /usr/sbin
    exec /usr/sbin/cron -f
"""


@contextmanager
def cron(folder: Path, crontab: str) -> Iterator[None]:
    """cron, with just one crontab, root's; mails are handed to `sbin/sendmail` in `folder`."""
    for name in ("crontabs", "empty", "run"):
        (folder / name).mkdir()
    (folder / "sbin" / "cron").write_bytes(Path(program("cron")).read_bytes())
    (folder / "sbin" / "cron").chmod(0o755)
    spooled = folder / "crontabs" / "root"
    spooled.write_text(crontab, encoding="utf-8")
    spooled.chmod(0o600)
    namespaces = ("--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    process = subprocess.Popen(
        (program("unshare"), *namespaces, "sh", "-c", SETUP, "sh", folder),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield
        assert process.poll() is None, "cron has ended by itself"
    finally:
        process.kill()
        assert process.communicate(timeout=10)[1] == ""


@pytest.fixture
def _namespaces() -> None:
    """Skip, or fail, where namespaces cannot be made."""
    program("cron")
    done = subprocess.run(
        (program("unshare"), "--mount", "--pid", "--fork", "--mount-proc", "true"),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        lacking(f"namespaces cannot be made: {done.stderr.decode()}")


def test_the_crontab_names_what_is_there() -> None:
    lines = [line for line in CRONTAB.splitlines() if line and not line.startswith("#")]
    assert CRAWL_LINE in lines
    for path in re.findall(rf"{PROJECT}/(deploy/\S+)", CRONTAB):
        assert (ROOT / path).exists(), path
    assert os.access(DEPLOY / "crawl", os.X_OK)


@pytest.mark.usefixtures("_namespaces")
def test_cron_crawls_and_mails_only_what_matters(
    replica: Replica, site: MadeUpSite, tmp_path: Path, stand_in: Program, bin_folder: Path
) -> None:
    bin_folder.rename(tmp_path / "sbin")
    archive, log, mails = tmp_path / "news", tmp_path / "logs" / "crawl.log", tmp_path / "mails"
    sendmail = tmp_path / "sbin" / "sendmail"
    sendmail.write_text(f"#!/bin/sh\ncat >>{mails}\n")
    sendmail.chmod(0o755)
    environment = {
        "FINEWS_ARCHIVE": archive,
        "FINEWS_LOGS": log.parent,
        "FINEWS_PYTHON": sys.executable,
        "http_proxy": replica.proxy_url,
    }
    line = CRAWL_LINE.replace("*/5", "*", 1)
    good = " ".join((line, "-a", f"site=http://{MIRROR}/", *NO_DELAYS))
    crontab = CRONTAB.replace(CRAWL_LINE, f"{good}\n{line} -a since=yesterday")
    assert crontab != CRONTAB
    settings = "".join(f"{name}={value}\n" for name, value in environment.items())

    with cron(tmp_path, settings + crontab.replace(PROJECT, str(ROOT))):
        # A tick comes within a minute, and its jobs take seconds.
        wait_until(lambda: mails.exists() and log.exists() and "60 added" in log.read_text(), 100)

    got = posts_in(archive)
    assert {name: got[name] for name in site.posts} == site.posts
    mail = mails.read_text(encoding="utf-8")
    assert mail.count("Subject:") == 1, mail
    assert "-a since=yesterday" in mail
    assert "finews: " in mail
    assert f"Exit status 2; the log is {log}" in mail


def wait_until(true: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"nothing of the kind in {seconds} seconds"
        time.sleep(0.2)
