"""Replay: what today's page objects would make of everything that was ever fetched."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.article import InfoCode
from archive.verify import verify
from demo.faults import Fault, status
from demo.replica import Replica
from tests.conftest import ROOT, SHARE_HOSTS, Crawl, posts_in
from tests.crawler.test_sample_site import REAL, rows

ANOTHER_TITLE = """
import sys
from crawler.pages import compose, share_answer
import crawler.replay

read = share_answer.ShareAnswer.text
def text(self, info_code):
    import dataclasses
    answer = read(self, info_code)
    if answer.title and answer.title.startswith("他说"):
        return dataclasses.replace(answer, title="改进的标题")
    return answer
share_answer.ShareAnswer.text = text

from scrapy.cmdline import execute
execute(sys.argv)
"""


def replay(
    archive: Path, *arguments: str, changed: bool = False
) -> subprocess.CompletedProcess[str]:
    start = ("-c", ANOTHER_TITLE) if changed else ("-m", "scrapy")
    return subprocess.run(
        (sys.executable, *start, "replay", *arguments),
        cwd=ROOT,
        env=os.environ | {"FINEWS_ARCHIVE": str(archive), "http_proxy": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def crawled(crawl: Crawl, replica: Replica, archive: Path) -> Path:
    no_share = f"/NewsData/GetNewsText.do?id={REAL}"
    replica.faults = [Fault(host, no_share, failure=status(404)) for host in SHARE_HOSTS]
    assert crawl().status == 0
    return archive


def test_nothing_changes_while_the_page_objects_do_not(crawled: Path) -> None:
    ended = replay(crawled)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == (
        "finews: 19 articles read again, 0 would change, 0 could not be read, 0 have no captures.\n"
    )


def test_an_improvement_is_shown_field_by_field_and_can_be_applied(crawled: Path) -> None:
    before = posts_in(crawled)
    shown = replay(crawled, changed=True)
    change = "title: '他说\"螺纹钢\"已下调' → '改进的标题'"
    assert f"NW202205202300000121: {change}\n" in shown.stdout
    assert "19 articles read again, 1 would change" in shown.stdout
    assert posts_in(crawled) == before

    applied = replay(crawled, "--apply", changed=True)
    assert "1 were revised" in applied.stdout
    assert rows(crawled, "SELECT title, version FROM posts WHERE version > 1") == [
        ("改进的标题", 2)
    ]
    assert not verify(crawled).problems
    assert "0 were revised" in replay(crawled, "--apply", changed=True).stdout


def test_revisited_payloads_are_read_where_they_were_captured_first(
    crawled: Path, crawl: Crawl, replica: Replica
) -> None:
    replica.faults = []
    assert "1 revised" in crawl().output
    ended = replay(crawled, REAL)
    assert "1 articles read again, 0 would change" in ended.stdout


def test_captures_that_are_lost_are_told(crawled: Path) -> None:
    for path in (crawled / "warc").iterdir():
        path.unlink()
    ended = replay(crawled, REAL)
    assert ended.returncode != 0
    assert ended.stderr.count("\n") == 1 or "could not be read" in ended.stdout
    assert "finews-" in ended.stdout + ended.stderr


def test_what_is_not_archived_or_no_code_is_told(crawled: Path) -> None:
    ended = replay(crawled, "NW209912312300000001")
    assert (ended.returncode, "is not in the archive" in ended.stderr) == (1, True)
    ended = replay(crawled, "../../x")
    assert (ended.returncode, "names no article" in ended.stderr) == (2, True)
    with Archive(crawled) as archive:
        assert "is being written by process" in replay(crawled).stderr
        assert archive.has(InfoCode(REAL))
