"""Every spider does on a worker what it does on one machine."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from demo.brokers import Broker
from demo.replica import Replica
from demo.site import made_up_site
from tests.cluster.conftest import Cluster, forget
from tests.conftest import MIRROR, NO_DELAYS, ROOT
from tests.support.contents import content

JOBS = f"""
[finews]
every = 600
delay = 0
arguments = {{ site = "http://{MIRROR}/" }}

[eastmoney]
every = 600
delay = 0
spider = "eastmoney"
sources = "FILE"
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Of Eastmoney, by http: the replica speaks nothing else."""
    path = tmp_path / "sources.toml"
    text = (ROOT / "settings" / "sources.toml").read_text(encoding="utf-8")
    path.write_text(text.replace("https://", "http://"), encoding="utf-8")
    return path


def test_one_after_the_other_they_end_with_the_same_archive(
    rabbitmq: Broker, sources: Path, tmp_path: Path
) -> None:
    site = made_up_site(articles=60)
    with (
        Replica(site.sites) as replica,
        Cluster(tmp_path / "cluster", rabbitmq.url, replica, []) as cluster,
    ):
        one_machine = tmp_path / "one"
        for spider in ("eastmoney", "finews"):
            site_argument = ("-a", f"site=http://{MIRROR}/") if spider == "finews" else ()
            subprocess.run(
                (
                    *(sys.executable, "-m", "scrapy", "crawl", spider, *site_argument),
                    *("-s", f"FINEWS_SOURCES={sources}", *NO_DELAYS),
                ),
                cwd=ROOT,
                env=os.environ
                | {"http_proxy": replica.proxy_url, "FINEWS_ARCHIVE": str(one_machine)},
                capture_output=True,
                check=True,
                timeout=120,
            )
        forget(rabbitmq)
        cluster.folder.mkdir()
        cluster.jobs.write_text(JOBS.replace("FILE", str(sources)), encoding="utf-8")
        cluster.writer()
        cluster.worker("a")
        for number, spider in enumerate(("eastmoney", "finews"), 1):
            cluster.send(spider)
            ended = cluster.wait_until_done(jobs=number, seconds=120)
            assert not ended.failed, cluster.log("a")[-3000:]
    assert without_traces(tmp_path / "cluster" / "news") == without_traces(one_machine)


def without_traces(archive: Path) -> str:
    """What the archive has, but for the times that Eastmoney's lists are asked with."""
    return re.sub(r"req_trace=\d+", "", repr(content(archive)))
