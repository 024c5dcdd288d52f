"""A post page that is gone, which home and category pages still link: daily life of the mirror."""

from pathlib import Path

import pytest

from demo.faults import Fault, status
from demo.replica import Replica
from tests.conftest import MIRROR, Crawl, posts_in
from tests.support.sample_site import REAL, rows

PAGE = f"/jingjiguanchawang/2021/12/29/{REAL}"


@pytest.mark.parametrize("code", [404, 410])
def test_an_article_that_is_gone_is_counted_once(
    code: int, crawl: Crawl, replica: Replica, archive: Path
) -> None:
    replica.faults = [Fault(MIRROR, PAGE, failure=status(code))]
    ended = crawl()
    assert ended.status == 0, ended.log
    assert "19 articles found, 18 added, 0 unchanged, 0 failed, 1 gone." in ended.output
    assert rows(archive, "SELECT found, added, gone, failed FROM crawls") == [(19, 18, 1, 0)]
    assert replica.faults[0].struck == 1


def test_where_only_the_article_that_is_gone_leads_to_its_category(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    """Its category page is read after the failure, and names it once more."""
    replica.faults = [
        Fault(MIRROR, "/feed.xml", failure=status(404)),
        Fault(MIRROR, PAGE, failure=status(404)),
    ]
    ended = crawl("-a", "category=jingjiguanchawang")
    assert "0 failed, 1 gone" in ended.output, ended.log
    assert "is not archived, and no reason" not in ended.log


def test_many_that_are_gone_are_no_daily_life(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    replica.faults = [Fault(MIRROR, "/emnews/", failure=status(404))]
    ended = crawl("-s", "RETRY_TIMES=0")
    (found, gone), *_ = rows(archive, "SELECT found, gone FROM crawls")
    assert gone * 10 > found
    assert ended.status == 6
    assert f"the pages of {gone} were removed" in ended.log


def test_a_page_that_comes_back_is_archived(
    crawl: Crawl, replica: Replica, archive: Path, sample_posts: dict[str, bytes]
) -> None:
    replica.faults = [Fault(MIRROR, PAGE, failure=status(404))]
    assert crawl().status == 0
    replica.faults = []
    assert crawl("-s", "FINEWS_INTERVAL_SHARE=0").status == 0
    assert posts_in(archive) == sample_posts


@pytest.mark.parametrize(
    "pages", [["/emnews/", "/changjiangshangbao/"], ["/emnews/"], ["/changjiangshangbao/"]]
)
def test_pages_of_an_article_with_two_posts_that_come_back_are_archived(
    crawl: Crawl,
    replica: Replica,
    archive: Path,
    sample_posts: dict[str, bytes],
    pages: list[str],
) -> None:
    gone = status(404)
    names = {"/emnews/": "202205202300000042", "/changjiangshangbao/": "NW202205202300000042"}
    paths = [f"{page}2022/05/20/{names[page]}.html" for page in pages]
    replica.faults = [Fault(MIRROR, path, failure=gone) for path in paths]
    assert crawl().status == 0
    assert len(posts_in(archive)) == len(sample_posts) - len(pages)
    replica.faults = []
    ended = crawl()
    assert (ended.status, posts_in(archive)) == (0, sample_posts), ended.log
