"""Every version knows the responses that it was made of."""

import json
from pathlib import Path
from typing import Any

from archive.verify import verify
from archive.warc import Record, find_file, read_record, read_records, warc_files
from demo.faults import Fault, status
from demo.replica import Replica
from tests.conftest import MIRROR, SAMPLES, SHARE_HOSTS, Crawl
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
