"""Run and measure crawls with faults, and check the archive after them."""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from archive.integrity.verify import verify
from demo.replica import Replica
from tests.conftest import posts_in
from tests.support import fork_server

#: Memory of a whole crawl in kB; a crawl without faults needs 100,000.
MOST_MEMORY = 500_000

FAST = {
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_ENABLED": False,
    "CONCURRENT_REQUESTS": 16,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "DOWNLOAD_TIMEOUT": 3,
    "RETRY_TIMES": 1,
    "FINEWS_SILENT_AFTER_FAILURES": 1000,  # every fault is to be met
}
LOOK_AT_ALL = {"FINEWS_INTERVAL_SHARE": 0, "FINEWS_REVISIT_DAYS": 36500, "FINEWS_REVISITS": 1000}
TOMORROW = {"FINEWS_CLOCK": "tests.faults.clocks.tomorrow"}

_CRAWL = """
import atexit, re, sys
def peak():
    with open("/proc/self/status") as status:
        print("peak", re.search(r"VmHWM:\\s*(\\d+)", status.read())[1])
atexit.register(peak)
from scrapy.cmdline import execute
execute()
"""


@dataclass(frozen=True)
class Ended:
    """A crawl that has ended, with its peak memory in kB."""

    status: int
    output: str
    log: str
    seconds: float

    @property
    def peak(self) -> int:
        return int(self.output.rpartition("peak ")[2])


def crawl(
    replica: Replica, archive: Path, spider: tuple[str, ...], *settings: Mapping[str, object]
) -> Ended:
    """`scrapy crawl`.

    :param spider: name of the spider, and its arguments.
    """
    given = {name: value for table in (FAST, *settings) for name, value in table.items()}
    began = time.monotonic()
    ended = fork_server.run(
        (
            *(sys.executable, "-c", _CRAWL, "crawl", *spider),
            *(part for name, value in given.items() for part in ("-s", f"{name}={value}")),
        ),
        env={**os.environ, **replica.environment, "FINEWS_ARCHIVE": str(archive)},
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr, time.monotonic() - began)


def assert_whole(ended: Ended, archive: Path, posts: Mapping[str, bytes]) -> None:
    """Check that an archive is whole after a crawl without faults."""
    got = posts_in(archive)
    wrong = {name for name in posts.keys() | got if got.get(name) != posts.get(name)}
    assert (ended.status, wrong) == (0, set()), ended.log
    assert not verify(archive).problems
    assert "Traceback" not in ended.log
