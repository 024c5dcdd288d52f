"""Names without an address, connections refused: whole sites gone."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from archive.crawl_state import CrawlState
from archive.integrity.verify import verify
from demo.faults import Fault, status
from demo.replica import Replica, Site, folder_site, share_api_site
from tests.conftest import NO_DELAYS, ROOT, SAMPLES, SOURCES, Ended, posts_in
from tests.support.sample_site import REAL

HOST = "gone.invalid"


def crawl(site: str, folder: Path, **environment: str) -> Ended:
    sources = folder / "sources.toml"
    text = SOURCES.read_text(encoding="utf-8").replace("https://finews.withounder.com/", site)
    sources.write_text(re.sub(r"https?://[\w.]+/NewsData", f"{site}NewsData", text), "utf-8")
    plain = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    ended = subprocess.run(
        (
            *(sys.executable, "-m", "scrapy", "crawl", "finews", *NO_DELAYS),
            *("-s", f"FINEWS_SOURCES={sources}", "-s", f"FINEWS_ARCHIVE={folder / 'news'}"),
            *("-s", "RETRY_TIMES=1", "-s", "DNS_TIMEOUT=5"),
            *("-s", "FINEWS_INTERVAL_SHARE=0", "-s", "FINEWS_REVISIT_DAYS=36500"),
        ),
        cwd=ROOT,
        env=plain | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture
def whole_site(sample_answers: dict[str, bytes]) -> Site:
    """Return a site with mirror and share API at one host."""
    share, mirror = share_api_site(sample_answers), folder_site(SAMPLES / "site")
    return lambda request: (share if "/NewsData/" in request.path else mirror)(request)


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        ({}, "its host has no address."),
        ({"http_proxy": "http://127.0.0.1:1"}, "its host refuses connections."),
    ],
    ids=["no address", "refused"],
)
def test_a_site_that_is_gone_changes_nothing(
    gone: dict[str, str],
    told: str,
    whole_site: Site,
    sample_posts: dict[str, bytes],
    tmp_path: Path,
) -> None:
    page = f"/jingjiguanchawang/2021/12/29/{REAL}"
    with Replica(
        {HOST: whole_site}, faults=[Fault(HOST, page, failure=status(404), times=1)]
    ) as replica:
        up = {"http_proxy": replica.proxy_url}
        assert crawl(f"http://{HOST}/", tmp_path, **up).status == 0
        before = posts_in(tmp_path / "news")
        assert len(before) == len(sample_posts) - 1
        ended = crawl(f"http://{HOST}/", tmp_path, **gone)
        assert ended.status == 3, ended.log
        assert f"The list http://{HOST}/feed.xml was not read: " in ended.log
        assert f"{REAL} is not archived: " in ended.log
        assert told in ended.log
        assert "No list of the source could be read: " in ended.log
        assert "Traceback" not in ended.log
        assert posts_in(tmp_path / "news") == before
        state = CrawlState(tmp_path / "news" / "crawl-state.db")
        assert [failed.times for failed in state.failures()] == [1]
        state.close()
        ended = crawl(f"http://{HOST}/", tmp_path, **up)
        assert (ended.status, posts_in(tmp_path / "news")) == (0, sample_posts), ended.log
    assert not verify(tmp_path / "news").problems
