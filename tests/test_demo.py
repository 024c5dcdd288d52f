"""`make demo`: the real crawler on the made-up site, before and after it changes, twice."""

import os
import re
import shlex
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from archive.article_id import InfoCode
from demo.site import MadeUpSite, later, made_up_site
from tests.conftest import ROOT, posts_in
from tests.support.pictures import kept, missing


def demo(archive: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "demo", *arguments),
        cwd=ROOT,
        env=os.environ | {"FINEWS_ARCHIVE": str(archive)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


PUBLISHERS = re.compile(r"-(caixun|kuaibao)-")


def posts_of_sites(archive: Path) -> dict[str, bytes]:
    """Return the posts of the mirror and Eastmoney, which have info codes."""
    posts = posts_in(archive)
    return {name: data for name, data in posts.items() if not PUBLISHERS.search(name)}


def posts_after(site: MadeUpSite) -> dict[str, bytes]:
    """Return the posts in the archive after the site has changed: the withdrawn one stays."""
    return {**site.posts, **later(site).site.posts}


Demonstrated = tuple[Path, subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def demonstrated(tmp_path_factory: pytest.TempPathFactory) -> Demonstrated:
    """The archive of a demo with pictures, and how the demo ended."""
    archive = tmp_path_factory.mktemp("demo") / "news"
    return archive, demo(archive, FINEWS_MEDIA="1")


def test_the_demo_fills_an_archive_and_a_second_one_adds_nothing(
    demonstrated: Demonstrated,
) -> None:
    site = made_up_site(odd=False)
    assert len(site.articles) >= 120
    assert len({article.media for article in site.articles}) >= 10

    archive, first = demonstrated
    assert first.returncode == 0, first.stderr
    assert "150 articles found, 150 added, 0 unchanged, 0 failed" in first.stdout
    summaries = len(site.summary_only)
    assert f", {summaries} added, " in first.stdout
    assert f", {len(site.page_only)} revised, " in first.stdout
    got = posts_of_sites(archive)
    assert {name: got[name] for name in site.posts} == posts_after(site)
    of_publishers = Counter(
        found[1] for name in posts_in(archive) if (found := PUBLISHERS.search(name))
    )
    assert of_publishers == {"caixun": 40, "kuaibao": 40}
    without_share = {InfoCode.from_address(name) for name in got.keys() - site.posts.keys()}
    assert without_share == site.page_only | site.summary_only
    assert len(kept(archive)) > 20
    assert not missing(archive)

    second = demo(archive)
    assert second.returncode == 0, second.stderr
    assert second.stdout.count(", 0 added, ") == 4
    assert "revised" not in second.stdout
    assert "received 0 requests for articles" in second.stdout
    assert "Corrected" not in second.stdout
    assert posts_of_sites(archive) == got


def test_the_demo_shows_a_correction_a_withdrawal_and_a_return(
    demonstrated: Demonstrated,
) -> None:
    changed = later(made_up_site(odd=False))
    archive, ended = demonstrated
    assert ended.returncode == 0, ended.stderr
    *_, last_crawl = ended.stdout.partition("The made-up site now corrects one article")
    assert last_crawl.count("\n") <= 23
    assert last_crawl.count(", 0 added, ") == 2
    assert ", 1 revised, 2 gone, " in last_crawl

    difference = shown_for(changed.corrected.info_code, last_crawl)
    assert difference.count("\n< ") == difference.count("\n> ") == 1
    assert changed.withdrawn.info_code in shown_for(changed.withdrawn.info_code, last_crawl)

    with closing(sqlite3.connect(archive / "catalog.db")) as catalog:
        changes = set(catalog.execute("SELECT info_code, what FROM changes"))
        gone = catalog.execute("SELECT info_code FROM posts WHERE gone IS NOT NULL").fetchall()
        revised = set(catalog.execute("SELECT info_code FROM revisions"))
        crawls = catalog.execute("SELECT spider, status FROM crawls").fetchall()
        better_copies = {
            code
            for (code,) in catalog.execute(
                "SELECT info_code FROM versions WHERE cause = 'better_copy'"
            )
        }
    assert changes == {
        (changed.corrected.info_code, "figures"),
        (changed.withdrawn.info_code, "gone"),
        (changed.returned.info_code, "gone"),
        (changed.returned.info_code, "returned"),
    }
    assert crawls[:6] == [  # another demo may have followed
        (spider, 0) for spider in ("finews", "eastmoney", "caixun", "kuaibao", "finews", "finews")
    ]
    assert gone == [(changed.withdrawn.info_code,)]
    assert better_copies == changed.site.page_only
    assert revised == {(code,) for code in (*better_copies, changed.corrected.info_code)}


def shown_for(info_code: str, output: str) -> str:
    """Return what the command prints that follows the article's line in the demo's output."""
    lines = output.splitlines()
    (at,) = (at for at, line in enumerate(lines) if f" {info_code} " in line)
    command = shlex.split(lines[at + 1])
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return f"\n{shown.stdout}"


def test_a_source_that_is_down_ends_the_demo_with_the_crawls_status(tmp_path: Path) -> None:
    ended = demo(tmp_path, "--articles", "60", "--fault", "finews.withounder.com=status:404")
    assert ended.returncode == 3
    assert "No list of the source could be read: " in ended.stderr


def test_what_one_spider_misses_the_other_finds(tmp_path: Path) -> None:
    site = made_up_site(odd=False)
    missed = demo(tmp_path, "--fault", "finews.withounder.com/category/=status:410")
    assert missed.returncode == 3
    assert "lists of the source could not be read; articles may be missed" in missed.stderr
    codes = {InfoCode.from_address(name) for name in posts_of_sites(tmp_path)}
    assert len(codes) == len(site.articles) + len(site.summary_only)

    healed = demo(tmp_path)
    assert healed.returncode == 0, healed.stderr
    got = posts_of_sites(tmp_path)
    assert {name: got[name] for name in site.posts} == posts_after(site)
