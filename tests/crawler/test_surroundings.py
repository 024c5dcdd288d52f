"""What a crawl is started with, and where: refused with one sentence, or made good."""

import os
import re
import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from archive.storage.lock import ArchiveLock
from archive.validation import in_one_sentence
from crawler.arguments import FinewsArguments
from demo.replica import Replica
from tests.conftest import MIRROR, Crawl, posts_in

SECRET = "geheim"  # noqa: S105
WITH_PASSWORD = (
    f"site=https://user:{SECRET}@{MIRROR}/",
    f"site=//user:{SECRET}@{MIRROR}/",
    f"site=user:{SECRET}@{MIRROR}",
    f"site= https://{SECRET}@{MIRROR}/ ",
    f"share=http://user:{SECRET}@finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202112292230175548",
    f"category=https://user:{SECRET}@{MIRROR}/",
    f"since=https://user:{SECRET}@{MIRROR}/",
    f"unknown=ftp://user:{SECRET}@{MIRROR}/",
)


@pytest.mark.parametrize("argument", WITH_PASSWORD)
def test_a_password_in_an_argument_is_refused_and_repeated_nowhere(
    crawl: Crawl, archive: Path, argument: str
) -> None:
    ended = crawl("-a", argument, site=None)
    assert ended.status == 2, ended.log
    assert "has a user name or a password in an address; leave it out" in ended.log
    assert SECRET not in ended.output + ended.log
    assert not archive.exists()


def test_an_at_sign_elsewhere_is_no_password() -> None:
    arguments = FinewsArguments.model_validate({"site": "https://site.test/@news/"})
    assert arguments.site == "https://site.test/@news/"


def test_blanks_around_a_site_are_no_part_of_it(
    crawl: Crawl, archive: Path, replica: Replica, sample_posts: dict[str, bytes]
) -> None:
    ended = crawl("-a", f"site= http://{MIRROR}/ \n", site=None)
    assert ended.status == 0, ended.log
    assert posts_in(archive) == sample_posts


@pytest.mark.parametrize(
    "site", ["https://a b/", "https:// site.test/", " ", "https://site.test /"]
)
def test_blanks_within_a_site_are_refused(site: str) -> None:
    with pytest.raises(ValidationError) as refused:
        FinewsArguments.model_validate({"site": site})
    assert "should be an address such as" in in_one_sentence(refused.value)


def test_a_folder_with_other_files_is_not_taken_for_an_archive(crawl: Crawl, archive: Path) -> None:
    archive.mkdir()
    (archive / "thesis.doc").write_text("mine")
    (archive / "media").mkdir()
    ended = crawl()
    assert ended.status == 2, ended.log
    assert re.search(
        r"finews: .*news is not empty and is no archive; set FINEWS_ARCHIVE", ended.log
    )
    assert {path.name for path in archive.iterdir()} == {"thesis.doc", "media"}
    (archive / "_posts").mkdir()
    assert crawl().status == 0


@pytest.mark.parametrize("name", [".git", "lost+found", ".DS_Store"])
def test_what_systems_put_into_an_empty_folder_does_not_count(
    crawl: Crawl, archive: Path, name: str
) -> None:
    (archive / name).mkdir(parents=True)
    assert crawl().status == 0


def test_a_lock_that_lasts_has_a_status_of_its_own(crawl: Crawl, archive: Path) -> None:
    archive.mkdir()
    with ArchiveLock(archive):
        (archive / "_posts").mkdir()
        assert crawl().status == 8
        hours_ago = time.time() - 7 * 3600
        os.utime(archive / ".lock", (hours_ago, hours_ago))
        ended = crawl()
        assert ended.status == 10
        assert f"is being written by process {os.getpid()}" in ended.log
        assert crawl("-s", "FINEWS_LOCKED_HOURS=8").status == 8
