"""An archive that a process of its own writes ends like any other."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from archive.archive import Archive
from archive.article import Article
from archive.article_id import InfoCode
from archive.background.placement import Places, provisional
from archive.background.proxy import SubprocessArchive
from archive.capture import Capture
from archive.errors import ArchiveError, ArchiveLocked, InvalidArticle
from archive.integrity.verify import verify
from archive.storage.images import InvalidPicture
from archive.warc import read_record, read_records, warc_files
from archive.writing.commit import Outcome
from tests.conftest import ROOT, posts_in
from tests.support.articles import ARTICLE, CODE, MIRRORED
from tests.support.captures import exchange
from tests.support.catalogs import tables
from tests.support.children import Child
from tests.support.declared_articles import CLS_FLASH, THS
from tests.support.processes import lives, processes_of
from tests.support.waiting import wait_until_gone

NOON = partial(datetime, 2026, 11, 22, 12, tzinfo=UTC)
OTHER = InfoCode("NW202112292230175549")


def article(code: InfoCode, *captures: Capture) -> Article:
    return replace(ARTICLE, info_code=code, captures=captures)


def crawl(archive: Archive | SubprocessArchive) -> Iterator[Any]:
    """All that crawls write, and what they are told."""
    number = archive.begin_crawl("finews", {"site": "http://site.test/"})
    yield number
    page, answer = (archive.capture(exchange(body)) for body in (b"page", b"answer" * 1000))
    yield archive.add_many([MIRRORED, article(OTHER, answer, page)])
    yield archive.add_many([article(CODE, archive.capture(exchange(b"better")), page)])
    yield archive.mark_listed(CODE, ["1.600160"])
    archive.mark_checked(OTHER, settled=False)
    archive.mark_gone(CODE)
    yield archive.has(CODE), archive.slug_of(OTHER), archive.category_of("某网"), len(archive)
    archive.capture(exchange(b"of no article"))
    archive.end_crawl(number, 0, "All went well.", {"found": 2, "added": 2})
    yield archive.history()


def without_offsets(told: str) -> str:
    """Where a capture is depends on the records' names before it, which are random."""
    return re.sub(r'(offset\\+": ?|gz", )\d+', "", told)


def catalog_of(folder: Path) -> str:
    return without_offsets(json.dumps(tables(folder)))


def records_of(folder: Path) -> list[tuple[str, str | None, str]]:
    (path,) = warc_files(folder / "warc")
    return [
        (record.kind, record.url, without_offsets(record.payload.decode()))
        for record in read_records(path)
    ]


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[SubprocessArchive]:
    with SubprocessArchive(tmp_path / "news") as archive:
        yield archive


def writers() -> list[int]:
    """The processes that this one has started for archives beside it."""
    return [
        process
        for process in processes_of(os.getpid())
        if b"archive.background.process" in Path(f"/proc/{process}/cmdline").read_bytes()
    ]


def writer() -> int:
    """The only one."""
    (process,) = writers()
    return process


def test_it_ends_like_one_that_is_written_here(tmp_path: Path) -> None:
    here, beside = tmp_path / "here", tmp_path / "beside"
    with Archive(here, clock=NOON) as archive:
        told = list(crawl(archive))
    with SubprocessArchive(beside, clock=NOON) as other:
        assert list(crawl(other)) == told
    assert not verify(beside).problems
    assert catalog_of(beside) == catalog_of(here)
    assert posts_in(beside) == posts_in(here)
    assert records_of(beside) == records_of(here)


def test_a_capture_gets_its_place_when_it_is_asked_for(beside: SubprocessArchive) -> None:
    captures = [beside.capture(exchange(body)) for body in (b"one", b"two", b"one")]
    assert beside.add_many([article(CODE, *captures)]) == [Outcome.ADDED]
    late = beside.capture(exchange(b"late"))
    placed = beside.placed([*captures, late])
    assert beside.placed(placed) == placed
    (path,) = warc_files(beside.folder / "warc")
    kept = [read_record(path, capture.offset) for capture in placed]
    assert [record.kind for record in kept] == ["response", "response", "revisit", "response"]
    assert [record.payload for record in kept if record.payload] == [b"one", b"two", b"late"]
    (row,) = beside.posts([CODE])
    assert [Capture(**capture) for capture in json.loads(row.captures)] == list(placed[:3])


def test_exchanges_do_not_wait_for_an_article_for_ever(beside: SubprocessArchive) -> None:
    for number in range(12):
        beside.capture(exchange(os.urandom(100_000), f"http://site.test/{number}"))
    warc = beside.folder / "warc"
    deadline = time.monotonic() + 30
    while sum(path.stat().st_size for path in warc.iterdir()) < 1_000_000:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_places_of_several_files() -> None:
    places = Places()
    for file, offset in (("a", 1), ("a", 5), ("b", 0), ("b", 3)):
        places.add(file, offset)
    found = [places.of(provisional(number, url="u", fetched="f")) for number in range(4)]
    assert [(capture.file, capture.offset) for capture in found] == [
        *(("a", 1), ("a", 5), ("b", 0), ("b", 3))
    ]
    assert places.of(found[0]) is found[0]
    with pytest.raises(IndexError):
        places.of(provisional(4, url="u", fetched="f"))


def test_what_is_refused_is_refused_in_the_same_words(beside: SubprocessArchive) -> None:
    article_without_category = replace(ARTICLE, category=None, tag=None)
    with pytest.raises(InvalidArticle) as here, Archive(beside.folder / "here") as archive:
        archive.add(article_without_category)
    with pytest.raises(InvalidArticle, match=re.escape(str(here.value))):
        beside.add_many([article_without_category])
    with pytest.raises(InvalidPicture):
        beside.store_picture("http://x/1.jpg", b"no picture")
    assert beside.add_many([ARTICLE]) == [Outcome.ADDED]


def test_one_process_at_a_time_writes(beside: SubprocessArchive) -> None:
    with pytest.raises(ArchiveLocked, match=f"by process {writer()};"):
        Archive(beside.folder)
    with pytest.raises(ArchiveLocked, match=f"by process {writer()};"):
        SubprocessArchive(beside.folder)


def test_a_disk_that_refuses_is_told_in_the_same_words(beside: SubprocessArchive) -> None:
    place = beside.folder / "_posts"
    place.write_text("in the way")
    with pytest.raises(ArchiveError, match=f"{place} must be a folder, but is a file"):
        beside.add_many([ARTICLE])
    place.unlink()
    assert beside.add_many([ARTICLE]) == [Outcome.ADDED]


def test_what_could_not_be_captured_has_no_place(beside: SubprocessArchive) -> None:
    warc = beside.folder / "warc"
    warc.rmdir()
    warc.write_text("in the way")
    lost = beside.capture(exchange(b"lost"))
    with pytest.raises(ArchiveError, match=f"Could not use {warc}"):
        beside.add_many([ARTICLE])
    warc.unlink()
    warc.mkdir()
    kept = beside.capture(exchange(b"kept"))
    assert beside.add_many([article(CODE, kept)]) == [Outcome.ADDED]
    told = r"The response of http://site\.test/\S* could not be stored\."
    with pytest.raises(ArchiveError, match=told):
        beside.placed([kept, lost])
    with pytest.raises(ArchiveError, match=told):
        beside.add_many([article(OTHER, lost)])


def test_whoever_is_told_to_stop_it_is_not_the_writer(tmp_path: Path) -> None:
    with SubprocessArchive(tmp_path) as archive:
        process = writer()
        assert os.getpgid(process) != os.getpgid(0)
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            os.kill(process, number)
        assert archive.add_many([ARTICLE]) == [Outcome.ADDED]
    assert not lives(process)


def test_a_writer_that_is_killed_is_told_in_a_sentence(tmp_path: Path) -> None:
    archive = SubprocessArchive(tmp_path)
    archive.add_many([ARTICLE])
    os.kill(writer(), signal.SIGKILL)
    told = r"The process that writes the archive has ended.* next crawl requests again"
    archive.capture(exchange(b"lost"))
    with pytest.raises(ArchiveError, match=told):
        archive.add_many([article(OTHER)])
    assert archive.has(CODE)
    with pytest.raises(ArchiveError, match=told):
        archive.close()
    assert not writers()
    assert not verify(tmp_path).problems
    with Archive(tmp_path) as after:
        assert [row.info_code for row in after.posts()] == [CODE]


def test_a_writer_that_is_killed_in_the_middle_of_an_answer_is_told_likewise(
    beside: SubprocessArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(HALF_A_MESSAGE)
    theirs.shutdown(socket.SHUT_WR)
    with theirs, Connection(ours.detach()) as pipe, monkeypatch.context() as patch:
        patch.setattr(beside, "_pipe", pipe)
        with pytest.raises(ArchiveError, match="The process that writes the archive has ended"):
            beside.add_many([ARTICLE])


HALF_A_MESSAGE = b"\0\0\1\0half"

SCRIPT = f"""
import os, sys, time
from pathlib import Path
from archive.background.proxy import SubprocessArchive
from tests.support.articles import ARTICLE
from tests.support.captures import exchange

archive = SubprocessArchive(Path(sys.argv[1]))
archive.add_many([ARTICLE])
if sys.argv[2:]:
    os.write(archive._pipe.fileno(), {HALF_A_MESSAGE!r})
print("added", flush=True)
while True:
    archive.capture(exchange(b"and so on"))
"""


@pytest.mark.parametrize("when", ["", "in the middle of a message"])
def test_a_crawl_that_is_killed_takes_the_writer_with_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], when: str
) -> None:
    script = (sys.executable, "-c", SCRIPT, str(tmp_path), *when.split())
    with Child(script, cwd=ROOT, stdout=subprocess.PIPE, text=True) as crawling:
        assert crawling.stdout is not None
        assert crawling.stdout.readline() == "added\n"
        (process,) = processes_of(crawling.pid)
        crawling.kill()
    wait_until_gone(process)
    assert not capfd.readouterr().err
    assert not verify(tmp_path).problems
    with Archive(tmp_path) as after:
        assert after.has(CODE)


def test_articles_of_any_source_go_through_the_process(tmp_path: Path) -> None:
    with SubprocessArchive(tmp_path, clock=NOON) as archive:
        assert archive.add_many([THS, CLS_FLASH]) == [Outcome.ADDED, Outcome.ADDED]
        assert archive.has(THS.info_code)
        archive.mark_gone(CLS_FLASH.info_code)
        assert archive.editions_of(THS.info_code) == [THS]
    assert verify(tmp_path).problems == []
