"""The real thing: the sample site, under its real names, from home page to post files."""

import json
import shutil
from pathlib import Path

import pytest

from archive.importing import import_posts
from demo.faults import Fault, empty, garbage, status
from demo.replica import Replica
from tests.conftest import MIRROR, SAMPLES, SHARE_HOSTS, Crawl, posts_in
from tests.support.sample_site import REAL, article_requests, asked, rows


def test_all_posts_come_out_byte_for_byte_and_are_not_asked_for_again(
    crawl: Crawl, replica: Replica, archive: Path, sample_posts: dict[str, bytes]
) -> None:
    first = crawl()
    assert (first.status, posts_in(archive)) == (0, sample_posts), first.log
    assert any(REAL in name for name in posts_in(archive))
    assert "19 articles found, 19 added, 0 unchanged, 0 failed" in first.output
    assert str(archive) in first.output

    assert not replica.unknown
    # Three articles have two posts, whose bodies are in one answer of the API; ten of the 22 posts
    # are in the feed, whole.
    assert len(set(article_requests(replica))) == len(article_requests(replica)) == 19 + 12
    assert not asked(replica, SHARE_HOSTS[1])
    agents = {entry.request.headers["user-agent"] for entry in replica.requests}
    assert len(agents) == 1
    assert agents.pop().startswith("finews/")

    replica.requests.clear()
    second = crawl()
    assert second.status == 0, second.log
    assert "0 articles found, 0 added, 0 unchanged, 0 failed" in second.output
    assert "2 lists unchanged" in second.output
    assert {entry.status for entry in replica.requests[2:]} == {304}
    assert not article_requests(replica)

    (archive / "crawl-state.db").unlink()
    replica.requests.clear()
    third = crawl()
    assert third.status == 0, third.log
    assert "19 articles found, 0 added, 19 unchanged, 0 failed" in third.output
    assert not article_requests(replica)
    assert posts_in(archive) == sample_posts
    assert rows(archive, "SELECT spider, status, found, added, unchanged FROM crawls") == [
        ("finews", 0, 19, 19, 0),
        ("finews", 0, 0, 0, 0),
        ("finews", 0, 19, 0, 19),
    ]
    assert rows(archive, "SELECT DISTINCT body_source, body_provisional FROM posts") == [
        ("share_api", 0)
    ]
    assert rows(archive, "SELECT slug FROM categories WHERE media LIKE '21世纪%'") == [
        ("21shijijingjibaodao  nancailicaitong",)
    ]


def test_share_hosts_are_tried_in_order_until_one_has_the_article(
    crawl: Crawl, replica: Replica, archive: Path, sample_posts: dict[str, bytes]
) -> None:
    replica.faults = [
        Fault(SHARE_HOSTS[0], "/NewsData/", failure=status(404)),
        Fault(SHARE_HOSTS[1], f"/NewsData/GetNewsText.do?id={REAL}", failure=empty()),
    ]
    ended = crawl()
    assert (ended.status, posts_in(archive)) == (0, sample_posts), ended.log
    assert [len(asked(replica, host)) for host in SHARE_HOSTS] == [20, 20, 2]


@pytest.mark.parametrize("archived", ["*-05-20-2*.md", "*-NW*.md"])
def test_the_other_post_of_an_archived_article_is_archived_too(
    crawl: Crawl, archive: Path, sample_posts: dict[str, bytes], archived: str, tmp_path: Path
) -> None:
    (tmp_path / "posts").mkdir()
    for post in (SAMPLES / "posts").glob(archived):
        shutil.copy(post, tmp_path / "posts")
    import_posts(archive, [tmp_path / "posts"])
    assert 0 < len(posts_in(archive)) < len(sample_posts)
    ended = crawl()
    assert (ended.status, posts_in(archive)) == (0, sample_posts), ended.log


def test_the_mirrors_rendering_stands_in_and_gives_way(
    crawl: Crawl, replica: Replica, archive: Path, sample_posts: dict[str, bytes]
) -> None:
    down = [Fault(host, "/NewsData/", failure=status(404)) for host in SHARE_HOSTS]
    replica.faults = [*down]
    ended = crawl()
    assert ended.status == 0, ended.log
    assert posts_in(archive).keys() == sample_posts.keys()
    assert rows(archive, "SELECT DISTINCT body_source, body_provisional FROM posts") == [
        ("mirror", 1)
    ]
    assert all(b"<html" not in post for post in posts_in(archive).values())

    replica.faults = []
    ended = crawl()
    assert "19 revised" in ended.output
    assert posts_in(archive) == sample_posts
    assert len(list((archive / "revisions").rglob("*.md"))) == 22


def test_what_no_share_host_has_is_not_asked_for_again(crawl: Crawl, replica: Replica) -> None:
    unknown = f"/NewsData/GetNewsText.do?id={REAL}"
    replica.faults = [
        Fault(host, unknown, failure=garbage(b'{"text": ""}')) for host in SHARE_HOSTS
    ]
    assert crawl().status == 0
    replica.requests.clear()
    ended = crawl()
    assert "0 articles found, 0 added" in ended.output
    assert not article_requests(replica)


def test_just_the_articles_of_share_links(
    crawl: Crawl,
    replica: Replica,
    archive: Path,
    sample_posts: dict[str, bytes],
    tmp_path: Path,
) -> None:
    link = f"http://choicewzp1.eastmoney.com/html_News/NewsShare.html?infoCode={REAL}"
    ended = crawl("-a", f"share={link}", site=None)
    assert ended.status == 0, ended.log
    name = f"2021-12-29-{REAL}.md"
    assert posts_in(archive) == {name: sample_posts[name]}
    assert not asked(replica, MIRROR)

    links = tmp_path / "links.txt"
    links.write_text(
        f"# mine\n{link}\n\n"
        "https://finance.eastmoney.com/a/202205202300000078.html\nNW202205202300000065\n",
        encoding="utf-8",
    )
    ended = crawl("-a", f"share={links}", site=None)
    assert "3 articles found, 2 added, 1 unchanged, 0 failed" in ended.output
    got = posts_in(archive)
    assert len(got) == 3
    assert got == {name: sample_posts[name] for name in got}


def test_a_share_link_that_no_host_knows_is_a_failure(crawl: Crawl, archive: Path) -> None:
    ended = crawl("-a", "share=NW202205209999999999", site=None)
    assert ended.status == 6
    assert "NW202205209999999999 is not archived" in ended.log
    again = "1 of 1 articles failed; run the same command again to try them again: "
    assert again in ended.log
    assert not posts_in(archive)


def test_categories_can_be_chosen_those_with_spaces_too(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    ended = crawl("-a", "category=jingjiguanchawang,21shijijingjibaodao  nancailicaitong")
    assert ended.status == 0, ended.log
    chosen = {"jingjiguanchawang", "21shijijingjibaodao  nancailicaitong"}
    assert {row[0] for row in rows(archive, "SELECT category FROM posts")} == chosen
    assert len(posts_in(archive)) == 3
    assert len(article_requests(replica)) == 6


def test_a_category_that_is_not_there_is_told(crawl: Crawl) -> None:
    ended = crawl("-a", "category=nosuchmedia")
    assert ended.status == 2
    assert "There is no category nosuchmedia at " in ended.log


def test_only_what_was_published_since_a_day(
    crawl: Crawl, replica: Replica, archive: Path, sample_posts: dict[str, bytes]
) -> None:
    ended = crawl("-a", "since=2022-05-20")
    assert ended.status == 0, ended.log
    assert len(posts_in(archive)) == len(sample_posts) - 1
    assert not any(REAL in url for url in article_requests(replica))


def test_a_post_page_that_fails_is_tried_again_by_the_next_crawl(
    crawl: Crawl, replica: Replica, archive: Path, sample_posts: dict[str, bytes]
) -> None:
    replica.faults = [Fault(MIRROR, f"/jingjiguanchawang/2021/12/29/{REAL}", failure=status(404))]
    ended = crawl()
    assert (ended.status, "18 added, 0 unchanged, 0 failed, 1 gone" in ended.output) == (0, True), (
        ended.log
    )
    assert f"{REAL} is not archived: http://{MIRROR}/" in ended.log
    replica.faults = []
    ended = crawl()
    assert "1 articles found, 1 added, 0 unchanged, 0 failed" in ended.output
    assert posts_in(archive) == sample_posts


def test_a_source_that_is_down_is_told(crawl: Crawl, replica: Replica, archive: Path) -> None:
    replica.faults = [Fault(MIRROR, failure=status(403))]
    ended = crawl()
    assert ended.status == 3
    assert "No list of the source could be read: " in ended.log
    assert rows(archive, "SELECT status, verdict FROM crawls")[0][0] == 3


def test_lists_of_another_layout_are_told(crawl: Crawl, replica: Replica) -> None:
    replica.faults = [Fault(MIRROR, failure=garbage())]
    ended = crawl()
    assert ended.status == 4
    assert "layout of the source's lists has changed" in ended.log
    assert "Traceback" not in ended.log


def test_posts_of_another_layout_are_told(crawl: Crawl, replica: Replica, archive: Path) -> None:
    replica.faults = [Fault(MIRROR, "/xinhuashe/", failure=garbage())]
    for path in ("/cailianshe/", "/pengpaixinwen/", "/zhongqingribao/"):
        replica.faults += [Fault(MIRROR, path, failure=empty())]
    ended = crawl()
    assert ended.status == 4
    assert "4 of 19 articles failed" in ended.log
    assert len(posts_in(archive)) == 18


def test_items_can_be_exported_by_scrapys_own_feeds(crawl: Crawl, tmp_path: Path) -> None:
    feed = tmp_path / "items.jsonl"
    assert crawl("-o", str(feed)).status == 0
    items = [json.loads(line) for line in feed.read_text(encoding="utf-8").splitlines()]
    assert len(items) == 22
    (real,) = (item for item in items if item["info_code"] == REAL)
    assert real["published"] == "2021-12-29T17:34:39+08:00"
    assert real["tag"] == "经济观察网新闻"


def test_an_archive_that_cannot_be_written_ends_the_crawl(crawl: Crawl, archive: Path) -> None:
    (archive / "_posts").parent.mkdir()
    (archive / "_posts").write_bytes(b"in the way")
    ended = crawl()
    assert ended.status == 7
    assert f"{archive}/_posts must be a folder, but is a file" in ended.log
    assert "Traceback" not in ended.log
    assert (archive / "_posts").read_bytes() == b"in the way"


def test_a_post_whose_file_was_lost_does_not_stop_the_looks_at_others(
    crawl: Crawl, replica: Replica, archive: Path, sample_posts: dict[str, bytes]
) -> None:
    assert crawl().status == 0
    (lost,) = (archive / "_posts").rglob(f"*{REAL}.md")
    lost.unlink()
    replica.requests.clear()
    ended = crawl("-s", "FINEWS_REVISIT_DAYS=36500", "-s", "FINEWS_INTERVAL_SHARE=0")
    assert ended.status == 0, ended.log
    assert f"1 of the archived posts cannot be read: The post {lost} is lost; run " in ended.output
    assert len(article_requests(replica)) == 18

    for path in (archive / "_posts").rglob("*.md"):
        path.unlink()
    ended = crawl("-s", "FINEWS_REVISIT_DAYS=36500", "-s", "FINEWS_INTERVAL_SHARE=0")
    assert (ended.status, len(posts_in(archive))) == (7, 0), ended.log
    assert "19 of the archived posts cannot be read: The post " in ended.log
