"""The loop closes: a crawl of the site that was made of an archive gives the archive back."""

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from archive.content.front_matter import parse_post
from archive.importing import import_posts
from demo.mirror import MIRROR_HOST
from demo.replica import Replica, Site, folder_site, share_api_site
from demo.site import MadeUpSite, made_up_site
from tests.archive.export.site.conftest import build, publish
from tests.conftest import SAMPLES, SHARE_HOSTS, SOURCES, crawl_with, posts_in

MIRROR = f"http://{MIRROR_HOST}/"
SAID = "info_code, title, published, media, category, tag, digest, link, length, pictures"


@pytest.fixture(scope="module")
def made_up() -> MadeUpSite:
    """The made-up site with all its quirks."""
    return made_up_site(articles=60)


@pytest.fixture(scope="module")
def first(made_up: MadeUpSite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of it, with the pictures."""
    archive = tmp_path_factory.mktemp("first") / "news"
    with Replica(made_up.sites) as replica:
        ended = crawl_with(replica, archive)(FINEWS_MEDIA="1")
    assert ended.status == 0, ended.log
    assert len(posts_in(archive)) == len(made_up.articles) + len(made_up.media_posts)
    return archive


@pytest.fixture(scope="module")
def published(first: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site of that archive, as a static host serves it."""
    source = tmp_path_factory.mktemp("site") / "site"
    assert publish(first, source) == []
    return folder_site(build(source))


def what_is_said(archive: Path) -> dict[str, tuple[Any, ...]]:
    """All that a post says of an article, by code; the body without its white space."""
    with closing(sqlite3.connect(archive / "catalog.db")) as catalog:
        rows = catalog.execute(f"SELECT path, {SAID} FROM posts").fetchall()  # noqa: S608
    said = {}
    for path, info_code, *fields in rows:
        body = parse_post((archive / path).read_bytes(), Path(path).name).body
        said[info_code] = (path, *fields[:-2], fields[-1], re.sub(r"\s+", "", body))
    return said


def crawl_back(
    archive: Path, sites: Mapping[str, Site], sources: Path = SOURCES, site: str | None = MIRROR
) -> None:
    with Replica(sites) as replica:
        ended = crawl_with(replica, archive, sources)(site=site)
        assert ended.status == 0, ended.log
        assert not replica.unknown


def test_with_the_share_api_every_post_comes_back_to_the_byte(
    first: Path, published: Site, made_up: MadeUpSite, tmp_path: Path
) -> None:
    crawl_back(tmp_path / "second", {**made_up.sites, MIRROR_HOST: published})
    assert what_is_said(tmp_path / "second") == what_is_said(first)
    before, after = posts_in(first), posts_in(tmp_path / "second")
    assert made_up.posts
    for name in made_up.posts:
        assert after[name] == before[name]


def test_without_it_every_field_comes_back(first: Path, published: Site, tmp_path: Path) -> None:
    knows_nothing = share_api_site({})
    sites = {MIRROR_HOST: published, **dict.fromkeys(SHARE_HOSTS, knows_nothing)}
    crawl_back(tmp_path / "second", sites)
    assert what_is_said(tmp_path / "second") == what_is_said(first)


def test_a_site_below_a_path_comes_back_too(first: Path, sources: Path, tmp_path: Path) -> None:
    """As a project's page on GitHub, where the sources say; with the pictures that are kept."""
    address = "https://name.github.io/finews/"
    assert publish(first, tmp_path / "site", address=address, with_pictures=True) == []
    kept = {path.name for path in (first / "media").rglob("*.*")}
    assert {path.name for path in (tmp_path / "site" / "media").rglob("*.*")} == kept != set()
    (tmp_path / "host").mkdir()
    build(tmp_path / "site").rename(tmp_path / "host" / "finews")
    said = sources.read_text(encoding="utf-8")
    sources.write_text(said.replace(f"https://{MIRROR_HOST}/", address), encoding="utf-8")
    knows_nothing = share_api_site({})
    sites = {
        "name.github.io": folder_site(tmp_path / "host"),
        **dict.fromkeys(SHARE_HOSTS, knows_nothing),
    }
    crawl_back(tmp_path / "second", sites, sources, site=None)
    assert what_is_said(tmp_path / "second") == what_is_said(first)


def test_both_posts_of_an_article_come_back_to_the_byte(
    sample_posts: Mapping[str, bytes], tmp_path: Path
) -> None:
    first = tmp_path / "first"
    import_posts(first, [SAMPLES / "posts"])
    assert publish(first, tmp_path / "site") == []
    answers = {path.stem: path.read_bytes() for path in (SAMPLES / "share_api").iterdir()}
    sites = {
        MIRROR_HOST: folder_site(build(tmp_path / "site")),
        **dict.fromkeys(SHARE_HOSTS, share_api_site(answers)),
    }
    crawl_back(tmp_path / "second", sites)
    assert posts_in(tmp_path / "second") == sample_posts
    again = {code: said[1:8] for code, said in what_is_said(tmp_path / "second").items()}
    assert again == {code: said[1:8] for code, said in what_is_said(first).items()}
