"""`make demo`: the real crawler on the made-up site, twice."""

import os
import subprocess
import sys
from pathlib import Path

from archive.article import InfoCode
from demo.site import made_up_site
from tests.conftest import ROOT, posts_in
from tests.crawler.test_pictures import kept, missing


def demo(archive: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "demo", *arguments),
        cwd=ROOT,
        env=os.environ | {"FINEWS_ARCHIVE": str(archive)} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_demo_fills_an_archive_and_a_second_one_adds_nothing(tmp_path: Path) -> None:
    site = made_up_site()
    assert len(site.articles) >= 120
    assert len({article.media for article in site.articles}) >= 10

    first = demo(tmp_path, FINEWS_MEDIA="1")
    assert first.returncode == 0, first.stderr
    assert "150 articles found, 150 added, 0 unchanged, 0 failed" in first.stdout
    summaries = len(site.summary_only)
    assert f", {summaries} added, " in first.stdout
    assert f", {len(site.page_only)} revised, " in first.stdout
    got = posts_in(tmp_path)
    assert {name: got[name] for name in site.posts} == site.posts
    without_share = {InfoCode.from_address(name) for name in got.keys() - site.posts.keys()}
    assert without_share == site.page_only | site.summary_only
    assert len(kept(tmp_path)) > 20
    assert not missing(tmp_path)

    second = demo(tmp_path)
    assert second.returncode == 0, second.stderr
    assert "0 articles found, 0 added, 0 unchanged, 0 failed" in second.stdout
    assert "2 lists the same as before" in second.stdout
    assert "saw 0 article fetches" in second.stdout
    assert posts_in(tmp_path) == got


def test_a_source_that_is_down_ends_the_demo_with_the_crawls_status(tmp_path: Path) -> None:
    ended = demo(tmp_path, "--fault", "finews.withounder.com=status:404")
    assert ended.returncode == 3
    assert "No list of the source could be read: " in ended.stderr


def test_what_one_spider_misses_the_other_finds(tmp_path: Path) -> None:
    site = made_up_site()
    missed = demo(tmp_path, "--fault", "finews.withounder.com/category/=status:410")
    assert missed.returncode == 3
    assert "lists of the source could not be read; articles may be missed" in missed.stderr
    assert len(posts_in(tmp_path)) == len(site.articles) + len(site.summary_only)

    healed = demo(tmp_path)
    assert healed.returncode == 0, healed.stderr
    got = posts_in(tmp_path)
    assert {name: got[name] for name in site.posts} == site.posts
