"""With FINEWS_MEDIA=1, crawls keep the pictures of articles, and nothing but pictures."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import scrapy
from hypothesis import given
from hypothesis import strategies as st
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.settings import Settings

from archive.article_id import InfoCode
from archive.content import picture_address
from archive.integrity.rebuild import rebuild
from archive.integrity.verify import verify
from archive.storage.images import host_of
from archive.warc import read_records, warc_files
from crawler.extensions.pictures import PictureFetches
from crawler.items import MissingPicture
from crawler.middlewares.redirect import RedirectMiddleware
from crawler.pipelines.pictures import PicturePipeline
from crawler.request_meta import PICTURE
from crawler.spiders.finews import FinewsSpider
from demo.articles import MIN_ARTICLES
from demo.faults import Failure, Fault, delay, garbage, redirect, status, truncated
from demo.pictures import CHART_HOST, PICTURE_HOST, chart_site, jpeg, picture_site
from demo.replica import Answer, Replica, Request, share_api_site
from demo.site import made_up_site
from tests.conftest import MIRROR, NO_DELAYS, ROOT, SHARE_HOSTS, Crawl, Ended, posts_in
from tests.support.crawl_state import change_crawl_state
from tests.support.fork_server import Forked
from tests.support.pictures import (
    ADDED,
    BY_AGE,
    OTHER_TWIN,
    SHARED,
    SHARING,
    TWIN,
    files,
    image,
    kept,
    missing,
    pictures_asked,
)
from tests.support.sample_site import asked, rows


@pytest.fixture
def answers(sample_answers: dict[str, bytes]) -> dict[str, bytes]:
    """The share API's, with more pictures, one of which two articles share."""
    answers = dict(sample_answers)
    for code, name in ADDED.items():
        facts = json.loads(answers[code])
        for body in ("text", "content"):
            facts[body] += f'<p><img src="{image(name)}"></p>'
        answers[code] = json.dumps(facts).encode()
    return answers


@pytest.fixture
def replica(replica: Replica, answers: dict[str, bytes]) -> Iterator[Replica]:
    pictures = picture_site()

    def with_twins(request: Request) -> Answer:
        if request.path.endswith((TWIN, OTHER_TWIN)):
            return Answer(HTTPStatus.OK, jpeg("twins"), {"Content-Type": "text/html"})
        return pictures(request)

    replica.sites |= dict.fromkeys(SHARE_HOSTS, share_api_site(answers))
    replica.sites |= {PICTURE_HOST: with_twins, CHART_HOST: chart_site()}
    return replica


@pytest.fixture
def keep(crawl: Crawl) -> Crawl:
    """A crawl that keeps pictures."""

    def run(*arguments: str, **options: str) -> Ended:
        return crawl(*arguments, FINEWS_MEDIA="1", **options)

    return run


def test_pictures_are_kept_once_and_asked_for_once(
    crawl: Crawl, keep: Crawl, replica: Replica, archive: Path, answers: dict[str, bytes]
) -> None:
    without = crawl()
    assert "19 added" in without.output, without.log
    assert not asked(replica, PICTURE_HOST)
    assert not files(archive)
    assert len(missing(archive)) == 10
    posts = posts_in(archive)
    sharing = [name for name in posts if InfoCode.from_address(name) in SHARING]
    assert len(sharing) == 2
    assert all(image(SHARED).encode() in posts[name] for name in sharing)

    replica.requests.clear()
    ended = keep()  # finds what the crawl before it has left
    assert ended.status == 0, ended.log
    assert "10 pictures are stored, 0 failed" in ended.log
    assert "internal meta keys" not in ended.log
    assert set(Counter(pictures_asked(replica)).values()) == {1}
    assert f"https://{PICTURE_HOST}/robots.txt" in asked(replica, PICTURE_HOST)
    assert not asked(replica, CHART_HOST)
    assert not replica.unknown
    got = kept(archive)
    assert len(got) == 10
    assert not missing(archive)
    assert got[image(TWIN)] == got[image(OTHER_TWIN)]
    assert files(archive).keys() == set(got.values())
    assert files(archive)[got[image(TWIN)]] == jpeg("twins")
    assert files(archive)[got[image(SHARED)]] == jpeg(f"/download/{SHARED}")
    assert len(rows(archive, "SELECT 1 FROM illustrations WHERE address LIKE '%D9999%'")) == 2
    assert posts_in(archive) == posts

    asked_again = pictures_asked(replica)
    assert keep().status == 0
    assert pictures_asked(replica) == asked_again
    assert not verify(archive).problems
    before = rows(archive, "SELECT * FROM pictures ORDER BY 1, 2")
    (archive / "catalog.db").unlink()
    rebuild(archive)
    assert rows(archive, "SELECT * FROM pictures ORDER BY 1, 2") == before
    captured = [
        record.url for path in warc_files(archive / "warc") for record in read_records(path)
    ]
    assert not [url for url in captured if "/download/" in url]


def test_what_is_no_picture_is_not_kept_and_fails_no_article(
    keep: Crawl, replica: Replica, archive: Path
) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'
    wrong = {
        BY_AGE[1]: status(404),
        BY_AGE[2]: garbage(svg),
        BY_AGE[4]: garbage(),
        BY_AGE[5]: garbage(b"\xff\xd8\xff" + bytes(3_000)),
        BY_AGE[7]: redirect("http://elsewhere.example/picture.jpg"),
        BY_AGE[8]: truncated(),
    }
    replica.faults = [_on(name, failure) for name, failure in wrong.items()]
    replica.faults += [_on(BY_AGE[3], redirect("/download/moved.jpg"))]
    ended = keep("-s", "FINEWS_PICTURE_MAXSIZE=2000")
    assert (ended.status, "19 added, 0 unchanged, 0 failed" in ended.output) == (0, True), ended.log
    assert "Traceback" not in ended.log
    assert "4 pictures are stored, 6 failed" in ended.log
    assert f"{image(BY_AGE[5])} has more than 2000 bytes" in ended.log
    assert not replica.unknown
    assert missing(archive) == {image(name) for name in wrong}
    assert files(archive)[kept(archive)[image(BY_AGE[3])]] == jpeg("/download/moved.jpg")
    assert not verify(archive).problems

    replica.requests.clear()
    assert keep("-s", "FINEWS_INTERVAL_SHARE=1000").status == 0
    assert not pictures_asked(replica)
    assert keep("-s", "FINEWS_INTERVAL_SHARE=0", "-s", "FINEWS_ATTEMPTS=1").status == 0
    assert pictures_asked(replica) == [image(BY_AGE[8])]  # the others have said what they are
    replica.faults.clear()
    assert keep("-s", "FINEWS_INTERVAL_SHARE=0").status == 0
    assert not missing(archive)
    assert len(pictures_asked(replica)) == 1 + 6


def test_a_host_without_pictures_is_not_asked_for_all_of_them(
    keep: Crawl, replica: Replica, archive: Path
) -> None:
    replica.faults = [Fault(PICTURE_HOST, "/download/", failure=status(500))]
    ended = keep()
    assert ended.status == 0, ended.log
    assert pictures_asked(replica) == [image(name) for name in BY_AGE[:3]]
    replica.faults.clear()
    replica.requests.clear()
    assert keep("-s", "FINEWS_INTERVAL_SHARE=1000", "-s", "FINEWS_PICTURES=2").status == 0
    assert pictures_asked(replica) == [image(name) for name in BY_AGE[3:5]]


def test_a_host_of_pictures_can_want_to_be_left_alone(
    keep: Crawl, replica: Replica, archive: Path
) -> None:
    replica.faults = [Fault(PICTURE_HOST, "/download/", failure=status(403))]
    assert keep().status == 0
    assert len(pictures_asked(replica)) == 1
    replica.requests.clear()
    ended = keep()
    assert ended.status == 0
    assert f"UTC by {PICTURE_HOST}: " in ended.log
    assert not asked(replica, PICTURE_HOST)

    change_crawl_state(archive, "DELETE FROM blocks")
    forbidding = b"User-agent: *\nDisallow: /download/\n"
    replica.faults = [Fault(PICTURE_HOST, "/robots.txt", failure=garbage(forbidding))]
    assert keep("-s", "FINEWS_INTERVAL_SHARE=0").status == 0
    assert asked(replica, PICTURE_HOST) == [f"https://{PICTURE_HOST}/robots.txt"]


def test_a_crawl_of_a_part_asks_for_the_pictures_of_its_articles(
    crawl: Crawl, keep: Crawl, replica: Replica, tmp_path: Path
) -> None:
    assert crawl("-a", "share=NW202205202300000056", site=None).status == 0
    feed, share = tmp_path / "items.jsonl", "share=NW202205202300000055"
    assert keep("-o", str(feed), "-a", share, site=None).status == 0
    assert pictures_asked(replica) == [image(BY_AGE[5])]
    (item,) = (json.loads(line) for line in feed.read_text(encoding="utf-8").splitlines())
    assert item["info_code"] == "NW202205202300000055"  # pictures are nothing to export


def test_eastmoneys_own_lists_bring_pictures_too(
    keep: Crawl, replica: Replica, archive: Path
) -> None:
    replica.sites = dict(made_up_site(articles=MIN_ARTICLES).sites)
    ended = keep("-s", "FINEWS_FIRST_DAYS=36500", spider="eastmoney")
    assert ended.status == 0, ended.log
    assert kept(archive).keys() == set(pictures_asked(replica))
    assert len(kept(archive)) > 10
    assert not missing(archive)
    assert not asked(replica, CHART_HOST)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_ended_among_the_pictures_the_next_crawl_brings_the_rest(
    how: signal.Signals, keep: Crawl, replica: Replica, archive: Path
) -> None:
    replica.faults = [Fault(PICTURE_HOST, "/download/", failure=delay(0.05))]
    with Forked(
        (
            *(sys.executable, "-m", "scrapy", "crawl", "finews", "--nolog", *NO_DELAYS),
            *("-a", f"site=http://{MIRROR}/"),
        ),
        cwd=ROOT,
        env=os.environ
        | replica.environment
        | {"FINEWS_ARCHIVE": str(archive), "FINEWS_MEDIA": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as crawl:
        while len(pictures_asked(replica)) < 4 and crawl.poll() is None:
            time.sleep(0.005)
        crawl.send_signal(how)
        assert crawl.wait(timeout=60) in {-signal.SIGKILL, 9}
    before = len(pictures_asked(replica))
    assert 4 <= before < len(BY_AGE)
    assert keep().status == 0
    assert len(posts_in(archive)) == 22
    assert not missing(archive)
    assert not verify(archive).problems
    assert len(pictures_asked(replica)) <= len(BY_AGE) + 2  # what was under way is asked for again
    assert not list((archive / ".incoming").iterdir())


PLACES = st.text(st.characters(exclude_categories=["Cs"]))


@given(PLACES, st.sampled_from(["https://", "//", "HTTP:/", ""]), st.sampled_from("/?#\\@:."))
def test_no_address_leads_to_another_host(place: str, scheme: str, mark: str) -> None:
    address = picture_address(f"{scheme}{PICTURE_HOST}{mark}{place}")
    if address and host_of(address) == PICTURE_HOST:
        assert urlsplit(scrapy.Request(address).url).hostname == PICTURE_HOST


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/download/b.jpg", f"https://{PICTURE_HOST}/download/b.jpg"),
        (f"http://{PICTURE_HOST}/b.jpg", f"http://{PICTURE_HOST}/b.jpg"),
        ("//np-newspic.dfcfw.com/b.jpg", "https://np-newspic.dfcfw.com/b.jpg"),
        (f"http://{CHART_HOST}/GetPic.aspx", None),
        (f"ftp://{PICTURE_HOST}/b.jpg", None),
        ("file:///etc/passwd", None),
        ("http://127.0.0.1/", None),
        (f"http://{PICTURE_HOST}:22/", None),
        (f"http://{PICTURE_HOST}@127.0.0.1/", None),
        ("http://[", None),
        ("/a\x00b.jpg", f"https://{PICTURE_HOST}/a%00b.jpg"),
    ],
)
def test_redirects_that_are_followed(location: str, target: str | None) -> None:
    settings = Settings()
    settings.setmodule("settings.base")
    crawler = Crawler(FinewsSpider, settings)
    redirects = RedirectMiddleware.from_crawler(crawler)
    picture = MissingPicture(f"https://{PICTURE_HOST}/a.jpg")
    request = scrapy.Request(picture.address, meta={PICTURE: picture})
    response = Response(request.url, 302, {"Location": location})
    result = redirects.process_response(request, response)
    assert result.url == target if target else result is response


def test_where_none_are_kept_the_pipeline_is_off_without_a_word() -> None:
    settings = Settings()
    settings.setmodule("settings.base")
    with pytest.raises(NotConfigured) as off:
        PicturePipeline.from_crawler(Crawler(FinewsSpider, settings))
    assert not off.value.args  # else Scrapy would warn with it


def test_a_spider_that_may_ask_all_hosts_stays_so() -> None:
    settings = Settings()
    settings.setmodule("settings.base")
    settings.set("FINEWS_MEDIA", True, priority="cmdline")
    pictures = PictureFetches.from_crawler(Crawler(FinewsSpider, settings))
    anybody = scrapy.Spider("fetch")  # as `scrapy fetch` makes one
    pictures.allow_hosts(anybody)
    assert not hasattr(anybody, "allowed_domains")
    anybody.allowed_domains = [MIRROR]
    pictures.allow_hosts(anybody)
    assert {MIRROR, PICTURE_HOST} <= {*anybody.allowed_domains}


def test_a_switch_is_on_or_off(crawl: Crawl, replica: Replica) -> None:
    ended = crawl(FINEWS_MEDIA="maybe")
    assert ended.status == 2
    assert "finews: FINEWS_MEDIA is 'maybe'; it should be 1 or 0." in ended.log
    assert not replica.requests


def _on(name: str, failure: Failure) -> Fault:
    return Fault(PICTURE_HOST, f"/download/{name}", failure=failure)
