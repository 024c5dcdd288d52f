"""Notices behind crawls, as a user starts them."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import FINEWS, ROOT
from tests.support.receivers import web_receiver


def test_a_crawl_that_fails_is_sent_with_its_cause(tmp_path: Path) -> None:
    watches = tmp_path / "watches.toml"
    environment = os.environ | {
        "FINEWS_WATCHES": str(watches),
        "FINEWS_ARCHIVE": str(tmp_path / "news"),
        "TMPDIR": str(tmp_path),
    }
    calls = (
        [sys.executable, "-m", "scrapy", "crawl", "finews", "-a", "pages=no"],
        [*FINEWS, "crawl", "nosuch"],
    )
    with web_receiver() as web:
        watches.write_text(
            f'language = "en"\nchannels.hook = "json://127.0.0.1:{web.port}"\n'
            'failures = {to = ["hook"]}\n'
        )
        for call in calls:
            ended = subprocess.run(call, cwd=ROOT, env=environment, check=False)
            assert ended.returncode == 2
    arguments, name = web.bodies
    assert arguments.startswith("finews: pages")
    assert "nosuch" in name
