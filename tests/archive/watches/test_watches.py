"""Watches: what is sent, to whom, when, and never twice."""

import os
import signal
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from archive.archive import Archive
from archive.article import Article
from archive.article_id import InfoCode
from archive.browse.readers import COOKIE, Readers
from archive.errors import ArchiveError, InvalidQuery
from archive.search import Query, parse
from archive.search.language import Field, parts_of
from archive.storage import READER
from archive.watches import CRAWL, Failure, Report, WatchFile, load_watches, report
from archive.watches.ledger import Ledger, read_history
from archive.watches.model import InvalidWatches, watch_lines
from tests.conftest import FINEWS
from tests.support.articles import ARTICLE
from tests.support.receivers import WebReceiver, mail_receiver, web_receiver

START = datetime(2026, 11, 22, 2, tzinfo=UTC)  # ten o'clock in Shanghai
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class SetClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    with web_receiver() as receiver:
        yield receiver


@pytest.fixture
def archive(tmp_path: Path, clock: SetClock) -> Iterator[Archive]:
    with Archive(tmp_path, clock=clock) as archive:
        yield archive


def article(number: int, **changes: object) -> Article:
    code = InfoCode(f"NW2026112201{number:08}")
    return replace(ARTICLE, info_code=code, title=f"标题{number}。", **changes)  # type: ignore[arg-type]


def watching(web: WebReceiver, **tables: object) -> WatchFile:
    channels = {"hook": f"json://127.0.0.1:{web.port}/key-of-the-robot"}
    return WatchFile.model_validate({"language": "en", "channels": channels} | tables)


def test_each_article_of_a_query_is_sent_once(
    archive: Archive, web: WebReceiver, clock: SetClock
) -> None:
    watch = {"name": "巨化", "query": "巨化股份 media:经济观察网", "to": ["hook"]}
    watches = watching(web, watch=[watch])
    archive.add(article(1))
    assert report(archive.folder, watches, clock=clock) == Report()  # a new watch begins now
    archive.add_many([article(2), article(3, body="<p>别的</p>"), article(4, media="财联社")])
    assert report(archive.folder, watches, clock=clock) == Report(messages=1)
    assert report(archive.folder, watches, clock=clock) == Report()
    (body,) = web.bodies
    assert "标题2。" in body
    assert not {"标题1。", "标题3。", "标题4。"} & set(body.split())
    assert ARTICLE.link in body


def test_edits_of_a_class_withdrawals_and_returns_are_sent_with_their_words(
    archive: Archive, web: WebReceiver, clock: SetClock
) -> None:
    figures = {"name": "figures", "events": ["edit"], "classes": ["figures"], "to": ["hook"]}
    gone = {"name": "gone", "events": ["withdrawal", "return"], "to": ["hook"]}
    watches = watching(web, watch=[figures, gone])
    steady, falling = "<p>从此稳步增长。</p>", "<p>从此快速下降。</p>"
    archive.add_many([article(1, body="<p>增长5.3%。</p>"), article(2, body=steady)])
    report(archive.folder, watches, clock=clock)
    clock.now += HOUR
    archive.add_many([article(1, body="<p>增长5.8%。</p>"), article(2, body=falling)])
    archive.mark_gone(article(2).info_code)
    clock.now += HOUR
    archive.add(article(2, body=falling))
    assert report(archive.folder, watches, clock=clock).messages == 2
    edited, withdrawn = web.bodies
    assert "标题1。" in edited
    assert "5.3% → 5.8%" in edited
    assert len(edited.splitlines()) == 1
    assert withdrawn.count("标题2。") == 2


def test_a_message_goes_by_mail_and_by_ntfy(
    archive: Archive, web: WebReceiver, clock: SetClock
) -> None:
    with mail_receiver() as (port, mails):
        channels = {
            "mail": f"mailto://reader:secret@127.0.0.1:{port}?mode=insecure&smtp=127.0.0.1"
            "&from=finews@example.com&to=reader@example.com",
            "phone": f"ntfy://127.0.0.1:{web.port}/finews?mode=private",
        }
        to = ["mail", "phone"]
        watches = watching(web, channels=channels, watch=[{"name": "all", "to": to}])
        report(archive.folder, watches, clock=clock)
        archive.add(article(7))
        assert report(archive.folder, watches, clock=clock) == Report(messages=2)
    (mail,) = mails
    assert mail["Subject"] == "finews: all"
    assert "标题7。" in mail.get_content()
    assert web.messages[0]["topic"] == "finews"
    assert "标题7。" in web.bodies[0]


def test_the_limit_of_an_hour_counts_the_others(
    archive: Archive, web: WebReceiver, clock: SetClock
) -> None:
    watches = watching(web, watch=[{"name": "all", "to": ["hook"], "per_hour": 3}])
    report(archive.folder, watches, clock=clock)
    archive.add_many([article(number) for number in range(10)])
    report(archive.folder, watches, clock=clock)
    assert web.bodies[0].splitlines()[3:] == ["and 7 more"]
    archive.add(article(11))
    clock.now += 59 * MINUTE
    assert report(archive.folder, watches, clock=clock).messages == 0
    clock.now += 2 * MINUTE
    report(archive.folder, watches, clock=clock)
    assert [len(body.splitlines()) for body in web.bodies] == [4, 1]


def test_quiet_hours_and_digests(archive: Archive, web: WebReceiver, clock: SetClock) -> None:
    quiet = {"name": "quiet", "to": ["hook"], "quiet": "22:30-07:00"}
    digest = {"name": "digest", "to": ["hook"], "digest": ["08:30", "18:00"]}
    watches = watching(web, watch=[quiet, digest])
    report(archive.folder, watches, clock=clock)
    sent = {}
    for number in range(30):  # from ten o'clock, each hour
        archive.add(article(number))
        before = len(web.messages)
        report(archive.folder, watches, clock=clock)
        for message in web.messages[before:]:
            hour = clock.now + 8 * HOUR
            sent[message["title"], f"{hour:%d %H}"] = len(message["message"].splitlines())
        clock.now += HOUR
    digests = {at: lines for (title, at), lines in sent.items() if title == "finews: digest"}
    assert digests == {"22 18": 9, "23 09": 15}
    hours = [at for title, at in sent if title == "finews: quiet"]
    assert hours == [f"22 {hour}" for hour in range(10, 23)] + [
        f"23 {hour:02}" for hour in range(7, 16)
    ]
    assert sent["finews: quiet", "23 07"] == 9


def test_a_channel_that_fails_is_tried_again_with_pauses_and_told_elsewhere(
    archive: Archive, web: WebReceiver, clock: SetClock
) -> None:
    with web_receiver() as other:
        channels = {
            "hook": f"json://127.0.0.1:{web.port}/key-of-the-robot",
            "other": f"json://127.0.0.1:{other.port}/x",
        }
        watches = watching(
            web,
            channels=channels,
            watch=[{"name": "all", "to": ["hook"]}],
            failures={"to": ["hook", "other"]},
        )
        report(archive.folder, watches, clock=clock)
        archive.add(article(1))
        web.status, tries = 500, []
        for _ in range(66):
            if failing := report(archive.folder, watches, clock=clock).failing:
                tries.append(clock.now)
                assert "key-of-the-robot" not in failing["hook"]
                assert "500" in failing["hook"]
            clock.now += MINUTE
        pauses = [(later - earlier) // MINUTE for earlier, later in pairwise(tries)]
        assert pauses == [1, 2, 4, 8, 16, 32]
        assert len(other.bodies) == 1
        assert "hook" in other.bodies[0]
        web.status = 200
        web.messages.clear()
        clock.now += 6 * HOUR
        report(archive.folder, watches, clock=clock)
        assert len(web.messages) == 1
        assert "标题1。" in web.bodies[0]
        report(archive.folder, watches, clock=clock)
        assert len(other.bodies) == 2  # it is over


def test_a_month_of_cron_sends_each_failure_once_and_its_end(
    archive: Archive, web: WebReceiver, clock: SetClock
) -> None:
    """Bans, changes of layout, a full disk and a silence; a crawl every four hours."""
    silence = {"name": "财联社", "query": "media:财联社", "silence": "5h", "to": ["hook"]}
    watches = watching(web, watch=[silence], failures={"to": ["hook"], "per_hour": 500})
    banned = Failure("SOURCE_UNREACHABLE", "push2 answers 403.")
    layout = Failure("LAYOUT_CHANGED", "The layout has changed.")
    full = Failure("STORAGE_FAILED", "The disk is full.")
    troubles = {  # from, until (hours), source, what
        (20, 24): ("finews", banned),
        (24, 32): ("finews", layout),  # the same trouble shows another cause
        (100, 130): ("cls", layout),
        (300, 304): ("finews", full),
        (300, 308): ("cls", full),
    }
    silent = range(500, 512)
    number = 0
    for hour in range(0, 31 * 24, 4):
        clock.now = START + hour * HOUR
        if hour not in silent:
            number += 1
            archive.add(article(number, media="财联社"))
        now: Mapping[str, Failure] = {
            source: failure
            for (begin, end), (source, failure) in troubles.items()
            if begin <= hour < end
        }
        outcomes = {CRAWL + source: now.get(source) for source in ("finews", "cls")}
        report(archive.folder, watches, outcomes, clock)
    lines = [line for body in web.bodies for line in body.splitlines()]
    assert lines == [
        "push2 answers 403.",
        "The layout has changed.",
        "Over: the failure of the crawl of finews.",
        "The layout has changed.",
        "Over: the failure of the crawl of cls.",
        "The disk is full.",
        "The disk is full.",
        "Over: the failure of the crawl of finews.",
        "Over: the failure of the crawl of cls.",
        "财联社: no article has arrived since 12-13 02:00.",
        "Over: the silence of 财联社.",
    ]


def test_a_dead_mans_switch_is_pinged_by_crawls_that_succeed(
    archive: Archive, web: WebReceiver, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PING", f"http://127.0.0.1:{web.port}/ping/finews")
    watches = watching(web, pings={"finews": "env:PING", "*": f"http://127.0.0.1:{web.port}/rest"})
    failed = Failure("ERROR", "It failed.")
    report(archive.folder, watches, {"crawl/finews": None, "crawl/cls": None}, clock)
    report(archive.folder, watches, {"crawl/finews": failed, "crawl/cls": failed}, clock)
    assert web.paths == ["/ping/finews", "/rest"]
    monkeypatch.delenv("PING")
    failing = report(archive.folder, watches, {"crawl/finews": None}, clock).failing
    assert failing == {"ping finews": "the environment variable PING is not set"}


@pytest.mark.parametrize("path", ["/a b/key-of-the-switch", ":port/key-of-the-switch"])
def test_a_ping_that_is_no_address_is_a_failure_without_its_secret(
    archive: Archive, web: WebReceiver, clock: SetClock, path: str
) -> None:
    watches = watching(web, pings={"*": f"http://127.0.0.1{path}"})
    failing = report(archive.folder, watches, {"crawl/cls": None}, clock).failing
    assert list(failing) == ["ping cls"]
    assert "key-of-the-switch" not in failing["ping cls"]


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("quiet", "22:00+08:00-07:00", "watch.0.quiet is no period of a day"),
        ("quiet", "22:00-22:00", "watch.0.quiet is no period of a day"),
        ("digest", [8], "watch.0.digest.0 is no time of a day"),
        ("digest", ["08:30+09:00"], "watch.0.digest.0 is no time of a day"),
        ("digest", "08:30", "watch.0.digest should be a list"),
        ("name", "a\nb", "watch.0.name String should match pattern"),
    ],
)
def test_a_watch_that_is_wrong_is_named(
    tmp_path: Path, key: str, value: object, sentence: str
) -> None:
    watch = {"name": "a", "to": ["mail"], key: value}
    path = tmp_path / "watches.toml"
    path.write_text(tomli_w.dumps({"channels": {"mail": "json://x"}, "watch": [watch]}), "utf-8")
    with pytest.raises(InvalidWatches, match=sentence):
        load_watches(path)


def test_a_kill_between_sending_and_noting_misses_nothing(
    archive: Archive, web: WebReceiver, clock: SetClock, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("watches") / "watches.toml"
    file.write_text(
        f"""language = "en"
        channels.hook = "json://127.0.0.1:{web.port}"
        watch = [{{name = "all", to = ["hook"], per_hour = 500}}]"""
    )
    watches = load_watches(file)
    report(archive.folder, watches)
    command = [*FINEWS, "watch", "--archive", str(archive.folder), "--watches", str(file)]
    for number in range(int(os.environ.get("FINEWS_KILLS", "2"))):
        archive.add(article(number))
        web.messages.clear()
        with subprocess.Popen(command) as process:
            web.on_message = lambda _, process=process: process.kill()  # type: ignore[misc]
            assert process.wait() == -signal.SIGKILL
        web.on_message = lambda _: None
        assert report(archive.folder, watches) == Report(messages=1, interrupted=1)
        first, again = web.bodies
        assert f"标题{number}。" in first
        assert again == f"{first} (may have been sent before)"
        assert report(archive.folder, watches) == Report()


def test_a_lost_ledger_begins_anew(archive: Archive, web: WebReceiver, clock: SetClock) -> None:
    watches = watching(web, watch=[{"name": "all", "to": ["hook"]}])
    report(archive.folder, watches, clock=clock)
    archive.add(article(1))
    (archive.folder / READER).unlink()
    assert report(archive.folder, watches, clock=clock) == Report()
    assert read_history(archive.folder / READER, 9) == []


def test_an_older_catalog_hides_nothing_that_comes_after_it(
    archive: Archive, web: WebReceiver, clock: SetClock, tmp_path_factory: pytest.TempPathFactory
) -> None:
    watches = watching(web, watch=[{"name": "all", "to": ["hook"]}])
    with Archive(tmp_path_factory.mktemp("restored"), clock=clock) as restored:
        report(archive.folder, watches, clock=clock)
        archive.add_many([article(1), article(2)])
        assert report(archive.folder, watches, clock=clock) == Report(messages=1)
        (archive.folder / READER).rename(restored.folder / READER)
        assert report(restored.folder, watches, clock=clock) == Report()
        restored.add(article(3))
        assert report(restored.folder, watches, clock=clock) == Report(messages=1)
    assert "标题3。" in web.bodies[-1]


def test_what_readers_mark_stays_in_the_same_file(
    archive: Archive, web: WebReceiver, clock: SetClock
) -> None:
    readers = Readers(archive.folder)
    reader = readers.identify({}, {COOKIE: readers.cookie("somebody")})
    archive.add(article(1))
    readers.star(reader, article(1).info_code, starred=True)
    watches = watching(web, watch=[{"name": "all", "to": ["hook"]}])
    report(archive.folder, watches, clock=clock)
    archive.add(article(2))
    assert report(archive.folder, watches, clock=clock).messages == 1
    readers.annotate(reader, article(1).info_code, "看过", "茅台")
    again = Readers(archive.folder).identify({}, {COOKIE: readers.cookie("somebody")})
    assert again.marks[article(1).info_code].starred
    (archive.folder / READER).write_bytes(b"broken" * 1000)
    with pytest.raises(ArchiveError, match="restore it from a backup"):
        Ledger(archive.folder / READER)


@given(st.text(min_size=1, max_size=120), st.sampled_from(["", "财联社", 'A "B" C', "甲 | 乙)"]))
def test_the_lines_for_a_search_find_what_the_search_finds(q: str, media: str) -> None:
    try:
        query = Query.from_parameters({"q": q, "media": media, "day": "2026-11-22"})
        written = query.written
    except InvalidQuery:
        return
    if not written:
        return
    lines = f'channels.mail = "env:MAIL"\n{watch_lines(written)}'
    (watch,) = WatchFile.model_validate(tomllib.loads(lines)).watch
    wanted = {*parts_of(parse(query.q)), *([Field("media", media)] if media else [])}
    assert set(parts_of(parse(watch.query))) == wanted
    assert watch.to == ("mail",)


def test_a_search_is_written_in_its_language() -> None:
    query = Query(
        q="銀行 OR 保险", media="财 联社", security="1.600519", source="cls", month="2026-11"
    )
    assert query.written == '(银行 OR 保险) media:"财 联社" security:1.600519 source:cls'
    assert query.changed(q='-5% "A股 大涨"').written.startswith('-5% "a股 大涨" media:')
    assert Query(q="銀行 OR 保险", day="2026-11-22").written == "銀行 OR 保险"
    assert Query(category="cailianshe", q="银行").written == Query(media='甲 "乙" 丙').written == ""
