"""The archive: once, to the byte, nothing lost, with its history."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from archive.archive import Archive
from archive.article import SHANGHAI, Article, BodySource
from archive.article_id import InfoCode
from archive.categories import Category
from archive.clock import utc_now
from archive.content.front_matter import format_post, parse_post
from archive.errors import ArchiveError, ArchiveLocked
from archive.integrity.rebuild import rebuild
from archive.integrity.repair import repair
from archive.integrity.verify import Wrong, verify
from archive.writing import Outcome
from tests.support.articles import (
    ARTICLE,
    CODE,
    FIRST_VERSION,
    MIRRORED,
    POST,
    Clock,
    Killed,
    files,
    kill,
    rows,
)
from tests.support.captures import exchange


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "news"


@pytest.fixture
def archive(folder: Path) -> Iterator[Archive]:
    with Archive(folder, clock=Clock()) as archive:
        yield archive


def test_an_article_is_there_once_however_often_it_is_added(archive: Archive, folder: Path) -> None:
    assert not archive.has(CODE)
    assert archive.add(ARTICLE) is Outcome.ADDED
    assert archive.add(ARTICLE) is Outcome.UNCHANGED
    assert archive.add_many([ARTICLE, ARTICLE]) == [Outcome.UNCHANGED] * 2
    assert files(folder) == {POST: format_post(ARTICLE)}
    assert len(archive) == 1
    assert archive.has(CODE)


def test_the_catalog_knows_what_the_post_says(archive: Archive, folder: Path) -> None:
    archive.add(ARTICLE)
    (row,) = rows(folder, "SELECT * FROM posts")
    assert row | {"sha256": "", "bytes": 0} == {
        "id": 1,
        "info_code": CODE,
        "title": "标题",
        "published": "2021-12-29T17:34:39+08:00",
        "media": "经济观察网",
        "category": "jingjiguanchawang",
        "tag": "经济观察网新闻",
        "digest": None,
        "text": "央行巨化股份",
        "length": 6,
        "pictures": '["http://x/1.jpg"]',
        "body_source": "share_api",
        "body_provisional": 0,
        "link": ARTICLE.link,
        "addresses": '["http://api/", "http://page/"]',
        "captures": "[]",
        "path": POST,
        "sha256": "",
        "bytes": 0,
        "version": 1,
        "first_seen": "2026-11-22T14:00:00Z",
        "checked": "2026-11-22T14:00:00Z",
        "revised": None,
        "gone": None,
        "stock_list": "[]",
        "source": "eastmoney",
        "author": None,
        "lang": None,
        "precision": "second",
        "extractor": None,
        "mentioned": "[]",
        "flags": "[]",
        "keywords": "[]",
        "modified": None,
        "cause": "first_seen",
        "edits": "[]",
    }
    assert rows(folder, "SELECT * FROM categories") == [
        {"media": "经济观察网", "slug": "jingjiguanchawang", "tag": "经济观察网新闻"}
    ]
    assert rows(folder, "SELECT * FROM securities") == [
        {"code": "1.600160", "market": 1, "symbol": "600160", "name": "巨化股份", "kind": "share"}
    ]
    assert rows(folder, "SELECT security, info_code FROM mentions") == [
        {"security": "1.600160", "info_code": CODE}
    ]


def test_a_post_is_read_back(archive: Archive) -> None:
    archive.add(ARTICLE)
    (row,) = archive.posts([CODE])
    assert archive.article_of(row).body == ARTICLE.body
    assert archive.row_of(InfoCode("NW209912292230175548")) is None


def test_a_changed_article_is_a_revision_and_the_old_version_stays(
    archive: Archive, folder: Path
) -> None:
    changed = replace(ARTICLE, title="新标题", body="<p>新</p>")
    archive.add(ARTICLE)
    assert archive.add(changed) is Outcome.REVISED
    assert files(folder) == {POST: format_post(changed), FIRST_VERSION: format_post(ARTICLE)}
    (row,) = rows(folder, "SELECT id, version, title, first_seen, revised FROM posts")
    assert list(row.values()) == [1, 2, "新标题", "2026-11-22T14:00:00Z", "2026-11-22T15:00:00Z"]
    (revision,) = rows(folder, "SELECT version, path, body_source, superseded FROM revisions")
    assert list(revision.values()) == [1, FIRST_VERSION, "share_api", "2026-11-22T15:00:00Z"]
    assert rows(folder, "SELECT * FROM mentions") == []

    assert archive.add_many([ARTICLE, changed]) == [Outcome.REVISED] * 2
    assert [row["version"] for row in rows(folder, "SELECT version FROM revisions")] == [1, 2, 3]
    assert len(files(folder)) == 4


def test_a_new_publication_date_moves_the_post(archive: Archive, folder: Path) -> None:
    moved = replace(ARTICLE, published=ARTICLE.published + timedelta(days=40))
    archive.add(ARTICLE)
    assert archive.add(moved) is Outcome.REVISED
    assert files(folder) == {
        "_posts/2022/02/2022-02-07-NW202112292230175548.md": format_post(moved),
        FIRST_VERSION: format_post(ARTICLE),
    }
    (mention,) = rows(folder, "SELECT published FROM mentions")
    assert mention["published"].startswith("2022-02-07")


def due(archive: Archive, days: float = 3) -> list[str]:
    return [row.info_code for row in archive.due(share=0.5, days=days, limit=10)]


def test_early_years_have_four_digits(archive: Archive, folder: Path) -> None:
    early = replace(ARTICLE, published=datetime(900, 1, 2, 3, 4, 5, tzinfo=SHANGHAI))
    archive.add(early)
    ((path, data),) = files(folder).items()
    assert path == f"_posts/0900/01/0900-01-02-{CODE}.md"
    assert b"\ndate: 0900-01-02 03:04:05 +0800\n" in data
    post = parse_post(data, Path(path).name)
    assert (post.published, post.problems) == (early.published, ())


def test_the_crawls_of_an_hour_are_found_by_an_index(archive: Archive, folder: Path) -> None:
    sql = "EXPLAIN QUERY PLAN SELECT 1 FROM crawls WHERE ended >= '2026' AND ended < '2027'"
    (step,) = rows(folder, sql)
    assert "USING INDEX" in step["detail"] or "USING COVERING INDEX" in step["detail"]


def test_the_mirrors_body_gives_way_to_the_share_apis_and_never_returns(
    archive: Archive, folder: Path
) -> None:
    archive.add(replace(MIRRORED, body_provisional=True))
    assert due(archive) == [CODE]
    assert archive.add(ARTICLE) is Outcome.REVISED
    assert due(archive) == []
    assert archive.add(MIRRORED) is Outcome.UNCHANGED
    assert archive.add(replace(MIRRORED, body_provisional=True)) is Outcome.UNCHANGED
    assert due(archive) == []
    assert files(folder)[POST] == format_post(ARTICLE)


def test_a_body_that_no_share_host_has_is_settled(archive: Archive) -> None:
    archive.add(replace(MIRRORED, body_provisional=True))
    assert archive.add(MIRRORED) is Outcome.UNCHANGED
    assert due(archive) == []


@pytest.mark.parametrize("years", [1, 36, 7973])
def test_a_post_that_is_dated_ahead_is_looked_at_like_any_other(folder: Path, years: int) -> None:
    clock = Clock()
    begun = clock.now
    ahead = replace(ARTICLE, published=begun.replace(year=begun.year + years))
    looks = []
    with Archive(folder, clock=lambda: clock.now) as archive:
        archive.add(ahead)
        while clock.now - begun < timedelta(days=5):
            clock.now += timedelta(minutes=5)
            if due(archive):
                looks.append(clock.now - begun)
                archive.add(ahead)
        assert not due(archive)
    assert 6 <= len(looks) <= 14
    assert looks[-1] <= timedelta(days=3)


def test_looks_thin_out_with_age(folder: Path) -> None:
    clock = Clock()
    published = clock.now - timedelta(minutes=10)
    looks = []
    with Archive(folder, clock=lambda: clock.now) as archive:
        archive.add(replace(ARTICLE, published=published))
        while clock.now - published < timedelta(days=5):
            clock.now += timedelta(minutes=5)
            if due(archive):
                looks.append(clock.now - published)
                archive.add(replace(ARTICLE, published=published))
    assert 6 <= len(looks) <= 10
    assert looks[-1] <= timedelta(days=3)
    assert all(later >= 2 * sooner for sooner, later in pairwise(looks))


def test_an_article_that_is_taken_down_stays_and_its_return_is_noted(
    archive: Archive, folder: Path
) -> None:
    archive.add(ARTICLE)
    archive.mark_gone(CODE)
    archive.mark_gone(CODE)
    assert rows(folder, "SELECT gone, checked FROM posts") == [
        {"gone": "2026-11-22T15:00:00Z", "checked": "2026-11-22T16:00:00Z"}
    ]
    assert files(folder) == {POST: format_post(ARTICLE)}
    archive.add(ARTICLE)
    assert rows(folder, "SELECT gone FROM posts") == [{"gone": None}]
    assert rows(folder, "SELECT at, what FROM changes") == [
        {"at": "2026-11-22T15:00:00Z", "what": "gone"},
        {"at": "2026-11-22T17:00:00Z", "what": "returned"},
    ]


def test_what_changed_is_noted(archive: Archive, folder: Path) -> None:
    body = '<p>增长5.3%<a data-code="1,600160">巨化股份</a></p>'
    other = '<p>增长5.8%<a data-code="0,300750">宁德时代</a></p>'
    archive.add(replace(ARTICLE, body=body))
    for changed in (
        replace(ARTICLE, body=body.replace("<p>", "<p >")),
        replace(ARTICLE, body=other, title="新"),
    ):
        archive.add(changed)
    assert [list(row.values()) for row in rows(folder, "SELECT at, what FROM changes")] == [
        ["2026-11-22T16:00:00Z", "figures"],
        ["2026-11-22T16:00:00Z", "securities"],
        ["2026-11-22T16:00:00Z", "title"],
        ["2026-11-22T16:00:00Z", "wording"],
    ]


def test_the_same_bytes_from_a_better_source_are_marked_so(archive: Archive, folder: Path) -> None:
    archive.add(replace(ARTICLE, body_source=BodySource.MIRROR))
    assert archive.add(ARTICLE) is Outcome.UNCHANGED
    assert rows(folder, "SELECT body_source FROM posts") == [{"body_source": "share_api"}]


def test_a_media_keeps_the_slug_that_it_was_first_seen_with(archive: Archive, folder: Path) -> None:
    assert archive.category_of("厦门日报") == Category("shamenribao", "厦门日报新闻")
    archive.add(replace(ARTICLE, category="xiamenribao", tag="厦门日报新闻"))
    assert archive.category_of("厦门日报").slug == "xiamenribao"
    other = InfoCode("NW202112292230175549")
    archive.add(replace(ARTICLE, info_code=other, category="shamenribao", tag="厦门日报新闻"))
    assert archive.category_of("厦门日报").slug == "xiamenribao"


def test_a_security_keeps_its_latest_name(archive: Archive, folder: Path) -> None:
    archive.add(ARTICLE)
    for body in ('<a data-code="1,600160">巨化</a>', '<a data-code="1,600160"></a>x'):
        archive.add(replace(ARTICLE, body=body))
    assert rows(folder, "SELECT name FROM securities") == [{"name": "巨化"}]


def test_an_unchanged_article_costs_its_row_no_more_than_the_time(
    archive: Archive, folder: Path
) -> None:
    archive.add(ARTICLE)
    before = rows(folder, "SELECT * FROM posts")
    archive.add(ARTICLE)
    (row,) = rows(folder, "SELECT * FROM posts")
    assert row == before[0] | {"checked": "2026-11-22T15:00:00Z"}


def test_killed_between_post_and_row_the_next_add_completes_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = replace(ARTICLE, body="<p>新</p>")

    def kill(*_: object) -> None:
        raise Killed

    for article, outcome in [(ARTICLE, Outcome.ADDED), (changed, Outcome.REVISED)]:
        with Archive(folder) as archive, monkeypatch.context() as patch:
            patch.setattr("archive.catalog.writer.Catalog.put", kill)
            with pytest.raises(Killed):
                archive.add(article)
        with Archive(folder) as archive:
            assert archive.add(article) is outcome
    assert files(folder) == {POST: format_post(changed), FIRST_VERSION: format_post(ARTICLE)}
    (revision,) = rows(folder, "SELECT sha256 FROM revisions")
    assert revision["sha256"] != rows(folder, "SELECT sha256 FROM posts")[0]["sha256"]


@pytest.mark.parametrize("then", [ARTICLE, replace(ARTICLE, title="三"), MIRRORED])
def test_killed_between_post_and_row_what_the_file_has_becomes_a_version(
    folder: Path, monkeypatch: pytest.MonkeyPatch, then: Article
) -> None:
    changed = replace(ARTICLE, body="<p>新</p>")
    with Archive(folder, clock=Clock()) as archive, monkeypatch.context() as patch:
        archive.add(ARTICLE)
        patch.setattr("archive.catalog.writer.Catalog.put", kill)
        with pytest.raises(Killed):
            archive.add(changed)
    clock = Clock()
    clock.now += timedelta(days=1)
    with Archive(folder, clock=clock) as archive:
        better = then.title == "三"
        assert archive.add(then) is (Outcome.REVISED if better else Outcome.UNCHANGED)
        assert archive.add(then) is Outcome.UNCHANGED
    assert files(folder) == {
        POST: format_post(then if better else ARTICLE),
        FIRST_VERSION: format_post(ARTICLE),
        FIRST_VERSION.replace(".1.", ".2."): format_post(changed),
    }
    assert not verify(folder).problems
    before = dump(folder)
    assert not rebuild(folder).strange
    assert dump(folder) == before


def dump(folder: Path) -> dict[str, list[dict[str, Any]]]:
    tables = ("posts", "revisions", "categories", "securities", "mentions", "absences")
    return {name: rows(folder, f"SELECT * FROM {name} ORDER BY 1, 2") for name in tables}  # noqa: S608


@pytest.mark.parametrize("seen", [ARTICLE, MIRRORED])
def test_a_post_that_somebody_changed_is_kept_and_comes_back(folder: Path, seen: Article) -> None:
    with Archive(folder) as archive:
        archive.add(ARTICLE)
        (folder / POST).write_bytes(b"mine")
        assert archive.add(seen) is Outcome.UNCHANGED
        assert archive.add(seen) is Outcome.UNCHANGED
    assert files(folder) == {
        POST: format_post(ARTICLE),
        FIRST_VERSION: format_post(ARTICLE),
        FIRST_VERSION.replace(".1.", ".2."): b"mine",
    }
    assert not verify(folder).problems


@pytest.mark.parametrize("clock", [utc_now, Clock()])
def test_a_post_that_somebody_changed_and_a_better_one_are_versions_beside_the_first(
    folder: Path, clock: Clock
) -> None:
    with Archive(folder, clock=clock) as archive:
        archive.add(MIRRORED)
        (folder / POST).write_bytes(b"mine")
        assert archive.add(ARTICLE) is Outcome.REVISED
    assert files(folder) == {
        POST: format_post(ARTICLE),
        FIRST_VERSION: format_post(MIRRORED),
        FIRST_VERSION.replace(".1.", ".2."): b"mine",
    }
    versions = rows(folder, "SELECT version, body_source FROM revisions ORDER BY version")
    assert [tuple(row.values()) for row in versions] == [(1, "mirror"), (2, None)]
    assert not verify(folder).problems
    before = dump(folder)
    assert not rebuild(folder).strange
    assert dump(folder) == before


@pytest.mark.parametrize(
    ("seen", "outcome"), [(MIRRORED, Outcome.UNCHANGED), (replace(ARTICLE, title="新"), "revised")]
)
def test_where_the_first_version_is_lost_a_changed_post_is_kept_all_the_same(
    folder: Path, seen: Article, outcome: str
) -> None:
    with Archive(folder) as archive:
        archive.add(ARTICLE)
        (folder / POST).write_bytes(b"mine")
    for capture in (folder / "warc").iterdir():
        capture.unlink()
    with Archive(folder) as archive:
        assert archive.add(seen) == outcome
    kept = files(folder)
    assert b"mine" in kept.values()
    (lost,) = verify(folder).problems
    assert (lost.wrong, lost.place) == (
        (Wrong.FILE_LOST, FIRST_VERSION) if outcome == "revised" else (Wrong.FILE_CHANGED, POST)
    )


def test_killed_before_the_old_place_was_left_the_next_add_leaves_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = replace(ARTICLE, published=ARTICLE.published + timedelta(days=40))
    with Archive(folder) as archive, monkeypatch.context() as patch:
        archive.add(ARTICLE)
        patch.setattr(Path, "unlink", kill)
        with pytest.raises(Killed):
            archive.add(moved)
    assert POST in files(folder)
    with Archive(folder) as archive:
        assert archive.add(moved) is Outcome.UNCHANGED
    assert POST not in files(folder)
    assert len(files(folder)) == 2
    assert not verify(folder).problems


def test_a_post_without_a_row_that_differs_is_kept_as_a_version(folder: Path) -> None:
    path = folder / POST
    with Archive(folder) as archive:
        path.parent.mkdir(parents=True)
        path.write_bytes(b"what somebody put there")
        assert archive.add(ARTICLE) is Outcome.ADDED
    assert files(folder) == {POST: format_post(ARTICLE), FIRST_VERSION: b"what somebody put there"}


def test_a_post_whose_file_was_lost_is_written_again(archive: Archive, folder: Path) -> None:
    archive.add(ARTICLE)
    (folder / POST).unlink()
    assert archive.add(ARTICLE) is Outcome.UNCHANGED
    assert files(folder) == {POST: format_post(ARTICLE)}
    (folder / POST).unlink()
    with pytest.raises(ArchiveError, match=CODE):
        archive.editions_of(CODE)


def test_leftovers_of_a_killed_crawl_are_swept(folder: Path) -> None:
    (folder / ".incoming").mkdir(parents=True)
    (folder / ".incoming" / "0").write_bytes(b"half a po")
    with Archive(folder):
        assert not files(folder)


def test_one_process_writes_at_a_time_and_says_who(archive: Archive, folder: Path) -> None:
    with pytest.raises(ArchiveLocked, match=f"process {os.getpid()}"):
        Archive(folder)


def test_one_that_has_just_begun_to_write_is_told_of_without_its_number(
    archive: Archive, folder: Path
) -> None:
    (folder / ".lock").write_text("")
    with pytest.raises(ArchiveLocked, match="is being written by another process; try again"):
        Archive(folder)


def test_a_lock_left_by_a_dead_process_does_not_block(folder: Path) -> None:
    code = f"import os; from pathlib import Path; from archive.archive import Archive; \
            a = Archive(Path({str(folder)!r})); os._exit(9)"
    assert subprocess.run((sys.executable, "-c", code), check=False).returncode == 9
    Archive(folder).close()


@pytest.mark.parametrize("place", ["news", "news/catalog.db", "news/_posts"])
def test_a_disk_that_refuses_is_told_by_its_place(tmp_path: Path, place: str) -> None:
    blocked = tmp_path / place
    blocked.parent.mkdir(exist_ok=True)
    blocked.write_bytes(b"no folder, no database")
    with pytest.raises(ArchiveError, match=str(blocked)), Archive(tmp_path / "news") as archive:
        archive.add(ARTICLE)
    assert blocked.read_bytes() == b"no folder, no database"


def test_crawls_are_noted(archive: Archive, folder: Path) -> None:
    number = archive.begin_crawl("finews", {"since": "2026-11-20"})
    (row,) = rows(folder, "SELECT * FROM crawls")
    assert (row["spider"], row["ended"]) == ("finews", None)
    assert json.loads(row["arguments"]) == {"since": "2026-11-20"}
    archive.end_crawl(number, 0, "Done.", {"found": 3, "added": 2})
    (row,) = rows(folder, "SELECT * FROM crawls")
    assert (row["ended"], row["status"], row["verdict"]) == ("2026-11-22T15:00:00Z", 0, "Done.")
    assert (row["found"], row["added"], row["failed"]) == (3, 2, None)


def test_the_usual_hour_is_the_median_of_the_same_hour_of_other_weeks(folder: Path) -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    clock = Clock()
    codes = iter(range(10**15))

    def crawl(when: datetime, articles: int) -> None:
        clock.now = when
        number = archive.begin_crawl("finews", {})
        batch = [
            replace(ARTICLE, info_code=InfoCode(f"NW{next(codes):017}")) for _ in range(articles)
        ]
        archive.add_many(batch)
        archive.end_crawl(number, 0, "Done.", {"asked": articles, "failed": 1})

    with Archive(folder, clock=lambda: clock.now) as archive:
        for weeks, articles in ((4, 3), (3, 20), (1, 11)):
            crawl(now - timedelta(weeks=weeks, minutes=30), articles)
        crawl(now - timedelta(minutes=90), 50)
        clock.now = now
        history = archive.history()
        assert (history.usual_hour, history.last_hour) == (11, 0)
        assert history.usual_failures == pytest.approx(4 / 84)
        crawl(now, 2)
        assert archive.history().last_hour == 2


def test_payloads_that_came_after_the_last_article_are_known_to_the_next_crawl(
    archive: Archive, folder: Path
) -> None:
    crawl = archive.begin_crawl("finews", {})
    archive.capture(exchange(b"a list"))
    archive.end_crawl(crawl, 0, "Done.", {})
    assert len(rows(folder, "SELECT * FROM payloads")) == 1


def test_without_a_share_all_is_due_within_the_same_second_too(folder: Path) -> None:
    clock = Clock()
    with Archive(folder, clock=lambda: clock.now) as archive:
        archive.add(ARTICLE)
        assert [row.info_code for row in archive.due(share=0, days=30_000, limit=10)] == [CODE]


def test_a_stand_in_is_due_within_the_same_second_too(folder: Path) -> None:
    clock = Clock()
    with Archive(folder, clock=lambda: clock.now) as archive:
        archive.add(replace(MIRRORED, body_provisional=True))
        assert due(archive) == [CODE]


def test_what_is_due_can_be_narrowed_to_hosts(archive: Archive) -> None:
    archive.add(ARTICLE)

    def due(*hosts: str) -> list[str]:
        rows = archive.due(share=0, days=30_000, limit=10, hosts=hosts)
        return [row.info_code for row in rows]

    assert due("api", "elsewhere") == [CODE]
    assert due("page", "ap") == []
    assert due() == []


def test_what_is_archived_can_be_told_in_pieces(archive: Archive) -> None:
    codes = [InfoCode(f"NW20211229223017554{n}") for n in range(5)]
    archive.add_many([replace(ARTICLE, info_code=code) for code in reversed(codes[:3])])
    archive.add_many([replace(ARTICLE, info_code=code) for code in codes[3:]])
    first_seen, code, path, told = "", "", "", []
    while piece := archive.seen_after(first_seen, code, path, 2):
        told += piece
        first_seen, code, path, _ = piece[-1]
    assert [code for _, code, *_ in told] == codes
    assert {slug for *_, slug in told} == {"jingjiguanchawang"}
    assert len(archive.seen_after(told[3][0], "", "", 10)) == 2
    assert archive.categories() == [("经济观察网", "jingjiguanchawang", "经济观察网新闻")]


def test_every_folder_that_was_created_survives_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each folder is flushed after something was created in it, from the archive's parent down."""
    folder, flushed = tmp_path / "there" / "news", set[Path]()
    flush = os.fsync

    def note(descriptor: int) -> None:
        flushed.add(Path(f"/proc/self/fd/{descriptor}").readlink())
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    with Archive(folder) as archive:
        archive.add(ARTICLE)
        archive.add(replace(ARTICLE, body="<p>改</p>"))
        archive.store_picture("http://x/1.jpg", b"\x89PNG\r\n\x1a\n")
    (post,) = (folder / "_posts").rglob("*.md")
    post.write_bytes(b"changed")
    repair(folder, verify(folder).problems)
    with_something = {path.parent for path in folder.rglob("*")}
    assert {folder / "changed", folder / "media"} <= with_something
    assert {tmp_path, folder.parent, *with_something} <= flushed
