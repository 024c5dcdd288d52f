"""A site of 353 posts, as large as the real mirror and rendered by Jekyll as that was."""

import re
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from demo.replica import Replica, folder_site, share_api_site
from tests.conftest import MIRROR, SAMPLES, SHARE_HOSTS, crawl_with, posts_in
from tests.support.mirror_site import MirrorSite, build_mirror_site, render

_SEO = re.compile(
    r"<!-- Begin Jekyll SEO tag.*?End Jekyll SEO tag -->|<updated>[^<]*</updated>", re.S
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> MirrorSite:
    """The site."""
    return build_mirror_site(tmp_path_factory.mktemp("mirror"))


def test_the_templates_are_those_of_the_sample_site(tmp_path: Path) -> None:
    posts = {path.name: path.read_bytes().decode() for path in (SAMPLES / "posts").iterdir()}
    rendered = render(tmp_path / "source", posts, str.title)
    samples = SAMPLES / "site"
    pages = {path.relative_to(samples) for path in samples.rglob("*") if path.is_file()}
    assert pages == {path.relative_to(rendered) for path in rendered.rglob("*") if path.is_file()}
    for page in pages:
        as_rendered, sample = ((folder / page).read_text("utf-8") for folder in (rendered, samples))
        assert _SEO.sub("", as_rendered).rstrip() == _SEO.sub("", sample).rstrip()


def test_every_post_that_a_page_links_to_is_archived_to_the_byte(
    site: MirrorSite, archive: Path
) -> None:
    share = share_api_site(site.answers)
    sites = {MIRROR: folder_site(site.folder), **dict.fromkeys(SHARE_HOSTS, share)}
    assert (len(site.expected), len(site.reachable), len(site.twins)) == (353, 342, 51)
    with Replica(sites) as replica:
        ended = crawl_with(replica, archive)()
        assert ended.status == 0, ended.log
        assert not replica.unknown
        asked = Counter(entry.request.url for entry in replica.requests)
    assert posts_in(archive) == {name: site.expected[name] for name in site.reachable}
    codes = {f"NW{name[11:-3].removeprefix('NW')}" for name in site.reachable}
    articles = f"{len(codes)} articles found, {len(codes)} added, 0 unchanged, 0 failed"
    assert articles in ended.output
    with closing(sqlite3.connect(archive / "catalog.db")) as catalog:
        twins = catalog.execute("SELECT DISTINCT info_code FROM editions").fetchall()
        assert {code for (code,) in twins} == site.twins
        sources = catalog.execute("SELECT DISTINCT body_source, body_provisional FROM post_files")
        assert sources.fetchall() == [("share_api", 0)]
    # One answer has the bodies of both posts of an article.
    assert asked.most_common(1)[0][1] == 1
    assert sum("GetNewsText.do" in url for url in asked) == len(codes)
