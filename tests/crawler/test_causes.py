"""The last line of a crawl names the cause: which host, which answer, which argument."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from demo.faults import Fault, redirect, reset, status, with_body
from demo.replica import Answer, Replica, Request
from tests.conftest import MIRROR, SHARE_HOSTS, Crawl, posts_in
from tests.support import fork_server
from tests.support.crawl_states import state_of
from tests.support.sample_site import REAL, asked, rows

FIRST = SHARE_HOSTS[0]
ROBOTS = Answer(200, b"User-agent: *\nDisallow: /\n", {"Content-Type": "text/plain"})
SHARE_LINK = f"http://{FIRST}/html_News/NewsShare.html?infoCode={REAL}"


def last_line(log: str) -> str:
    return log.splitlines()[-1]


def test_a_mirror_that_refuses(crawl: Crawl, replica: Replica) -> None:
    replica.faults = [Fault(MIRROR, failure=status(403))]
    for _ in range(2):
        ended = crawl()
        assert ended.status == 3
        assert "No list of the source could be read: " in last_line(ended.log)
        assert re.search(
            rf"banned until \d{{4}}-\d\d-\d\d \d\d:\d\d UTC by {MIRROR}: it answered 403\.",
            last_line(ended.log),
        )


def test_a_host_that_breaks_off(crawl: Crawl, replica: Replica) -> None:
    replica.faults = [Fault(MIRROR, failure=reset())]
    assert f"by {MIRROR}: it cut the connection" in last_line(crawl().log)


def test_robots_txt_that_forbids(crawl: Crawl, replica: Replica) -> None:
    site = replica.sites[MIRROR]
    replica.sites[MIRROR] = lambda asked: ROBOTS if asked.path == "/robots.txt" else site(asked)
    ended = crawl()
    assert ended.status == 3
    assert "robots.txt of its host forbids it." in last_line(ended.log)


def test_a_status(crawl: Crawl, replica: Replica) -> None:
    replica.faults = [Fault(MIRROR, "/index.html", failure=status(404))]
    replica.faults += [Fault(MIRROR, re.compile("^/$"), failure=status(404))]
    ended = crawl()
    assert ended.status == 3
    assert f"1 lists of the source could not be read; articles may be missed: http://{MIRROR}/" in (
        last_line(ended.log)
    )
    assert "answered with status 404." in last_line(ended.log)


def test_no_name_is_resolved(crawl: Crawl) -> None:
    ended = crawl(site="http://nowhere.invalid/", http_proxy="", https_proxy="", no_proxy="*")
    assert ended.status == 3
    assert "there is no address for nowhere.invalid; this machine has no network or no DNS" in (
        last_line(ended.log)
    )


def test_articles_that_fail(crawl: Crawl, replica: Replica, archive: Path) -> None:
    replica.faults = [Fault(MIRROR, re.compile(r"/\d{4}/"), failure=redirect("http://other.test/"))]
    ended = crawl()
    assert ended.status == 6
    assert "is not one of the hosts of this crawl" in last_line(ended.log)


def test_a_good_crawl_ends_with_its_sentence(crawl: Crawl) -> None:
    ended = crawl()
    assert ended.output.splitlines()[-1] == (
        "finews: All articles that the source names are archived."
    )


@pytest.mark.parametrize("given", ["EMNEWS", "JingJiGuanChaWang"])
def test_the_case_of_a_category_does_not_matter(given: str, crawl: Crawl, archive: Path) -> None:
    ended = crawl("-a", f"category={given}")
    assert ended.status == 0, ended.log
    got = {slug for (slug,) in rows(archive, "SELECT DISTINCT category FROM posts")}
    assert got == {given.lower()}
    exact = Path(archive.with_name("exact"))
    assert crawl("-a", f"category={given.lower()}", FINEWS_ARCHIVE=str(exact)).status == 0
    assert posts_in(exact) == posts_in(archive)


def test_a_category_that_is_not_there_is_a_wrong_argument(crawl: Crawl, archive: Path) -> None:
    ended = crawl("-a", "category=nosuch,emnews")
    assert ended.status == 2
    assert f"There is no category nosuch at {MIRROR}; there are " in last_line(ended.log)
    assert "emnews" in last_line(ended.log)
    assert "jingjiguanchawang" in last_line(ended.log)
    assert rows(archive, "SELECT count(*) > 0 FROM posts WHERE category = 'emnews'") == [(1,)]


def test_a_category_that_two_may_be_is_not_guessed(crawl: Crawl, replica: Replica) -> None:
    """On the real site TechWeb and Techweb share a path."""
    replica.faults = [
        Fault(MIRROR, "/feed.xml", failure=status(404)),
        Fault(
            *(MIRROR, f"/jingjiguanchawang/2021/12/29/{REAL}"),
            failure=with_body(
                lambda body: body.replace(b"jingjiguanchawang.html", b"JingJiGuanChaWang.html")
            ),
        ),
    ]
    ended = crawl("-a", "category=JINGJIGUANCHAWANG")
    assert ended.status == 2
    assert (
        "The category JINGJIGUANCHAWANG may be JingJiGuanChaWang or jingjiguanchawang; "
        in last_line(ended.log)
    )


def test_one_bad_article_leaves_the_next_crawls_well(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    assert crawl().status == 0
    ended = crawl("-a", "share=NW209911222148000145", site=None)
    assert ended.status == 6
    with state_of(archive) as state:
        assert not state.failures()
    replica.requests.clear()
    assert crawl("-s", "FINEWS_INTERVAL_SHARE=0").status == 0
    assert not any("NW2099" in url for url in asked(replica, FIRST))


def test_few_failures_are_no_reason_to_wake_anybody(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    replica.faults = [Fault(MIRROR, f"/jingjiguanchawang/2021/12/29/{REAL}", failure=status(451))]
    assert crawl().status == 0
    for _ in range(3):
        ended = crawl("-s", "FINEWS_INTERVAL_SHARE=0")
        assert (ended.status, "1 failed" in ended.output) == (0, True)


def test_an_article_is_given_up_on_demand(crawl: Crawl, replica: Replica, archive: Path) -> None:
    replica.faults = [Fault(MIRROR, f"/jingjiguanchawang/2021/12/29/{REAL}", failure=status(451))]
    assert crawl().status == 0

    def finews(*words: str) -> subprocess.CompletedProcess[str]:
        return fork_server.run((sys.executable, "-m", "archive.cli", *words, str(archive)))

    assert REAL in finews("stats").stdout
    given_up = finews("give-up", REAL)
    assert (given_up.returncode, given_up.stdout) == (
        0,
        f"{REAL} is given up: crawls no longer request it, unless `share` names it.\n",
    )
    replica.requests.clear()
    assert crawl("-s", "FINEWS_INTERVAL_SHARE=0").status == 0
    assert not any(REAL in entry.request.path for entry in replica.requests)
    assert "given up" in finews("stats").stdout
    unknown = finews("give-up", "NW202611222148000145")
    assert unknown.returncode == 1
    assert "NW202611222148000145 has not failed" in unknown.stderr
    replica.faults = []
    assert crawl("-a", f"share={REAL}", site=None).status == 0
    assert any(REAL in name for name in posts_in(archive))


def without_title(replica: Replica, host: str) -> None:
    share = replica.sites[host]

    def untitled(request: Request) -> Answer:
        answer = share(request)
        fields = json.loads(answer.body)
        fields.pop("title", None)
        return Answer(200, json.dumps(fields).encode(), answer.headers)

    replica.sites[host] = untitled


@pytest.mark.parametrize("dead", [True, False])
def test_a_share_link_is_looked_up_at_the_mirror(
    dead: bool, crawl: Crawl, replica: Replica, archive: Path, sample_posts: dict[str, bytes]
) -> None:
    for host in SHARE_HOSTS:
        if dead:
            replica.faults.append(Fault(host, failure=status(503)))
        else:
            without_title(replica, host)
    ended = crawl("-a", f"share={SHARE_LINK}", site=None, FINEWS_SITE="")
    assert ended.status == 0, ended.log
    (name,) = posts_in(archive)
    assert REAL in name
    if not dead:
        assert posts_in(archive)[name] == sample_posts[name]
    assert not [entry for entry in replica.unknown if "eastmoney.com" not in entry.request.host]


def test_a_share_link_that_nobody_knows_names_where_it_was_looked_for(
    crawl: Crawl, replica: Replica
) -> None:
    ended = crawl("-a", "share=NW202112292230175549", site=None)
    assert ended.status == 6
    assert f"Neither do the lists of {MIRROR} name it." in last_line(ended.log)


#: Settings of a user whose own middleware breaks callbacks.
BROKEN = """
from settings.base import *

SPIDER_MIDDLEWARES = SPIDER_MIDDLEWARES | {"broken_settings.Broken": 970}


class Broken:
    async def process_spider_output(self, response, result):
        async for each in result:
            raise KeyError("title")
            yield each
"""


def test_an_error_in_a_callback(replica: Replica, tmp_path: Path) -> None:
    (tmp_path / "broken_settings.py").write_text(BROKEN)
    ended = subprocess.run(
        (sys.executable, "-m", "scrapy", "crawl", "finews", "-a", f"site=http://{MIRROR}/"),
        env=os.environ
        | replica.environment
        | {
            "FINEWS_ARCHIVE": str(tmp_path / "news"),
            "SCRAPY_SETTINGS_MODULE": "broken_settings",
            "PYTHONPATH": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert f"finews itself failed on http://{MIRROR}/" in last_line(ended.stderr)
    assert "KeyError: 'title'" in last_line(ended.stderr)
