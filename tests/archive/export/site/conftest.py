"""Sites of the sample posts, built by Jekyll."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.export.site.jekyll import choose_posts, publish_site
from archive.export.site.posts import PublishedPost
from archive.importing import import_posts
from archive.search.query import EVERYTHING, Query
from tests.conftest import SAMPLES
from tests.support.requirements import program

ORIGINAL = "https://finews.withounder.com/"


def publish(
    archive: Path,
    folder: Path,
    query: Query = EVERYTHING,
    *,
    address: str = ORIGINAL,
    title: str = "金融消息",
    version: str = "1",
    with_pictures: bool = False,
) -> list[str]:
    """Export a site; what was told of posts, a line each."""
    told: list[str] = []

    def report(post: PublishedPost, what: str) -> None:
        told.append(f"{post.info_code}: {what}")

    published = choose_posts(
        archive,
        query,
        title=title,
        address=address,
        version=version,
        with_pictures=with_pictures,
    )
    publish_site(published, folder, report=report)
    return told


Build = Callable[[Path], Path]


def build(source: Path) -> Path:
    """Build a site as Debian's Jekyll does, strictly; it has nothing to say about it."""
    site = source.with_name(f"{source.name}-built")
    built = subprocess.run(
        (program("jekyll"), "build", "--strict_front_matter", "-s", source, "-d", site),
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    assert built.stderr == ""
    assert not re.search(r"warn|error|skip|deprec|conflict", built.stdout, re.IGNORECASE)
    return site


@pytest.fixture(scope="session")
def sample_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the sample posts."""
    archive = tmp_path_factory.mktemp("published") / "news"
    import_posts(archive, [SAMPLES / "posts"])
    return archive


@pytest.fixture(scope="session")
def sample_source(sample_archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Jekyll source of their site."""
    source = tmp_path_factory.mktemp("source") / "site"
    assert publish(sample_archive, source) == []
    return source


@pytest.fixture(scope="session")
def sample_site(sample_source: Path) -> Path:
    """Their site."""
    return build(sample_source)
