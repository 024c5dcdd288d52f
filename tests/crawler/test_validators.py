"""No server hides articles behind a 304, and no other catalog's validators are believed."""

import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest

from demo.exchange import Answer, Request, Site
from demo.replica import Replica
from tests.conftest import MIRROR, SOURCES, Crawl, crawl_with, posts_in
from tests.support.sample_site import rows

HIDDEN = "202205202300000055"
FOREVER = {"ETag": '"always"', "Last-Modified": "Fri, 20 May 2022 00:00:00 GMT"}
AHEAD = {"Last-Modified": "Sat, 16 Nov 2041 19:11:00 GMT"}


class Stubborn:
    """The mirror with one post more from some day on, and a server that says it is the same.

    :param validators: that all lists have.
    """

    def __init__(self, site: Site, validators: Mapping[str, str]) -> None:
        self._site = site
        self._validators = validators
        self.hides = True
        self.always_unmodified = False

    def __call__(self, request: Request) -> Answer:
        answer = self._site(request)
        assert isinstance(answer, Answer)
        if not request.path.endswith(("/", ".xml")) and "/category/" not in request.path:
            return answer
        asked = {name.lower() for name in request.headers}
        if self.always_unmodified or asked & {"if-none-match", "if-modified-since"}:
            return Answer(HTTPStatus.NOT_MODIFIED, b"", self._validators)
        body = answer.body.decode()
        if self.hides:
            body = re.sub(rf"<li><a href=\"[^\"]*{HIDDEN}[^<]*</a></li>", "", body)
        kept = {name: answer.headers[name] for name in ("Content-Type",)}
        return replace(answer, body=body.encode(), headers={**kept, **self._validators})


def crawl_of(sites: Mapping[str, Site], mirror: Site, archive: Path) -> tuple[Replica, Crawl]:
    replica = Replica({**sites, MIRROR: mirror})
    return replica, crawl_with(replica, archive, SOURCES)


@pytest.mark.parametrize("validators", [FOREVER, AHEAD], ids=["forever", "ahead"])
def test_a_list_is_read_without_conditions_once_a_day(
    sample_sites: Mapping[str, Site], archive: Path, validators: Mapping[str, str]
) -> None:
    mirror = Stubborn(sample_sites[MIRROR], validators)
    replica, crawl = crawl_of(sample_sites, mirror, archive)
    with replica:
        assert crawl().status == 0
        assert not any(HIDDEN in name for name in posts_in(archive))
        mirror.hides = False
        crawl()
        hidden = not any(HIDDEN in name for name in posts_in(archive))
        assert hidden == (validators is FOREVER)  # what lies ahead is no condition at all
        later = crawl("-s", "FINEWS_UNCONDITIONAL_HOURS=0")
        assert later.status == 0, later.log
        assert any(HIDDEN in name for name in posts_in(archive))
        told = "though its server says that it has not changed" in later.log
        assert told == (validators is FOREVER)


def test_a_304_that_nobody_asked_for_is_a_list_that_was_not_read(
    sample_sites: Mapping[str, Site], archive: Path
) -> None:
    mirror = Stubborn(sample_sites[MIRROR], FOREVER)
    mirror.always_unmodified = True
    replica, crawl = crawl_of(sample_sites, mirror, archive)
    with replica:
        for _ in range(2):
            ended = crawl()
            assert ended.status == 3
            assert "answered 304 to a request without conditions" in ended.log
        assert crawl("-a", "category=jingjiguanchawang").status == 3


def test_validators_of_another_catalog_are_worth_nothing(
    sample_sites: Mapping[str, Site], archive: Path, tmp_path: Path
) -> None:
    """As when an older catalog comes back from a backup."""
    mirror = Stubborn(sample_sites[MIRROR], FOREVER)
    replica, crawl = crawl_of(sample_sites, mirror, archive)
    with replica:
        assert crawl("-a", "category=jingjiguanchawang").status == 0
        old = shutil.copytree(archive, tmp_path / "old")
        time.sleep(1)  # a backup is older than what it lacks, by the whole seconds of crawls' times
        assert crawl().status == 0
        everything = posts_in(archive)
        state = (archive / "crawl-state.db").read_bytes()
        shutil.rmtree(archive)
        shutil.copytree(old, archive)
        (archive / "crawl-state.db").write_bytes(state)
        assert crawl().status == 0
    assert posts_in(archive) == everything
    assert rows(archive, "SELECT count(*) FROM posts WHERE gone IS NOT NULL") == [(0,)]
