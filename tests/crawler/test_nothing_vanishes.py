"""Every article that a crawl asks for is archived, or has failed by name."""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.integrity.verify import verify
from demo.faults import Fault, redirect, status
from demo.replica import Answer, Replica, Request, Site, share_api_site
from demo.site import made_up_site
from tests.conftest import MIRROR, SHARE_HOSTS, Crawl, posts_in
from tests.support import fork_server
from tests.support.sample_site import REAL, rows

FIRST = SHARE_HOSTS[0]


def failures(archive: Path) -> list[str]:
    with Archive(archive) as opened:
        return [failed.info_code for failed in opened.crawl_state.failures()]


def renamed(replica: Replica, host: str, path: str) -> None:
    """Serve `host` at ``/new…`` and redirect what begins with `path` there."""
    site = replica.sites[host]

    def moved(request: Request) -> Answer:
        if request.path.startswith("/new/"):
            target = Request(request.method, host, request.path[4:], request.query, request.headers)
            return site(target)
        if request.path.startswith(path):
            query = f"?{request.query}" if request.query else ""
            return Answer(302, b"", {"Location": f"http://{host}/new{request.path}{query}"})
        return site(request)

    replica.sites[host] = moved


def test_redirected_answers_are_followed(
    crawl: Crawl, replica: Replica, archive: Path, sample_posts: dict[str, bytes]
) -> None:
    renamed(replica, FIRST, "/NewsData/")
    ended = crawl()
    assert (ended.status, posts_in(archive)) == (0, sample_posts), ended.log


@pytest.mark.parametrize(
    ("shown", "published", "remark"),
    [
        ("Dec 29, 2021 5:34:39 PM", "2021-12-29T17:34:39+08:00", ""),
        (
            "3分钟前",
            "2021-12-29T00:00:00+08:00",
            "; 1 have only a day, because no source has a readable time",
        ),
    ],
)
def test_a_time_that_cannot_be_read_is_reported(
    crawl: Crawl,
    replica: Replica,
    archive: Path,
    sample_answers: dict[str, bytes],
    shown: str,
    published: str,
    remark: str,
) -> None:
    answer = json.dumps(json.loads(sample_answers[REAL]) | {"showtime": shown, "datetime": shown})
    replica.sites |= dict.fromkeys(SHARE_HOSTS, share_api_site({REAL: answer.encode()}))
    ended = crawl("-a", f"share={REAL}", site=None)
    assert ended.status == 0, ended.log
    assert rows(archive, "SELECT published FROM posts") == [(published,)]
    ((verdict,),) = rows(archive, "SELECT verdict FROM crawls")
    assert ("have only a day" in verdict) is bool(remark)
    assert remark in verdict


def test_what_is_redirected_to_a_foreign_host_is_told_and_tried_again(
    crawl: Crawl, replica: Replica, archive: Path, sample_posts: dict[str, bytes]
) -> None:
    page = f"/jingjiguanchawang/2021/12/29/{REAL}"
    replica.faults = [Fault(MIRROR, page, failure=redirect("http://elsewhere.test/"))]
    ended = crawl()
    assert "18 added" in ended.output
    assert "1 failed" in ended.output
    assert failures(archive) == [REAL]
    assert not replica.unknown
    replica.faults = []
    assert "1 added" in crawl().output
    assert posts_in(archive) == sample_posts


def test_what_an_article_is_refused_for_in_a_pipeline_is_told(
    crawl: Crawl, replica: Replica, archive: Path, sample_answers: dict[str, bytes]
) -> None:
    share = replica.sites[FIRST]

    def nameless(request: Request) -> Answer:
        answer = share(request)
        fields = json.loads(answer.body) | {"from": "-"}
        for body in {"text", "content"} & fields.keys():
            fields[body] = re.sub("（文章来源.*?）", "", fields[body])
        return Answer(200, json.dumps(fields).encode(), answer.headers)

    replica.sites[FIRST] = nameless
    ended = crawl("-a", f"share={REAL}", site=None)
    assert ended.status == 6
    assert f"{REAL} is not archived: " in ended.log
    assert not failures(archive)  # whoever names an article names it again
    replica.sites[FIRST] = share
    replica.requests.clear()
    assert crawl("-s", "FINEWS_INTERVAL_SHARE=0").status == 0
    assert len(posts_in(archive)) == 22


@pytest.fixture
def growing() -> Mapping[str, Site]:
    """The made-up site with all of its posts; the test's replica begins with a part of them."""
    return made_up_site(articles=150).sites


def test_a_part_that_was_taken_in_between_hides_nothing(
    crawl: Crawl, replica: Replica, archive: Path, growing: Mapping[str, Site]
) -> None:
    replica.sites |= made_up_site(articles=60).sites
    assert crawl().status == 0
    whole = made_up_site(articles=150)
    replica.sites |= growing
    assert crawl("-a", f"since={max(a.published for a in whole.articles).date()}").status == 0
    ended = crawl()
    got = posts_in(archive)
    assert {name: got.get(name) for name in whole.posts} == whole.posts, ended.log


def test_looks_and_articles_are_written_one_at_a_time(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    site = made_up_site(articles=60)
    replica.sites |= site.sites
    assert crawl().status == 0
    gone = json.dumps({"text": ""}).encode()
    down = [Fault(host, "/NewsData/", failure=status(200, body=gone)) for host in SHARE_HOSTS]
    replica.sites |= made_up_site(articles=150, seed=7).sites
    replica.faults = down
    ended = crawl("-s", "FINEWS_REVISIT_DAYS=36500", "-s", "FINEWS_INTERVAL_SHARE=0")
    assert ended.status in {0, 6}, ended.log
    assert rows(archive, "SELECT count(*) FROM posts WHERE gone IS NOT NULL")[0][0] >= 40
    assert not verify(archive).problems


def test_of_two_crawls_that_start_together_one_says_that_it_is_locked(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    code = (
        "import sys, archive.archive as a; from archive.errors import ArchiveLocked\n"
        "open_, n = a.Archive.__init__, [0]\n"
        "def init(self, folder, **k):\n"
        "    n[0] += 1\n"
        "    if n[0] == 2: raise ArchiveLocked(folder, holder='process 1')\n"
        "    open_(self, folder, **k)\n"
        "a.Archive.__init__ = init\n"
        "from scrapy.cmdline import execute; execute(sys.argv)"
    )
    ended = fork_server.run(
        (sys.executable, "-c", code, "crawl", "finews", "-s", f"FINEWS_ARCHIVE={archive}"),
        cwd=Path(__file__).parents[2],
    )
    assert ended.returncode == 8, ended.stderr
    assert "is being written by process 1; try again later." in ended.stderr
