"""The writer: what comes twice changes nothing, what comes wrong takes nothing with it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from archive.article import Article
from archive.article_id import InfoCode
from archive.capture import Capture
from archive.crawl_state import CrawlState, FailedAttempt
from archive.integrity.verify import verify
from archive.warc import find_file, read_record
from cluster.messages import ARCHIVED, Batch, Brief
from cluster.writing import BatchWriter
from crawler.declarations import Entry
from crawler.items import Checked, Gone, Listed
from crawler.listed_facts import ListedEntry, ListedFacts
from tests.support.articles import ARTICLE, CODE, Clock, files, rows
from tests.support.captures import exchange
from tests.support.declared_articles import CLS_FLASH, EXTRACTED, THS
from tests.support.listed_facts import LISTED

CRAWL = "0123456789abcdef"
HOUR = timedelta(hours=1)
PAGE = exchange(b"an answer", "http://share.test/api?id=1")
SENT = replace(
    ARTICLE,
    addresses=("http://share.test/api?id=1",),
    captures=(Capture(url="http://share.test/api?id=1", file=CRAWL, offset=7, fetched="then"),),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "news"


@pytest.fixture
def writer(folder: Path) -> Iterator[BatchWriter]:
    with BatchWriter(folder, clock=Clock()) as writer:
        yield writer


def brief(writer: BatchWriter, *hosts: str) -> Brief:
    """The facts of a new crawl, as they arrive at a worker."""
    facts = json.loads(json.dumps(writer.brief([*hosts], **ABOUT)))
    return Brief.model_validate(facts)


def batch(number: int, **content: Any) -> str:
    return Batch(crawl=CRAWL, number=number, **content).model_dump_json()


def articles(number: int, *sent: Article) -> str:
    return batch(number, articles=list(sent), exchanges=[(7, PAGE)])


BEGIN = batch(0, begin={"spider": "finews", "arguments": {"category": "x"}})
ARTICLES = articles(1, SENT)


def end(batches: int, **memory: Any) -> str:
    counts = {"found": 2, "added": 0, "revised": 0, "unchanged": 1, "gone": 0, "failed": 0}
    ended = {"status": 0, "verdict": "Done.", "counts": counts | {"asked": 1}, "batches": batches}
    return batch(batches, end=ended, memory=memory)


def everything(folder: Path) -> tuple[object, ...]:
    captures = {path.name: path.read_bytes() for path in (folder / "warc").iterdir()}
    tables = [rows(folder, f"SELECT * FROM {name}") for name in ("posts", "crawls", "payloads")]  # noqa: S608
    return files(folder), captures, tables


def test_articles_and_exchanges_are_the_same_after_the_wire() -> None:
    sent = Batch.model_validate_json(ARTICLES)
    assert sent.exchanges == [(7, PAGE)]
    assert sent.articles == [SENT]
    events = [Listed(CODE, ("600519",)), Gone(CODE), Checked(CODE, settled=False)]
    assert Batch.model_validate_json(batch(1, events=events)).events == events


def test_a_crawl_of_batches_is_archived_with_what_it_was_made_of(
    writer: BatchWriter, folder: Path
) -> None:
    for told in (BEGIN, ARTICLES, end(2)):
        writer.write(told)
    (post,) = rows(folder, "SELECT info_code, captures FROM posts")
    assert post["info_code"] == CODE
    (capture,) = [Capture(**facts) for facts in json.loads(post["captures"])]
    assert read_record(next((folder / "warc").iterdir()), capture.offset).payload == PAGE.body
    (crawl,) = rows(folder, "SELECT * FROM crawls")
    assert (crawl["status"], crawl["verdict"]) == (0, "Done.")
    assert (crawl["found"], crawl["added"], crawl["unchanged"]) == (2, 1, 1)
    assert crawl["arguments"] == '{"category": "x"}'


def test_every_batch_may_come_twice(writer: BatchWriter, folder: Path) -> None:
    batches = (BEGIN, ARTICLES, end(2))
    for told in batches:
        writer.write(told)
    before = everything(folder)
    for told in (*batches, *reversed(batches)):
        writer.write(told)
    assert everything(folder) == before


def test_an_exchange_that_comes_with_two_batches_is_kept_once(
    writer: BatchWriter, folder: Path
) -> None:
    other = replace(SENT, info_code=InfoCode("NW202112292230175549"))
    writer.write(BEGIN)
    writer.write(ARTICLES)
    writer.write(articles(2, other))
    captures = {post["captures"] for post in rows(folder, "SELECT captures FROM posts")}
    assert len(captures) == 1


def test_a_refused_article_takes_no_other_with_it(writer: BatchWriter, folder: Path) -> None:
    broken = replace(SENT, info_code=InfoCode("NW202112292230175549"), tag=None)
    writer.write(BEGIN)
    writer.write(articles(1, broken, SENT))
    writer.write(end(2))
    assert len(rows(folder, "SELECT * FROM posts")) == 1
    (crawl,) = rows(folder, "SELECT added, failed FROM crawls")
    assert crawl == {"added": 1, "failed": 1}


VALIDATORS = [
    {
        "url": "http://site.test/",
        "etag": '"1"',
        "last_modified": None,
        "payload": None,
        "read": "2026-11-22T19:00:00+00:00",
    }
]


@pytest.mark.parametrize(("sent", "kept"), [(2, VALIDATORS), (3, [])])
def test_lists_count_as_read_when_all_batches_are_here(
    sent: int, kept: list[object], writer: BatchWriter, folder: Path
) -> None:
    writer.write(BEGIN)
    writer.write(ARTICLES)
    writer.write(end(sent, validators=VALIDATORS))
    assert brief(writer, "site.test").memory["validators"] == kept
    (crawl,) = rows(folder, "SELECT status, verdict FROM crawls")
    if kept:
        assert crawl == {"status": 0, "verdict": "Done."}
    else:
        missing = "1 batches of the crawl did not reach the archive."
        assert crawl == {"status": 7, "verdict": missing}


ABOUT: Any = {
    "spider": "finews",
    "arguments": {},
    "due": {"share": 0.0, "days": 30000.0, "limit": 50},
}


def test_rows_of_a_newer_release_keep_what_is_known(writer: BatchWriter, folder: Path) -> None:
    rows_of_it = [{"url": "http://site.test/", "etag": '"2"', "last_modified": None, "new": 1}]
    writer.write(BEGIN)
    writer.write(end(1, validators=rows_of_it, somethings=[{"key": 1}]))
    assert brief(writer, "site.test").memory["validators"] == [
        VALIDATORS[0] | {"etag": '"2"', "read": None}
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"crawl": [CRAWL], "number": 1},
        {"crawl": CRAWL, "number": {"a": 1}},
        {"crawl": CRAWL, "number": 1, "version": 3},
        {"crawl": CRAWL, "number": 1, "of_a_newer_release": True},
        {"crawl": CRAWL, "number": 1, "begin": {"spider": {"a": 1}, "arguments": {}}},
        {"crawl": CRAWL, "number": 1, "exchanges": [[1, "no exchange"]]},
        {},
        [],
        None,
    ],
)
def test_what_is_no_batch_is_refused_whole(writer: BatchWriter, wrong: object) -> None:
    with pytest.raises(ValidationError):
        writer.write(json.dumps(wrong))


def test_a_brief_is_about_its_hosts(writer: BatchWriter, tmp_path: Path) -> None:
    state = CrawlState(tmp_path / "other.db")
    now = datetime(2026, 11, 22, 20, tzinfo=UTC)
    for host in ("share.test", "elsewhere.test"):
        state.block(host, "it answered 403", now, HOUR, HOUR)
        failed = FailedAttempt(InfoCode("1" * 18), "No.", f"http://{host}/1.html")
        state.failed(failed, now)
    writer.write(BEGIN)
    writer.write(ARTICLES)
    writer.write(batch(2, memory=state.all()))
    state.close()

    facts = brief(writer, "share.test")
    assert [row["host"] for row in facts.memory["blocks"]] == ["share.test"]
    ((row, (article,)),) = facts.due
    assert (row.info_code, article.body) == (CODE, SENT.body)
    assert facts.categories == [("经济观察网", "jingjiguanchawang", "经济观察网新闻")]
    other = brief(writer, "site.test")
    assert other.memory["blocks"] == []
    assert other.due == []


def test_looks_and_failures_reach_the_archive(writer: BatchWriter, folder: Path) -> None:
    writer.write(BEGIN)
    writer.write(ARTICLES)
    failed = {"url": None, "times": 1, "first": "2026-11-22T00:00:00+00:00", "reason": "No."}
    failed |= {"last": failed["first"]}
    codes = [str(CODE), "NW202112292230175549"]
    failures = [failed | {"info_code": code} for code in codes]
    looks = [Gone(CODE), Gone(InfoCode("NW202112292230175549"))]
    writer.write(batch(2, events=looks, memory={"failures": failures}))
    (post,) = rows(folder, "SELECT gone FROM posts")
    assert post["gone"]
    # The one that is archived by now did not fail.
    kept = brief(writer).memory["failures"]
    assert [row["info_code"] for row in kept] == ["NW202112292230175549"]


OF_A_DECLARED_LIST = ListedEntry(
    source="ths",
    list="flash",
    address=PAGE.url,
    entry=Entry(id="1", address=PAGE.url),
    captures=(),
)


@pytest.mark.parametrize("listed", [LISTED, OF_A_DECLARED_LIST], ids=lambda one: type(one).__name__)
def test_what_a_list_told_of_a_failure_names_where_its_answer_is_kept(
    writer: BatchWriter, folder: Path, listed: ListedFacts | ListedEntry
) -> None:
    (here,) = SENT.captures
    earlier = replace(here, file="finews-20261121-00000.warc.gz")
    told = replace(listed, captures=(here, earlier)).as_json(tuple)
    failed = {"info_code": LISTED.facts.info_code, "url": None, "times": 1, "reason": "No."}
    failed |= dict.fromkeys(("first", "last"), "2026-11-22T00:00:00+00:00")
    for batch in (BEGIN, ARTICLES, end(2, failures=[failed | {"told": told}])):
        writer.write(batch)
    (kept,) = brief(writer).memory["failures"]
    again = type(listed).of_json(kept["told"])
    assert again is not None
    placed, other = again.captures
    assert read_record(find_file(folder / "warc", placed.file), placed.offset).payload == PAGE.body
    assert other == earlier
    assert replace(again, captures=()) == replace(listed, captures=())


def test_the_archive_stays_sound(folder: Path) -> None:
    with BatchWriter(folder) as writer:
        for told in (BEGIN, ARTICLES, articles(2, SENT), end(3)):
            writer.write(told)
    assert not verify(folder).problems


def test_a_crawl_whose_run_has_ended_gets_no_facts(writer: BatchWriter) -> None:
    assert writer.brief([], **ABOUT, run="ended, or cancelled") is None


@pytest.mark.parametrize("article", [THS, CLS_FLASH, EXTRACTED], ids=str)
def test_articles_of_any_source_are_the_same_after_the_wire(
    folder: Path, writer: BatchWriter, article: Article
) -> None:
    writer.write(BEGIN)
    writer.write(batch(1, articles=[article]))
    writer.write(batch(2, events=[Gone(article.info_code)]))
    (row,) = rows(folder, "SELECT info_code, source, gone FROM posts")
    assert (row["info_code"], row["source"]) == (article.info_code, article.source)
    assert row["gone"]
    found = ARCHIVED.validate_python(json.loads(json.dumps(writer.article(article.info_code))))
    assert found[1] == [article]
