"""Pictures come after the articles, a host's one after the other, by Scrapy's FilesPipeline."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from itertools import pairwise
from pathlib import Path

import pytest

from demo.faults import Fault, redirect, status
from demo.pictures import PICTURE_HOST, picture_site
from demo.replica import Answer, Replica, Request, share_api_site
from tests.conftest import MIRROR, ROOT, SHARE_HOSTS, Crawl, Ended, posts_in
from tests.support.fork_server import Forked
from tests.support.pictures import files, kept, missing, pictures_asked
from tests.support.sample_site import asked

OTHER_HOST = "np-newspic.dfcfw.com"
ARTICLES, POSTS = 19, 22
OF_OTHER, OF_BOTH = ARTICLES, ARTICLES + 6


class Gallery:
    """The site of both hosts. It remembers what it saw while it answered.

    :param seconds: that an answer takes.
    :param archive: whose posts it counts when the first picture is asked for.
    """

    def __init__(self, archive: Path, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.posts_at_first: int | None = None
        self.most: Counter[str] = Counter()
        self._archive = archive
        self._pictures = picture_site()
        self._under_way: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Answer:
        if not request.path.startswith("/download/"):
            return self._pictures(request)
        with self._lock:
            if self.posts_at_first is None:
                self.posts_at_first = len(posts_in(self._archive))
            self.times.append(time.monotonic())
            self.headers.append({name.lower(): value for name, value in request.headers.items()})
        with self._counted(request.host), self._counted("all"):
            time.sleep(self.seconds)
            return self._pictures(request)

    @contextmanager
    def _counted(self, what: str) -> Iterator[None]:
        with self._lock:
            self._under_way[what] += 1
            self.most[what] = max(self.most[what], self._under_way[what])
        yield
        with self._lock:
            self._under_way[what] -= 1


@pytest.fixture
def gallery(replica: Replica, sample_answers: dict[str, bytes], archive: Path) -> Gallery:
    """What the pictures of the sample site come from; each article has one of the other host's."""
    answers = {}
    for number, (code, answer) in enumerate(sorted(sample_answers.items())):
        facts = json.loads(answer)
        for body in ("text", "content"):
            if facts.get(body):
                facts[body] += f'<p><img src="https://{OTHER_HOST}/download/N{number:02}.jpg"></p>'
        answers[code] = json.dumps(facts).encode()
    gallery = Gallery(archive)
    replica.sites |= dict.fromkeys(SHARE_HOSTS, share_api_site(answers))
    replica.sites |= {PICTURE_HOST: gallery, OTHER_HOST: gallery}
    return gallery


@pytest.fixture
def keep(crawl: Crawl, gallery: Gallery) -> Crawl:
    """A crawl that keeps pictures."""

    def run(*arguments: str, **options: str) -> Ended:
        return crawl(*arguments, FINEWS_MEDIA="1", **options)

    return run


def of_other(replica: Replica) -> list[str]:
    return [url for url in asked(replica, OTHER_HOST) if "/download/" in url]


def test_articles_are_stored_first_then_hosts_are_asked_side_by_side(
    keep: Crawl, gallery: Gallery, archive: Path
) -> None:
    gallery.seconds = 0.05
    ended = keep("-s", "CONCURRENT_REQUESTS_PER_DOMAIN=8")
    assert ended.status == 0, ended.log
    assert gallery.posts_at_first == POSTS
    assert gallery.most == {PICTURE_HOST: 1, OTHER_HOST: 1, "all": 2}
    assert len(kept(archive)) == OF_BOTH
    assert f"'file_status_count/downloaded': {OF_BOTH}" in ended.log  # Scrapy's own count
    assert all(headers["accept"] == "image/*" for headers in gallery.headers)


def test_a_spider_of_one_request_at_a_time_asks_so_for_pictures(
    keep: Crawl, gallery: Gallery, archive: Path
) -> None:
    gallery.seconds = 0.02
    assert keep("-s", "CONCURRENT_REQUESTS=1").status == 0
    assert gallery.most == {PICTURE_HOST: 1, OTHER_HOST: 1, "all": 1}
    assert len(kept(archive)) == OF_BOTH


def test_hosts_of_one_slot_share_its_delay(crawl: Crawl, keep: Crawl, gallery: Gallery) -> None:
    assert crawl().status == 0
    slow = ("FINEWS_ONE_SLOT=1", "DOWNLOAD_DELAY=0.2", "DOWNLOAD_DELAY_JITTER=0")
    arguments = [word for setting in (*slow, "FINEWS_PICTURES=10") for word in ("-s", setting)]
    assert keep(*arguments).status == 0
    assert gallery.most.keys() == {PICTURE_HOST, OTHER_HOST, "all"}
    assert len(gallery.times) == 10
    assert all(later - before > 0.1 for before, later in pairwise(gallery.times))


def test_fast_crawls_keep_them_too(keep: Crawl, archive: Path) -> None:
    ended = keep(SCRAPY_PROJECT="fast")
    assert ended.status == 0, ended.log
    assert not missing(archive)
    assert len(files(archive)) == OF_BOTH


PIPELINES = {
    "crawler.pipelines.normalise.NormalisePipeline": 100,
    "crawler.pipelines.deduplicate.DeduplicatePipeline": 200,
    "crawler.pipelines.store.StorePipeline": 300,
}


@pytest.mark.parametrize("behind", [True, False])
def test_the_other_pipelines_are_given_no_picture(
    behind: bool, keep: Crawl, replica: Replica, archive: Path
) -> None:
    last = {"crawler.pipelines.pictures.PicturePipeline": 400} if behind else {}
    ended = keep("-s", f"ITEM_PIPELINES={json.dumps(PIPELINES | last)}")
    assert ended.status == 0, ended.log
    assert "Traceback" not in ended.log
    assert "item_dropped" not in ended.log
    assert len(kept(archive)) == (OF_BOTH if behind else 0)
    assert ("ITEM_PIPELINES has no PicturePipeline." in ended.log) is not behind
    assert behind or not of_other(replica)


def test_one_host_wants_to_be_left_alone_and_the_other_is_asked(
    keep: Crawl, replica: Replica, archive: Path
) -> None:
    replica.faults = [Fault(OTHER_HOST, "/download/", failure=status(403))]
    ended = keep()
    assert ended.status == 0, ended.log
    assert len(of_other(replica)) == 1
    assert len(kept(archive)) == OF_BOTH - OF_OTHER
    assert "No more pictures: banned until" in ended.log


def test_patience_begins_anew_with_every_picture_that_comes(
    keep: Crawl, gallery: Gallery, replica: Replica, archive: Path
) -> None:
    turns = iter("--+--+---")

    def now_and_then(request: Request) -> Answer:
        is_there = "/download/" in request.path and next(turns) == "+"
        return gallery(request) if is_there else Answer(HTTPStatus.NOT_FOUND)

    replica.sites |= {OTHER_HOST: now_and_then}
    ended = keep()
    assert ended.status == 0, ended.log
    assert len(of_other(replica)) == 9
    assert len(kept(archive)) == OF_BOTH - OF_OTHER + 2
    assert "'picture/failed/http_404': 7" in ended.log


def test_redirects_lead_to_hosts_of_pictures_three_times_and_say_nothing_of_where_from(
    keep: Crawl, gallery: Gallery, replica: Replica, archive: Path
) -> None:
    moved, round_about, nowhere = (f"/download/N{number:02}.jpg" for number in (3, 7, 11))
    replica.faults = [
        Fault(OTHER_HOST, moved, failure=redirect(f"https://{PICTURE_HOST}/download/moved.jpg")),
        Fault(OTHER_HOST, round_about, failure=redirect(round_about)),
        Fault(OTHER_HOST, nowhere, failure=redirect("http://[")),
    ]
    ended = keep()
    assert ended.status == 0, ended.log
    in_vain = {f"https://{OTHER_HOST}{path}" for path in (round_about, nowhere)}
    assert missing(archive) == in_vain
    times = Counter(of_other(replica))
    assert (times.pop(f"https://{OTHER_HOST}{round_about}"), set(times.values())) == (4, {1})
    assert f"https://{PICTURE_HOST}/download/moved.jpg" in pictures_asked(replica)
    assert not any("referer" in headers for headers in gallery.headers)
    assert "'picture/failed/redirect': 2" in ended.log
    sentences = [line for line in ended.log.splitlines() if "is not stored" in line]
    assert len(sentences) == 2
    assert all("leads to" in line and "INFO" in line for line in sentences)
    assert not re.search(r"\] (WARNING|ERROR):|Traceback|File \(", ended.log)


@pytest.mark.parametrize("project", ["default", "fast"])
def test_told_to_end_it_asks_for_no_more(
    project: str, crawl: Crawl, gallery: Gallery, replica: Replica, archive: Path
) -> None:
    assert crawl().status == 0
    gallery.seconds = 0.1
    with Forked(
        (
            *(sys.executable, "-m", "scrapy", "crawl", "finews", "--nolog"),
            *("-s", "DOWNLOAD_DELAY=0.2", "-s", "AUTOTHROTTLE_ENABLED=0"),
            *("-a", f"site=http://{MIRROR}/"),
        ),
        cwd=ROOT,
        env=os.environ
        | replica.environment
        | {"FINEWS_ARCHIVE": str(archive), "FINEWS_MEDIA": "1", "SCRAPY_PROJECT": project},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as ended:
        while len(gallery.headers) < 4 and ended.poll() is None:
            time.sleep(0.005)
        ended.send_signal(signal.SIGTERM)
        asked_for = len(gallery.headers)
        try:
            assert ended.wait(timeout=15) == 9
        finally:
            ended.kill()
    assert asked_for <= len(gallery.headers) <= asked_for + 2  # what was under way, at each host
    assert len(kept(archive)) == len(gallery.headers)


def test_a_limit_ends_it_too(keep: Crawl, gallery: Gallery, archive: Path) -> None:
    gallery.seconds = 0.5
    ended = keep("-s", "CLOSESPIDER_TIMEOUT=3")
    assert (ended.status, "closespider_timeout" in ended.log) == (9, True), ended.log
    assert len(kept(archive)) == len(gallery.headers) < OF_BOTH
    assert "Traceback" not in ended.log
