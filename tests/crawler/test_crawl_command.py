"""`scrapy crawl` refuses, before any request, what can be known to be wrong."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from archive.archive import Archive
from archive.article import SHANGHAI
from archive.article_id import InfoCode
from archive.integrity.verify import verify
from crawler.settings_check import check_settings, prefer_environment, rename_settings
from demo.articles import MIN_ARTICLES
from demo.faults import Fault, delay
from demo.replica import Replica
from demo.site import made_up_site
from settings import base, fast
from tests.conftest import MIRROR, NO_DELAYS, ROOT, Crawl, posts_in
from tests.support import fork_server
from tests.support.children import Child
from tests.support.processes import processes_of
from tests.support.waiting import wait_until_gone

SPIDERS = SpiderLoader.from_settings(Settings({"SPIDER_MODULES": base.SPIDER_MODULES})).list()


def articles_in(archive: Path) -> int:
    """How many articles have posts in an archive: some have two."""
    return len({InfoCode.from_address(name) for name in posts_in(archive)})


@pytest.mark.parametrize("name", SPIDERS)
def test_every_spider_starts_and_does_its_job(
    name: str, replica: Replica, archive: Path, crawl: Crawl
) -> None:
    replica.sites = dict(made_up_site(articles=MIN_ARTICLES, built=datetime.now(SHANGHAI)).sites)
    ended = crawl(spider=name)
    assert ended.status == 0, ended.log
    assert posts_in(archive)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("-a", "since=yesterday"), "since should be a date"),
        (
            ("-a", "foo=1"),
            "foo is not known here. The spider finews takes the arguments site, category",
        ),
        (("-s", "FINEWS_SOURCES=/no/such.toml"), "Could not read the sources /no/such.toml"),
        (("-a", "share=/no/such/file"), "'/no/such/file' is neither: there is no such file."),
        (("-s", "DOWNLOAD_DELAY=abc"), "DOWNLOAD_DELAY is 'abc'; it should be a number."),
        (("-s", "DOWNLOAD_DELAY=-1"), "DOWNLOAD_DELAY is '-1'; it should not be negative."),
        (("-s", "DOWNLOAD_TIMEOUT=nan"), "DOWNLOAD_TIMEOUT is 'nan'; it should be a number."),
        (("-s", "FINEWS_PICTURES=1.5"), "FINEWS_PICTURES is '1.5'; it should be a whole number."),
        (("-s", "ROBOTSTXT_OBEY=maybe"), "ROBOTSTXT_OBEY is 'maybe'; it should be 1 or 0."),
        (("-s", "FINEWS_MEDIA=maybe"), "FINEWS_MEDIA is 'maybe'; it should be 1 or 0."),
        (("-s", "LOG_LEVEL=FOO"), "LOG_LEVEL is 'FOO'; it should be DEBUG, INFO, WARNING, ERROR"),
        (("--loglevel", "loud"), "LOG_LEVEL is 'loud'; it should be "),
        (("-s", "FINEWS_ARCHVE=/x"), "There is no setting FINEWS_ARCHVE; FINEWS_ARCHIVE may be"),
        (("-s", "FINEWS_LEXICON=/no.csv"), "FINEWS_LEXICON is '/no.csv', which cannot be read: "),
        (("-s", "FINEWS_LEXICON=Makefile"), "Makefile should have the columns code, name, "),
        (("-s", "FINEWS_COLOUR=red"), "There is no setting FINEWS_COLOUR."),
        (
            ("-s", "FINEWS_ARCHIVE_CLASS=crawler.archive_port.Nobody"),
            "FINEWS_ARCHIVE_CLASS is 'crawler.archive_port.Nobody'",
        ),
    ],
)
def test_a_wrong_call_is_one_sentence_and_no_request(
    crawl: Crawl, replica: Replica, archive: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    ended = crawl("-s", "LOG_LEVEL=WARNING", *arguments)
    assert ended.status == 2
    assert complaint in ended.log
    assert len(ended.log.splitlines()) == 1
    assert not replica.requests
    assert not archive.exists()


def test_old_names_of_settings_work_with_one_sentence_each(crawl: Crawl, archive: Path) -> None:
    old = ("FINEWS_KEEPER=crawler.keeper.ArchiveBeside", "FINEWS_PATIENCE=7")
    ended = crawl(*(word for setting in old for word in ("-s", setting)))
    assert ended.status == 0, ended.log
    assert posts_in(archive)
    sentences = re.findall(r"WARNING: (The setting .* is now .*);", ended.log)
    assert sentences == [
        "The setting FINEWS_KEEPER is now FINEWS_ARCHIVE_CLASS",
        "The setting FINEWS_PATIENCE is now FINEWS_SILENT_AFTER_FAILURES",
    ]


def test_values_of_old_names_are_taken_over() -> None:
    settings = Settings()
    settings.setmodule("settings.base")
    settings.set("FINEWS_PATIENCE", "7", priority="cmdline")
    settings.set("FINEWS_KEEPER", "crawler.keeper.ArchiveBeside", priority="project")
    settings.set("FINEWS_REVISIT_SHARE", 1, priority="project")
    assert len(list(rename_settings(settings))) == 3
    assert settings.getint("FINEWS_SILENT_AFTER_FAILURES") == 7
    assert settings["FINEWS_ARCHIVE_CLASS"] == fast.FINEWS_ARCHIVE_CLASS
    assert settings.getfloat("FINEWS_INTERVAL_SHARE") == 1
    check_settings(settings)


def test_the_environment_overrides_the_project_and_not_the_command_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FINEWS_ARCHIVE", "of the environment")
    settings = Settings()
    for named, priority in (("of the project", "project"), ("of the command line", "cmdline")):
        settings.set("FINEWS_ARCHIVE", named, priority)
        prefer_environment(settings)
        assert (settings["FINEWS_ARCHIVE"] == named) == (priority == "cmdline")


@pytest.mark.parametrize("pages", ["0", "x", "-1", "1.5", ""])
def test_a_wrong_number_of_pages_is_one_sentence(
    crawl: Crawl, replica: Replica, pages: str
) -> None:
    ended = crawl("-a", f"pages={pages}", "-s", "LOG_LEVEL=WARNING", spider="eastmoney")
    assert ended.status == 2
    assert ended.log == (
        f"finews: pages should be how many pages of each list are read, such as 2, not {pages!r}. "
        "The spider eastmoney takes the arguments column, security, since, pages.\n"
    )
    assert not replica.requests


def test_a_misspelt_variable_is_told(crawl: Crawl, replica: Replica) -> None:
    ended = crawl("-s", "LOG_LEVEL=WARNING", FINEWS_ARCHVE="/x")
    assert (ended.status, ended.log) == (
        2,
        "finews: There is no variable FINEWS_ARCHVE; FINEWS_ARCHIVE may be meant.\n",
    )
    assert not replica.requests


def test_an_unknown_spider_is_told(crawl: Crawl) -> None:
    ended = crawl(spider="nosuch")
    assert ended.status == 2
    assert "There is no spider 'nosuch'; there is chinanews, cls, eastmoney, finews, " in ended.log


@pytest.mark.parametrize("project", ["nosuch", ""])
def test_an_unknown_scrapy_project_is_told(crawl: Crawl, replica: Replica, project: str) -> None:
    ended = crawl(SCRAPY_PROJECT=project)
    assert ended.status == 2
    assert f"SCRAPY_PROJECT is {project!r}, which scrapy.cfg does not name" in ended.log
    assert not replica.requests


def test_outside_of_a_project_is_told(tmp_path: Path) -> None:
    ended = fork_server.run((sys.executable, "-m", "scrapy", "crawl", "finews"), cwd=tmp_path)
    assert ended.returncode == 2
    assert "This folder is in no Scrapy project" in ended.stderr


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("[mirror", "are not TOML"),
        ("[mirror]\nsite = 'ftp://x'\n", "mirror.site should be an address"),
        ("[mirror]\nfeed = 'feed.xml'\n", "mirror.feed should be a path such as /feed.xml"),
        ("[mirror]\ncategory = '/category/'\n", "mirror.category should have {slug}"),
        ("[mirrors]\n", "mirrors is not known here"),
    ],
)
def test_wrong_sources_are_told_by_entry(
    crawl: Crawl, tmp_path: Path, content: str, complaint: str
) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text(content, encoding="utf-8")
    ended = crawl("-s", f"FINEWS_SOURCES={sources}")
    assert ended.status == 2
    assert str(sources) in ended.log
    assert complaint in ended.log


def test_an_archive_in_use_is_told(crawl: Crawl, replica: Replica, archive: Path) -> None:
    with Archive(archive):
        ended = crawl()
    assert ended.status == 8
    assert f"{archive} is being written by process {os.getpid()}" in ended.log
    assert not replica.requests


def test_an_archive_that_cannot_be_opened_is_told(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    archive.write_bytes(b"a file")
    ended = crawl()
    assert ended.status == 7
    assert f"{archive} must be a folder, but is a file; move it away." in ended.log
    assert not replica.requests


def test_the_archive_can_be_chosen_by_setting_too(crawl: Crawl, tmp_path: Path) -> None:
    assert crawl("-s", f"FINEWS_ARCHIVE={tmp_path / 'other'}").status == 0
    assert len(posts_in(tmp_path / "other")) == 22


@contextmanager
def half_way(
    replica: Replica, archive: Path, seconds: float, *arguments: str
) -> Iterator[Child[str]]:
    """A crawl that has stored something. Each answer takes so many seconds from then on."""
    replica.faults = [Fault("*", failure=delay(0.1))]
    environment = os.environ | {"http_proxy": replica.proxy_url, "FINEWS_ARCHIVE": str(archive)}
    site = ("-a", f"site=http://{MIRROR}/")
    with Child(
        (sys.executable, "-m", "scrapy", "crawl", "finews", *site, *NO_DELAYS, *arguments),
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as crawl:
        while not list(archive.glob("_posts/**/*.md")):
            time.sleep(0.05)
        replica.faults = [Fault("*", failure=delay(seconds))]
        yield crawl


def test_interrupted_once_what_is_in_flight_is_stored_and_told(
    replica: Replica, archive: Path
) -> None:
    with half_way(replica, archive, 0.1) as crawl:
        crawl.send_signal(signal.SIGINT)
        output, log = crawl.communicate(timeout=60)
    assert crawl.returncode == 9, log
    assert "The crawl was ended early (shutdown)" in log
    with Archive(archive) as kept:
        assert 0 < len(kept) == articles_in(archive) < 19
    assert f"{articles_in(archive)} added" in output


@pytest.mark.parametrize("keeper", ["ArchiveInProcess", "ArchiveInSubprocess"])
def test_interrupted_twice_it_waits_for_nothing_and_says_so(
    replica: Replica, archive: Path, keeper: str
) -> None:
    named = ("-s", f"FINEWS_ARCHIVE_CLASS=crawler.archive_port.{keeper}")
    with half_way(replica, archive, 20, *named) as crawl:
        time.sleep(0.3)
        processes = processes_of(crawl.pid)
        for _ in range(2):
            crawl.send_signal(signal.SIGINT)
            time.sleep(0.5)
        _, log = crawl.communicate(timeout=10)
    assert crawl.returncode == 9, log
    assert "finews: The crawl was interrupted; the next one requests again what was not" in log
    assert "Traceback" not in log
    wait_until_gone(*processes)
    assert not verify(archive).problems
    with Archive(archive) as kept:
        assert len(kept) == articles_in(archive)
