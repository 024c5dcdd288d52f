"""Every fault of `matrix.FAULTS` on the mirror and the share API, tried out: many in one crawl,
each on an article of its own."""

import json
import os
import re
import socket
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from archive.integrity.verify import verify
from demo.articles import SHARE_HOSTS, Article
from demo.certificates import Flaw
from demo.faults import Fault
from demo.mirror import MIRROR_HOST, rendered_site
from demo.post import expected_post
from demo.replica import Replica
from demo.share import share_api_site
from demo.site import BUILT, made_up_site
from demo.static import StaticFile, static_site
from tests.conftest import ROOT, crawl_with, posts_in
from tests.faults import crawls
from tests.faults.crawls import LOOK_AT_ALL, MOST_MEMORY, TOMORROW, Ended
from tests.faults.matrix import FAULTS, GONE, MIRRORS, MISSING, Place, Row, page, rows_of
from tests.support.sample_site import rows

WRONG = "its certificate is out of date, another host's or of an issuer not trusted here."


class Site:
    """A mirror with a category for every fault.

    The home page links to the first article of each category. Only the category's page links to
    the second one, which is not in the feed either.
    """

    def __init__(self, faults: int) -> None:
        plain = [
            article
            for article in made_up_site(articles=3 * faults + 60).articles
            if not article.broken and not article.is_rolling and article.share_hosts == SHARE_HOSTS
        ]
        self.firsts = [_filed(article, number) for number, article in enumerate(plain[:faults])]
        self.seconds = [
            _filed(article, number) for number, article in enumerate(plain[faults : 2 * faults])
        ]
        articles = self.firsts + self.seconds
        pages = {**rendered_site(articles, BUILT)}
        for path in ("/index.html", "/feed.xml"):
            pages[path] = rendered_site(self.firsts, BUILT)[path]
        files = {path: StaticFile(text.encode(), BUILT) for path, text in pages.items()}
        share = share_api_site({article.info_code: article.answer for article in articles})
        self.sites = {MIRROR_HOST: static_site(files.get), **dict.fromkeys(SHARE_HOSTS, share)}
        self.posts = {article.file_name: expected_post(article) for article in articles}

    def strike(self, place: Place, row: Row, number: int) -> list[Fault]:
        """Apply a fault at a place, to the category or the second article of this number."""
        article = self.seconds[number]
        target = {
            Place.LIST: f"/category/{article.slug}.html",
            Place.POST: re.compile(rf"/{article.info_code}\.html$"),
            Place.SHARE: re.compile(rf"id={article.info_code}$"),
        }[place]
        hosts = SHARE_HOSTS if place is Place.SHARE else (MIRROR_HOST,)
        return [Fault(host, target, failure=row.failure, times=row.times) for host in hosts]


def _filed(article: Article, number: int) -> Article:
    return replace(article, slug=f"category{number}", tag=f"第{number}类新闻")


def crawl(replica: Replica, archive: Path, *settings: Mapping[str, object]) -> Ended:
    return crawls.crawl(
        replica, archive, ("finews", "-a", f"site=http://{MIRROR_HOST}/"), *settings
    )


def assert_nothing_bad(archive: Path, site: Site, stand_ins: Sequence[Article] = ()) -> None:
    got = posts_in(archive)
    rendered = {article.file_name for article in stand_ins}
    assert got.keys() <= site.posts.keys()
    assert {name: post for name, post in got.items() if site.posts[name] != post}.keys() <= rendered
    assert not verify(archive).problems


def assert_whole(
    replica: Replica, archive: Path, site: Site, *settings: Mapping[str, object]
) -> None:
    replica.faults = []
    crawls.assert_whole(crawl(replica, archive, *settings), archive, site.posts)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "news"


@pytest.fixture(scope="module", params=MIRRORS, ids=lambda place: place.name.lower())
def struck(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Place, Site, Replica, Path, Ended]]:
    """Run a crawl with all faults of a place that do not block its host."""
    place: Place = request.param
    faults = rows_of(place)
    site = Site(len(faults))
    archive = tmp_path_factory.mktemp(place.name) / "news"
    with Replica(site.sites) as replica:
        replica.faults = [
            fault for number, row in enumerate(faults) for fault in site.strike(place, row, number)
        ]
        ended = crawl(replica, archive)
        yield place, site, replica, archive, ended


def test_each_fault_ends_as_the_matrix_says(
    struck: tuple[Place, Site, Replica, Path, Ended],
) -> None:
    place, site, replica, archive, ended = struck
    assert "Traceback" not in ended.log, ended.log
    assert all(fault.struck for fault in replica.faults[:: 3 if place is Place.SHARE else 1])
    assert not replica.unknown
    assert ended.seconds < 60
    assert ended.peak < MOST_MEMORY

    got = posts_in(archive)
    stand_ins = dict(rows(archive, "SELECT info_code, body_provisional FROM posts"))
    expected = Counter[str]()
    for row, article in zip(rows_of(place), site.seconds, strict=True):
        outcome = row.outcomes[place]
        expected.update([outcome.reason] if outcome.reason else [])
        kept = article.file_name in got
        if place is Place.LIST:
            told = f"/category/{article.slug}.html was not read: " in ended.log
            assert (told, kept) == (outcome.reason is not None, outcome.shown == "read"), row.name
        elif place is Place.POST:
            told = f"{article.info_code} is not archived: " in ended.log
            lost = outcome.reason is not None or outcome is GONE
            assert (told, kept) == (lost, not lost), row.name
        else:
            stand_in = bool(stand_ins[article.info_code])
            assert stand_in == (outcome.reason is not None), row.name
    ((status, reasons, failed),) = rows(archive, "SELECT status, reasons, failed FROM crawls")
    assert status == ended.status
    if place is Place.POST:
        assert json.loads(reasons) == expected
        assert (ended.status, failed) == (6, expected.total())
        asked = 2 * len(site.seconds)
        gone = sum(row.outcomes[place] is GONE for row in rows_of(place))
        assert (
            f"{failed} of {asked} articles failed, and the pages of {gone} were removed"
            in ended.log
        )
        added = asked - failed - gone
        assert f"{asked} articles found, {added} added, 0 unchanged, {failed} failed" in (
            ended.output
        )
    else:
        assert (ended.status, failed) == (3 if place is Place.LIST else 4, 0), ended.log
    if place is Place.SHARE:
        asked = 2 * len(site.seconds)
        assert f" of {asked} articles are archived without their own text, because" in ended.log
    if place is Place.LIST:
        lists = expected.total()
        assert (
            f"{lists} lists of the source could not be read; articles may be missed: " in ended.log
        )
        missing = sum(row.outcomes[place] is MISSING for row in rows_of(place))
        assert ended.log.count("which posts link to, does not exist") == missing
    assert_nothing_bad(archive, site, site.seconds if place is Place.SHARE else ())


def test_the_next_crawl_makes_it_whole(struck: tuple[Place, Site, Replica, Path, Ended]) -> None:
    place, site, replica, archive, _ = struck
    assert_whole(replica, archive, site, LOOK_AT_ALL if place is Place.SHARE else {})


BLOCKING = [
    (place, row) for place in (Place.LIST, Place.POST) for row in rows_of(place, blocking=True)
]


@pytest.mark.parametrize(("place", "row"), BLOCKING, ids=lambda value: getattr(value, "name", None))
def test_a_mirror_that_blocks_us_is_left_alone_and_whole_tomorrow(
    place: Place, row: Row, archive: Path
) -> None:
    site = Site(3)
    with Replica(site.sites, faults=site.strike(place, row, 0)) as replica:
        ended = crawl(replica, archive, {"CONCURRENT_REQUESTS_PER_DOMAIN": 1})
        assert ended.status in (3, 6), ended.log
        assert f"UTC by {MIRROR_HOST}: " in ended.log
        assert replica.faults[0].struck == 1
        assert "Traceback" not in ended.log
        assert_nothing_bad(archive, site)
        assert_whole(replica, archive, site, TOMORROW)


def test_share_hosts_that_block_us_are_left_alone_and_the_mirror_stands_in(archive: Path) -> None:
    blocking = rows_of(Place.SHARE, blocking=True)
    site = Site(len(blocking))
    for some in (blocking[:3], blocking[3:]):
        archive = archive.with_name(some[0].name)
        faults = [
            Fault(host, "/NewsData/", failure=row.failure)
            for host, row in zip(SHARE_HOSTS, some, strict=True)
        ]
        with Replica(site.sites, faults=faults) as replica:
            ended = crawl(replica, archive, {"CONCURRENT_REQUESTS_PER_DOMAIN": 1})
            assert ended.status == 0, ended.log
            assert [fault.struck for fault in faults] == [1, 1, 1]
            assert rows(archive, "SELECT DISTINCT body_provisional FROM posts") == [(1,)]
            assert_nothing_bad(archive, site, site.firsts + site.seconds)
            assert_whole(replica, archive, site, TOMORROW, LOOK_AT_ALL)


def test_a_site_that_is_not_reached_changes_nothing(archive: Path) -> None:
    site = Site(1)
    with Replica(site.sites) as replica, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = {"https_proxy": f"http://127.0.0.1:{closed.getsockname()[1]}"}
        crawl = partial(crawl_with(replica, archive), site=f"https://{MIRROR_HOST}/")
        assert crawl().status == 0
        posts = posts_in(archive)
        assert posts == site.posts
        cases: list[tuple[dict[str, Flaw], dict[str, str], str]] = [
            ({MIRROR_HOST: Flaw.EXPIRED}, {}, WRONG),
            ({MIRROR_HOST: Flaw.WRONG_HOST}, {}, WRONG),
            ({}, {"SSL_CERT_FILE": os.devnull}, WRONG),
            ({}, nobody, "its host refuses connections"),
        ]
        for flaws, environment, why in cases:
            replica.requests.clear()
            replica.flaws = flaws
            ended = crawl(**environment)
            told = f"The list https://{MIRROR_HOST}/feed.xml was not read: "
            assert (ended.status, told in ended.log) == (3, True), ended.log
            assert why in ended.log.splitlines()[-1]
            assert not replica.requests
            assert posts_in(archive) == posts
        assert not verify(archive).problems


def test_the_page_of_the_docs_is_what_the_list_makes() -> None:
    assert (ROOT / "docs" / "faults.md").read_text(encoding="utf-8") == page()
    assert len({row.name for row in FAULTS}) == len(FAULTS)
