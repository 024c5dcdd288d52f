"""Every version knows the responses that it was made of."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive.archive import Clock, utc_now
from archive.capture import Capture
from archive.verify import verify
from archive.warc import (
    CaptureWriter,
    Exchange,
    Record,
    find_file,
    finished_name,
    read_record,
    read_records,
    warc_files,
)
from crawler.keeper import ArchiveHere
from demo.faults import Fault, status
from demo.replica import Replica
from tests.conftest import MIRROR, SAMPLES, SHARE_HOSTS, Crawl, posts_in
from tests.crawler.test_sample_site import rows


def captured(archive: Path, captures: str) -> list[Record]:
    known: list[dict[str, Any]] = json.loads(captures)
    return [
        read_record(find_file(archive / "warc", capture["file"]), capture["offset"])
        for capture in known
    ]


def test_every_post_names_its_answer_and_its_page(
    crawl: Crawl, replica: Replica, archive: Path, sample_answers: dict[str, bytes]
) -> None:
    assert crawl().status == 0
    posts = rows(archive, "SELECT info_code, captures, addresses FROM post_files")
    assert len(posts) == 22
    in_feed = []
    for info_code, captures, addresses in posts:
        answer, page = captured(archive, captures)
        assert answer.url == json.loads(addresses)[0]
        assert answer.payload == sample_answers[info_code]
        path = page.url.removeprefix(f"http://{MIRROR}/").replace("%20", " ")
        assert page.payload == (SAMPLES / "site" / path).read_bytes()
        in_feed.append(path == "feed.xml")
    assert sum(in_feed) == 10
    assert not verify(archive).problems

    records = [record for path in warc_files(archive / "warc") for record in read_records(path)]
    asked = [entry.request.url for entry in replica.requests]
    assert sorted(record.url for record in records if record.kind == "request") == sorted(asked)


def test_an_article_of_the_mirror_names_its_page(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    replica.faults = [Fault(host, "/NewsData/", failure=status(404)) for host in SHARE_HOSTS]
    assert crawl().status == 0
    for (captures,) in rows(archive, "SELECT captures FROM post_files"):
        (page,) = captured(archive, captures)
        assert page.url.startswith(f"http://{MIRROR}/")
    replica.faults = []
    assert crawl().status == 0
    superseded = rows(archive, "SELECT captures FROM revisions")
    assert len(superseded) == 22
    for (captures,) in superseded:
        assert len(captured(archive, captures)) == 1
    assert not verify(archive).problems


def test_the_same_page_again_is_a_revisit(crawl: Crawl, archive: Path) -> None:
    assert crawl().status == 0
    (archive / "crawl-state.db").unlink()
    assert crawl().status == 0
    (path,) = warc_files(archive / "warc")
    home = [r for r in read_records(path) if r.url == f"http://{MIRROR}/"]
    assert [record.kind for record in home] == ["response", "request", "revisit", "request"]


def test_captures_can_be_switched_off(crawl: Crawl, archive: Path) -> None:
    assert crawl("-s", "FINEWS_WARC=False").status == 0
    assert rows(archive, "SELECT DISTINCT captures FROM posts") == [("[]",)]
    (path,) = warc_files(archive / "warc")
    kinds = {record.kind for record in read_records(path)}
    assert kinds == {"warcinfo", "conversion", "metadata"}
    assert not verify(archive).problems


class BrokenKeeper(ArchiveHere):
    """An archive that fails at every answer, by an error of its own."""

    def __init__(self, folder: Path, *, clock: Clock = utc_now) -> None:
        super().__init__(folder, clock=clock)
        self._captures = _BrokenWriter(folder / "warc", clock(), find_payload=lambda _: None)


class _BrokenWriter(CaptureWriter):
    def capture(self, exchange: Exchange) -> Capture:
        raise ValueError("a bug")


def test_an_answer_that_cannot_be_kept_is_no_fault_of_the_source(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    ended = crawl("-s", "FINEWS_KEEPER=tests.crawler.test_captures.BrokenKeeper")
    assert ended.status == 7, ended.log
    assert "cannot be kept: a bug." in ended.log
    assert "could not be reached" not in ended.log
    assert "forbids nothing" not in ended.log
    assert {entry.request.url.rpartition("/")[2] for entry in replica.requests} == {"robots.txt"}


def test_foreign_files_beside_the_captures_stop_nothing(
    crawl: Crawl, archive: Path, sample_posts: dict[str, bytes]
) -> None:
    assert crawl().status == 0
    (opened,) = warc_files(archive / "warc")
    whole = opened.rename(opened.with_name(finished_name(opened)))
    today = f"{datetime.now(UTC):%Y%m%d}"
    names = [
        *(f"finews-{today}-before-update", f"finews-{today}-00002 (1)", f"finews-{today}-x"),
        *("finews-99999999-99999", "finews-20991231-00001-copy", f"a-{today}-00007", "backup"),
    ]
    foreign = [archive / "warc" / f"{name}.warc.gz{end}" for name in names for end in ("", ".part")]
    for path in foreign:
        path.write_bytes(whole.read_bytes()[:-3])
    (archive / "warc" / f"finews-{today}-old").mkdir()
    kept = {path: path.read_bytes() for path in foreign}
    ended = crawl()
    assert ended.status == 0, ended.log
    assert posts_in(archive) == sample_posts
    assert {path: path.read_bytes() for path in foreign} == kept
    told = "\n".join(map(str, verify(archive).problems))
    assert all(path.name in told for path in foreign)
    for path in foreign:
        path.unlink()
    assert not verify(archive).problems
