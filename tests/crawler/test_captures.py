"""Every version knows the responses that it was made of."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from archive.archive import Archive
from archive.article_id import InfoCode
from archive.capture import Capture
from archive.clock import Clock, utc_now
from archive.integrity.verify import verify
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
from crawler.archive_port import ArchiveInProcess
from demo import exchange as demo_exchange
from demo.faults import Fault, status
from demo.replica import Replica
from tests.conftest import MIRROR, SAMPLES, SHARE_HOSTS, Crawl, posts_in
from tests.support.heads import HEAD
from tests.support.sample_site import rows


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
    with Archive(archive) as opened:
        posts = [
            (post, opened.records_of(post))
            for article in opened.posts()
            for post in opened.editions(InfoCode(article.info_code))
        ]
    assert len(posts) == 22
    in_feed = []
    for post, (answer, page) in posts:
        assert answer.url == json.loads(post.addresses)[0]
        assert answer.payload == sample_answers[post.info_code]
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


def test_an_unchanged_list_is_a_revisit_of_what_it_was(crawl: Crawl, archive: Path) -> None:
    assert crawl().status == 0
    assert crawl().status == 0
    (path,) = warc_files(archive / "warc")
    first, _, again, request = (r for r in read_records(path) if r.url == f"http://{MIRROR}/")
    assert (first.kind, first.status) == ("response", 200)
    assert (again.kind, again.heading, again.payload) == ("revisit", b"", b"")
    assert again.digest == first.digest
    assert "If-None-Match" in dict(request.headers) or "If-Modified-Since" in dict(request.headers)
    with path.open("rb") as file:
        file.seek(again.offset)
        fields = next(ArchiveIterator(file)).rec_headers
    assert fields["WARC-Profile"] == ("http://netpreserve.org/warc/1.1/revisit/server-not-modified")
    assert fields["WARC-Refers-To-Target-URI"] == first.url
    assert fields["WARC-Refers-To-Date"] == first.date
    answers = [
        record
        for record in read_records(path)
        if record.url == fields["WARC-Record-ID"].strip("<>")
    ]
    assert [record.payload.partition(b"\r\n")[0] for record in answers] == [
        b"HTTP/1.1 304 Not Modified"
    ]
    assert not verify(archive).problems


def test_an_unchanged_list_whose_capture_is_not_known_refers_to_its_address(
    crawl: Crawl, archive: Path
) -> None:
    assert crawl("-s", "FINEWS_WARC=False").status == 0
    assert crawl().status == 0
    (path,) = warc_files(archive / "warc")
    again, _ = (r for r in read_records(path) if r.url == f"http://{MIRROR}/")
    assert (again.kind, again.digest) == ("revisit", "")
    assert not verify(archive).problems


@pytest.mark.parametrize(
    ("line_end", "before", "chunked"),
    [
        (b"\r\n", b"", False),
        (b"\n", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", True),
    ],
)
def test_the_head_of_a_response_is_captured_as_it_came(
    crawl: Crawl, replica: Replica, archive: Path, line_end: bytes, before: bytes, chunked: bool
) -> None:
    def send(exchange: demo_exchange.Exchange) -> None:
        body, more = exchange.answer().body, b""
        if chunked:
            half = len(body) // 2
            chunks = (half, body[:half], len(body) - half, body[half:])
            body = b"%x  \r\n%b\r\n%x ;a=b\r\n%b\r\n0 \r\n\r\n" % chunks
            more = b"Transfer-Encoding: chunked\r\n"
        exchange.write((before + HEAD + more + b"\r\n").replace(b"\r\n", line_end) + body)
        exchange.close()

    replica.faults = [Fault(MIRROR, "/category", failure=send)]
    ended = crawl()
    assert ended.status == 0, ended.log
    (path,) = warc_files(archive / "warc")
    pages = [
        record
        for record in read_records(path)
        if record.url.startswith(f"http://{MIRROR}/category") and record.kind == "response"
    ]
    assert pages
    for page in pages:
        assert page.heading + b"\r\n" == HEAD
        headers = dict(page.headers)
        assert headers["X-Folded"] == "one two"
        assert headers["X-Title"].encode("latin-1") == b"\xd0\xc2\xce\xc5"
        assert page.status == 200
    assert not verify(archive).problems
    with path.open("rb") as file:
        read = [record for record in ArchiveIterator(file) if record.rec_type == "response"]
    checked = subprocess.run(
        (Path(sys.executable).with_name("warcio"), "check", path), capture_output=True, check=False
    )
    assert (checked.returncode, len(read) > len(pages)) == (0, True), checked.stdout


def test_captures_can_be_switched_off(crawl: Crawl, archive: Path) -> None:
    assert crawl("-s", "FINEWS_WARC=False").status == 0
    assert rows(archive, "SELECT DISTINCT captures FROM posts") == [("[]",)]
    (path,) = warc_files(archive / "warc")
    kinds = {record.kind for record in read_records(path)}
    assert kinds == {"warcinfo", "conversion", "metadata"}
    assert not verify(archive).problems


class BrokenArchive(ArchiveInProcess):
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
    ended = crawl("-s", "FINEWS_ARCHIVE_CLASS=tests.crawler.test_captures.BrokenArchive")
    assert ended.status == 7, ended.log
    assert "cannot be captured: a bug." in ended.log
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
