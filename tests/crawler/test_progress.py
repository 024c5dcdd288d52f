"""Progress: a line that updates on a terminal, plain log lines elsewhere."""

import fcntl
import os
import pty
import re
import struct
import sys
import termios
from pathlib import Path

from demo.faults import Fault, delay
from demo.replica import Replica
from tests.conftest import MIRROR, NO_DELAYS, ROOT, Crawl
from tests.support.children import Child

SLOWLY = Fault("*", failure=delay(0.05))


def read_all(terminal: int) -> str:
    output = b""
    while True:
        try:
            output += os.read(terminal, 65536)
        except OSError:  # how Linux says that the other side is closed
            return output.decode()


def test_on_a_terminal_one_line_updates_under_the_log(replica: Replica, archive: Path) -> None:
    replica.faults = [SLOWLY]
    terminal, child_side = pty.openpty()
    fcntl.ioctl(child_side, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    with Child(
        (
            *(sys.executable, "-m", "scrapy", "crawl", "finews"),
            *("-a", f"site=http://{MIRROR}/", *NO_DELAYS),
        ),
        cwd=ROOT,
        env=os.environ | {"http_proxy": replica.proxy_url, "FINEWS_ARCHIVE": str(archive)},
        stdout=child_side,
        stderr=child_side,
    ):
        os.close(child_side)
        shown = read_all(terminal)
    os.close(terminal)
    updates = re.findall(r"\r(finews: 19 articles found, (\d+) added, .*?\| \d\d:\d\d)", shown)
    assert len({added for _, added in updates}) > 2, shown
    assert "INFO: Spider opened" in shown
    assert "DEBUG" not in shown
    assert "19 articles found, 19 added, 0 unchanged, 0 failed." in shown


def test_elsewhere_lines_of_the_log_say_how_far_it_is(crawl: Crawl, replica: Replica) -> None:
    replica.faults = [SLOWLY]
    log = crawl("-s", "LOGSTATS_INTERVAL=0.5").log
    lines = re.findall(r"\[crawler.extensions.progress\] INFO: finews: (\d+) articles found", log)
    assert len(lines) > 2
    assert "\r" not in log
    assert "|" not in log
