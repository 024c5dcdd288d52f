"""Replay: what today's page objects would make of everything that was ever fetched."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.article import BodySource
from archive.article_id import InfoCode
from archive.errors import ArchiveError
from archive.integrity.rebuild import rebuild
from archive.integrity.verify import verify
from archive.writing import Outcome
from demo.faults import Fault, status
from demo.replica import Replica
from tests.conftest import SHARE_HOSTS, Crawl, posts_in
from tests.support import fork_server
from tests.support.articles import ARTICLE, CODE, FIRST_VERSION, MIRRORED, POST, Clock, files
from tests.support.catalogs import tables
from tests.support.sample_site import REAL, rows

ANOTHER_TITLE = """
import sys
from crawler.pages import compose, share_answer
import crawler.reparse

read = share_answer.ShareAnswer.text
def text(self, info_code, edition=None):
    import dataclasses
    answer = read(self, info_code, edition)
    if answer.title and answer.title.startswith("他说"):
        return dataclasses.replace(answer, title="改进的标题")
    return answer
share_answer.ShareAnswer.text = text

from scrapy.cmdline import execute
execute(sys.argv)
"""

#: The article that gets another title; it is published as two posts.
QUOTED = "NW202205202300000118"

LOOK_AGAIN = ("-s", "FINEWS_REVISIT_DAYS=36500", "-s", "FINEWS_INTERVAL_SHARE=0")


def replay(
    archive: Path, *arguments: str, changed: bool = False, command: str = "reparse"
) -> subprocess.CompletedProcess[str]:
    start = ("-c", ANOTHER_TITLE) if changed else ("-m", "scrapy")
    return fork_server.run(
        (sys.executable, *start, command, *arguments),
        env=os.environ | {"FINEWS_ARCHIVE": str(archive), "http_proxy": "http://127.0.0.1:9"},
    )


@pytest.fixture
def crawled(crawl: Crawl, replica: Replica, archive: Path) -> Path:
    no_share = f"/NewsData/GetNewsText.do?id={REAL}"
    replica.faults = [Fault(host, no_share, failure=status(404)) for host in SHARE_HOSTS]
    assert crawl().status == 0
    return archive


def test_the_old_name_works_with_one_sentence(tmp_path: Path) -> None:
    with Archive(tmp_path / "news", clock=Clock()) as archive:
        archive.add(ARTICLE)
    ended = replay(tmp_path / "news", command="replay")
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.startswith("finews: scrapy replay is now scrapy reparse; use that name.\n")
    assert "1 have no captures" in ended.stdout


def test_nothing_changes_while_the_page_objects_do_not(crawled: Path) -> None:
    ended = replay(crawled)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == (
        "finews: 22 posts read again, 0 of them would change, 0 could not be read, "
        "0 have no captures.\n"
    )


def test_an_improvement_is_shown_field_by_field_and_can_be_applied(crawled: Path) -> None:
    before = posts_in(crawled)
    shown = replay(crawled, changed=True)
    change = "title: '他说\"半导体\"已推动' → '改进的标题'"
    assert f"{QUOTED}: {change}\n" in shown.stdout
    assert "22 posts read again, 2 of them would change" in shown.stdout
    assert posts_in(crawled) == before

    applied = replay(crawled, "--apply", changed=True)
    assert "2 of them were revised" in applied.stdout
    assert rows(crawled, "SELECT title, version FROM posts WHERE version > 1") == [
        ("改进的标题", 2)
    ]
    assert not verify(crawled).problems
    assert "0 of them were revised" in replay(crawled, "--apply", changed=True).stdout


def test_revisited_payloads_are_read_where_they_were_captured_first(
    crawled: Path, crawl: Crawl, replica: Replica
) -> None:
    replica.faults = []
    assert "1 revised" in crawl().output
    ended = replay(crawled, REAL)
    assert "1 posts read again, 0 of them would change" in ended.stdout


def test_captures_that_are_lost_are_told(crawled: Path) -> None:
    for path in (crawled / "warc").iterdir():
        path.unlink()
    ended = replay(crawled, REAL)
    assert ended.returncode != 0
    assert ended.stderr.count("\n") == 1 or "could not be read" in ended.stdout
    assert "finews-" in ended.stdout + ended.stderr


def test_what_is_not_archived_or_no_code_is_told(crawled: Path) -> None:
    ended = replay(crawled, "NW209912312300000001")
    assert (ended.returncode, "is not in the archive" in ended.stderr) == (1, True)
    ended = replay(crawled, "../../x")
    assert (ended.returncode, "is no id of an article" in ended.stderr) == (2, True)
    with Archive(crawled) as archive:
        assert "is being written by process" in replay(crawled).stderr
        assert archive.has(InfoCode(REAL))


def other_answers(answers: dict[str, bytes]) -> list[Fault]:
    """The share host has other texts than before."""
    return [
        Fault(
            SHARE_HOSTS[0],
            f"/NewsData/GetNewsText.do?id={code}",
            failure=status(200, {"Content-Type": "application/json"}, _edited(answer)),
        )
        for code, answer in answers.items()
    ]


def _edited(answer: bytes) -> bytes:
    facts = json.loads(answer)
    for body in ("text", "content"):
        if facts.get(body):
            facts[body] = facts[body].replace("。", "。。", 1)
    return json.dumps(facts).encode()


def test_what_a_page_said_that_was_not_captured_is_kept(
    crawl: Crawl, replica: Replica, archive: Path, sample_answers: dict[str, bytes]
) -> None:
    assert crawl("-s", "FINEWS_WARC=False").status == 0
    replica.faults = other_answers(sample_answers)
    assert "19 revised" in crawl(*LOOK_AGAIN).output
    before = posts_in(archive)

    assert "22 posts read again, 0 of them would change, 0 could not" in replay(archive).stdout
    applied = replay(archive, "--apply", changed=True)
    assert "22 posts read again, 2 of them were revised" in applied.stdout
    assert len([name for name, post in posts_in(archive).items() if post != before[name]]) == 2
    assert rows(archive, "SELECT title, version FROM posts WHERE version > 2") == [
        ("改进的标题", 3)
    ]


def test_a_body_that_was_not_captured_is_not_replaced_by_the_mirrors(crawled: Path) -> None:
    with Archive(crawled) as archive:
        row = archive.row_of(InfoCode(QUOTED))
        assert row is not None
        article = archive.article_of(row)
        page_only = replace(article, body="<p>新</p>", captures=article.captures[1:])
        assert page_only.captures
        archive.add(page_only)
    before = posts_in(crawled)
    ended = replay(crawled, "--apply", QUOTED)
    assert f"{QUOTED}: No capture of {QUOTED} has the article." in ended.stdout
    assert posts_in(crawled) == before


def test_an_article_asked_for_by_its_share_link_has_no_page(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    assert crawl("-a", f"share={REAL}", site=None).status == 0
    assert "1 posts read again, 0 of them would change" in replay(archive).stdout


def test_a_post_that_is_lost_does_not_stop_the_others(crawled: Path) -> None:
    (lost,) = (crawled / "_posts").rglob(f"*{REAL}.md")
    lost.unlink()
    ended = replay(crawled)
    assert "21 posts read again, 0 of them would change, 1 could not be read" in ended.stdout
    assert (
        f"{REAL}: The post {lost} is lost; run `finews verify --repair {crawled}`" in ended.stdout
    )


def test_a_gone_article_stays_gone_when_it_is_read_again(crawled: Path) -> None:
    with Archive(crawled) as archive:
        archive.mark_gone(InfoCode(QUOTED))
    looked = f"SELECT gone, checked FROM posts WHERE info_code = '{QUOTED}'"  # noqa: S608
    before = rows(crawled, looked)
    assert "2 of them were revised" in replay(crawled, "--apply", changed=True).stdout
    assert rows(crawled, "SELECT title FROM posts WHERE version = 2") == [("改进的标题",)]
    assert rows(crawled, looked) == before
    assert rows(crawled, "SELECT what FROM changes") == [("gone",)]


def test_a_revision_without_a_look_is_journalled(tmp_path: Path) -> None:
    folder = tmp_path / "news"
    with Archive(folder, clock=Clock()) as archive:
        archive.add(ARTICLE)
        archive.mark_gone(CODE)
        stored = archive.row_of(CODE)
        assert stored is not None
        better = replace(ARTICLE, title="更好")
        assert archive.revise(better) is Outcome.REVISED
        revised = archive.row_of(CODE)
        assert revised is not None
        assert (revised.title, revised.version) == ("更好", 2)
        assert (revised.checked, revised.gone) == (stored.checked, stored.gone)
        assert (revised.revised or "") > stored.checked
        assert set(files(folder)) == {POST, FIRST_VERSION}
    before = tables(folder)
    assert [absence[2:] for absence in before["absences"]] == [(stored.gone, None)]
    assert revised.cause == "read_anew"
    assert not verify(folder).problems
    rebuild(folder)
    assert tables(folder) == before
    assert not verify(folder).problems


def test_a_revision_without_a_look_betters_something_or_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "news"
    with Archive(folder, clock=Clock()) as archive:
        with pytest.raises(ArchiveError, match="is not in the archive"):
            archive.revise(ARTICLE)
        archive.add(replace(ARTICLE, body_source=BodySource.MIRROR))
        archive.mark_gone(CODE)
        assert archive.revise(ARTICLE) is Outcome.UNCHANGED  # the same bytes from a better source
        told = tables(folder)
        assert archive.revise(ARTICLE) is Outcome.UNCHANGED
        assert archive.revise(MIRRORED) is Outcome.UNCHANGED
        row = archive.row_of(CODE)
        assert row is not None
        assert (row.body_source, row.version) == ("share_api", 1)
        assert row.gone == row.checked
        assert tables(folder) == told
    before = tables(folder)
    rebuild(folder)
    assert tables(folder) == before
