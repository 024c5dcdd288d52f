"""Folders of posts are taken in to the byte, by one rule, in any order, however often."""

import os
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.archive import Archive
from archive.article import BodySource
from archive.article_id import InfoCode
from archive.content.front_matter import format_post
from archive.errors import ArchiveError, ArchiveLocked, Refused
from archive.importing import FileFinding, Imported, import_posts
from archive.integrity.rebuild import rebuild
from archive.integrity.verify import verify
from archive.process_pool import Sharing
from archive.progress import Item
from archive.signals import ENDING
from archive.writing import Outcome
from tests.conftest import ROOT, SAMPLES
from tests.support.articles import ARTICLE, CODE, FIRST_VERSION, POST, files, rows
from tests.support.catalogs import tables
from tests.support.children import Child
from tests.support.processes import lives, processes_of

NAME = f"2021-12-29-{CODE}.md"
BYTES = format_post(ARTICLE)
SOUND = format_post(replace(ARTICLE, body="<p>旧</p>"))
LONGER = format_post(replace(ARTICLE, body="<p>长得多的正文，长得多的正文</p>"))
LATER = format_post(replace(ARTICLE, body="<p>晚</p>", published=ARTICLE.published + timedelta(1)))
BROKEN = LONGER.replace('"标题"'.encode(), '"他说"好"了"'.encode())
LATER_POST = f"_posts/2021/12/2021-12-30-{CODE}.md"


def noon() -> datetime:
    return datetime(2026, 11, 22, 12, tzinfo=UTC)


def write(folder: Path, posts: Mapping[str, bytes]) -> Path:
    for name, data in posts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def take_in(news: Path, *sources: Path, **how: Any) -> tuple[Imported, list[tuple[str, str, bool]]]:
    """What was imported, and the findings: name, reason, whether it was taken."""
    found: list[FileFinding] = []
    imported = import_posts(news, sources, report=found.append, clock=noon, **how)
    return imported, sorted((each.file.name, each.reason, each.taken) for each in found)


def is_whole(news: Path) -> bool:
    """Nothing is wrong with an archive, and its catalog can be made again."""
    before = tables(news)
    assert verify(news).problems == []
    assert rebuild(news).lost == []
    return tables(news) == before


@pytest.fixture
def news(tmp_path: Path) -> Path:
    return tmp_path / "news"


def test_posts_are_taken_in_to_the_byte_and_once(
    news: Path, sample_posts: dict[str, bytes]
) -> None:
    imported, findings = take_in(news, SAMPLES / "posts")
    assert imported == Imported(added=len(sample_posts))
    assert findings == []
    expected = {
        f"_posts/{name[:4]}/{name[5:7]}/{name}": data for name, data in sample_posts.items()
    }
    assert files(news) == expected
    assert is_whole(news)

    before = tables(news)
    assert take_in(news, SAMPLES / "posts") == (Imported(unchanged=len(sample_posts)), [])
    assert (files(news), tables(news)) == (expected, before)


def test_the_catalog_knows_what_an_imported_post_says(news: Path, tmp_path: Path) -> None:
    take_in(news, write(tmp_path / "site", {f"old_post/{NAME}": BYTES}))
    (row,) = rows(news, "SELECT * FROM posts")
    with Archive(tmp_path / "crawled", clock=noon) as archive:
        archive.add(ARTICLE)
    (crawled,) = rows(tmp_path / "crawled", "SELECT * FROM posts")
    assert row == crawled | {"body_source": None, "addresses": "[]", "cause": "imported"}
    with Archive(news) as archive:
        assert [hit.info_code for hit in archive.search("巨化")] == [CODE]
    assert rows(news, "SELECT security FROM mentions") == [{"security": "1.600160"}]


@pytest.mark.parametrize(
    ("name", "data", "place", "reason"),
    [
        (NAME, BROKEN, POST, "its front matter is not YAML"),
        (NAME, BYTES.replace('"标题"'.encode(), b'""'), POST, "it has no title"),
        (
            *("-202205262391921712.md", b'---\ntitle: "x"\ndate:  +0800\n---\nbody'),
            "_posts/2022/05/2022-05-26-NW202205262391921712.md",
            "its date cannot be read: '+0800'; it has no category; "
            "it does not end with the article's link",
        ),
        (NAME, BYTES.decode().encode("gb18030"), POST, "it is not utf-8"),
        (
            *(NAME, b"---\ntitle: x\ndate: 2021-12-29 17:34:39", POST),
            "its front matter has no end; it has no category; "
            "it does not end with the article's link",
        ),
        (
            *(NAME, BYTES.replace(b"17:34:39 +0800", b""), POST),
            "its date has no time: '2021-12-29'",
        ),
        (NAME, b"\xef\xbb\xbf" + BYTES, POST, "it begins with a byte order mark"),
    ],
)
def test_broken_posts_are_kept_as_they_are_and_told(
    news: Path, tmp_path: Path, name: str, data: bytes, place: str, reason: str | None
) -> None:
    imported, findings = take_in(news, write(tmp_path / "site", {name: data}))
    assert imported == Imported(added=1, broken=1)
    ((told, why, taken),) = findings
    assert (told, taken) == (name, True)
    assert reason is None or why == reason
    assert files(news) == {place: data}
    assert is_whole(news)


def test_files_that_are_no_posts_are_refused_by_name(news: Path, tmp_path: Path) -> None:
    site = write(
        tmp_path / "site",
        {
            "README.md": b"# Finews",
            "-NW999999999999999999.md": b"a code whose digits are no date",
            "_posts/../../outside.md": BYTES,
            f".git/{NAME}": BYTES,
            "notes.txt": b"",
            "index.html": b"---\n---\n",
            f"a/{NAME}": b"\x00\xff noise",
            f"b/{NAME}": b"",
            f"c/{NAME}": b"---\n\nonly a rule\n",
            f"{NAME}~": BYTES,
            f"{CODE}.txt": BYTES,
        },
    )
    (site / "link.md").symlink_to(tmp_path / "outside.md")
    (site / "linked").symlink_to(tmp_path)
    os.mkfifo(site / f"-{CODE}.md")
    with (site / f"2021-12-30-{CODE}.md").open("wb") as large:
        large.truncate((16 << 20) + 1)
    imported, findings = take_in(news, site)
    assert imported == Imported(refused=11)
    assert [(name, reason.rpartition("; ")[2]) for name, reason, _ in findings] == [
        ("-NW202112292230175548.md", "it is no regular file"),
        ("-NW999999999999999999.md", "it names no day"),
        *[(NAME, "it does not end with the article's link")] * 3,
        (f"{NAME}~", "its name is a post's, but does not end in .md, .markdown or .html"),
        ("2021-12-30-NW202112292230175548.md", "it is larger than 16 MB"),
        (f"{CODE}.txt", "its name is a post's, but does not end in .md, .markdown or .html"),
        ("README.md", "neither its name nor its link has an infoCode"),
        ("link.md", "it is a symbolic link"),
        ("linked", "it is a symbolic link"),
    ]
    assert files(news) == {}


@pytest.mark.parametrize("end", [".markdown", ".MD", ".html", ".mkd", ".HTML"])
def test_posts_by_jekylls_other_names_are_taken_in(news: Path, tmp_path: Path, end: str) -> None:
    name = NAME.removesuffix(".md") + end
    assert take_in(news, write(tmp_path / "site", {name: BYTES})) == (Imported(added=1), [])
    assert files(news) == {POST: BYTES}
    assert is_whole(news)


def test_a_name_that_is_not_utf_8_and_says_nothing_is_no_obstacle(
    news: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    Path(os.fsdecode(bytes(site) + b"/\xd0\xc2\xce\xc5.md")).write_bytes(BYTES)
    assert take_in(news, site)[0] == Imported(added=1)
    assert files(news) == {POST: BYTES}


def test_rolling_news_has_no_letters_in_its_name(news: Path, tmp_path: Path) -> None:
    rolling = format_post(replace(ARTICLE, category="emnews", tag="东财滚动新闻", digest="摘要"))
    take_in(news, write(tmp_path / "site", {NAME: rolling}))
    assert files(news) == {POST.replace("NW", ""): rolling}


@pytest.mark.parametrize(
    ("worse", "better", "place"),
    [
        ({NAME: BROKEN}, {NAME: SOUND}, POST),
        ({NAME: LONGER}, {NAME: LATER}, LATER_POST),
        ({NAME: SOUND}, {NAME: LONGER}, POST),
        ({f"2021-12-29-{CODE}.7.md": LONGER}, {NAME: SOUND}, POST),
        ({f"2021-12-29-{CODE}.7.md": LONGER}, {f"2021-12-29-{CODE}.8.md": SOUND}, POST),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_the_better_one_of_two_is_current_in_any_order(
    news: Path,
    tmp_path: Path,
    worse: dict[str, bytes],
    better: dict[str, bytes],
    place: str,
    order: int,
) -> None:
    sources = [write(tmp_path / "a", worse), write(tmp_path / "z", better)][::order]
    imported, _ = take_in(news, *sources)
    assert (imported.added, imported.older) == (1, 1)
    ((loser,), (winner,)) = worse.values(), better.values()
    older = [path for path in files(news) if path.startswith("revisions/")]
    assert len(older) == 1
    assert files(news) == {place: winner, older[0]: loser}
    assert is_whole(news)


def test_what_a_crawl_fetched_stays_and_the_import_is_kept_beside_it(
    news: Path, tmp_path: Path
) -> None:
    site = write(tmp_path / "site", {f"_posts/{NAME}": LATER, f"old_post/{NAME}": LONGER})
    with Archive(news, clock=noon) as archive:
        archive.add(ARTICLE)
    assert take_in(news, site)[0] == Imported(older=2)
    assert files(news)[POST] == BYTES
    assert sorted(data for path, data in files(news).items() if path != POST) == sorted(
        [BYTES, LATER, LONGER]
    )
    (row,) = rows(news, "SELECT body_source, addresses, version FROM posts")
    assert list(row.values()) == ["share_api", '["http://api/", "http://page/"]', 4]
    assert rows(news, "SELECT security FROM mentions") == [{"security": "1.600160"}]
    assert is_whole(news)

    before = files(news), tables(news)
    assert take_in(news, site)[0] == Imported(unchanged=2)
    assert (files(news), tables(news)) == before


def test_imported_rolling_news_is_its_medias(news: Path, tmp_path: Path) -> None:
    credit = '<p class="em_media">（文章来源：上海<span id="bk_90.BK0473">证券</span>报）</p>'
    rolling = replace(ARTICLE, category="emnews", tag="东财滚动新闻", body="<p>文</p>" + credit)
    take_in(
        news, write(tmp_path / "site", {f"old_post/2021-12-29-{CODE[2:]}.md": format_post(rolling)})
    )
    expected = [{"media": "上海证券报", "category": "emnews", "tag": "东财滚动新闻"}]
    assert rows(news, "SELECT media, category, tag FROM posts") == expected
    assert rows(news, "SELECT security FROM mentions") == []
    assert is_whole(news)


def test_a_crawl_goes_on_from_what_was_imported(news: Path, tmp_path: Path) -> None:
    site = write(tmp_path / "site", {NAME: SOUND})
    take_in(news, site)
    with Archive(news, clock=noon) as archive:
        assert archive.add(ARTICLE) is Outcome.REVISED
    assert files(news) == {POST: BYTES, FIRST_VERSION: SOUND}
    assert is_whole(news)
    before = tables(news)
    assert take_in(news, site)[0] == Imported(unchanged=1)
    assert tables(news) == before


def test_a_crawl_that_brings_the_same_bytes_makes_no_version(news: Path, tmp_path: Path) -> None:
    take_in(news, write(tmp_path / "site", {NAME: BYTES}))
    with Archive(news, clock=noon) as archive:
        assert archive.add(ARTICLE) is Outcome.UNCHANGED
    assert rows(news, "SELECT body_source FROM posts") == [{"body_source": BodySource.SHARE_API}]
    take_in(news, write(tmp_path / "more", {NAME: LONGER}))
    assert files(news)[POST] == BYTES


def test_a_later_import_supersedes_an_earlier_one(news: Path, tmp_path: Path) -> None:
    take_in(news, write(tmp_path / "a", {NAME: LONGER}))
    assert take_in(news, write(tmp_path / "b", {NAME: LATER}))[0] == Imported(revised=1)
    assert files(news) == {LATER_POST: LATER, FIRST_VERSION: LONGER}
    assert is_whole(news)
    assert take_in(news, tmp_path / "a")[0] == Imported(unchanged=1)


def test_an_article_was_first_seen_by_the_first_import(news: Path, tmp_path: Path) -> None:
    take_in(news, write(tmp_path / "a", {NAME: SOUND}))
    later = noon() + timedelta(days=1)
    import_posts(news, [write(tmp_path / "b", {NAME: LONGER})], clock=lambda: later)
    (row,) = rows(news, "SELECT first_seen, revised FROM posts")
    assert list(row.values()) == ["2026-11-22T12:00:00Z", "2026-11-23T12:00:00Z"]
    assert rows(news, "SELECT superseded FROM revisions") == [
        {"superseded": "2026-11-23T12:00:00Z"}
    ]


def test_bytes_that_come_twice_count_as_where_they_stand_best(news: Path, tmp_path: Path) -> None:
    names = {f"a/2021-12-29-{CODE}.7.md": SOUND, f"b/{NAME}": SOUND}
    site = write(tmp_path / "site", {**names, f"c/2021-12-29-{CODE}.8.md": LONGER})
    assert take_in(news, site)[0] == Imported(added=1, older=1, unchanged=1)
    assert files(news) == {POST: SOUND, FIRST_VERSION: LONGER}


def test_imports_one_after_another_end_with_the_same_versions(tmp_path: Path) -> None:
    made: list[tuple[dict[str, Any], set[bytes]]] = []
    for order in ([LATER, BROKEN, SOUND], [SOUND, LATER, BROKEN], [BROKEN, SOUND, LATER]):
        news = tmp_path / str(len(made))
        for number, data in enumerate(order):
            take_in(news, write(tmp_path / f"{len(made)}-{number}", {NAME: data}))
        assert is_whole(news)
        (row,) = rows(news, "SELECT path, sha256 FROM posts")
        made.append((row, {data for path, data in files(news).items() if path != LATER_POST}))
        assert files(news)[LATER_POST] == LATER
        assert {BROKEN, SOUND} <= made[-1][1] <= {BROKEN, SOUND, LATER}
    assert made[0][0] == made[1][0] == made[2][0]


def test_another_archive_comes_with_its_superseded_versions(news: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with Archive(other, clock=noon) as archive:
        archive.add(replace(ARTICLE, body="<p>长得多的正文，长得多的正文</p>"))
        archive.add(replace(ARTICLE, title="改", body="<p>短</p>"))
        archive.add(ARTICLE)
    assert take_in(news, other) == (Imported(added=1, older=2), [])
    assert files(news) == files(other)
    assert is_whole(news)


def test_a_post_that_the_catalog_does_not_know_is_kept(news: Path, tmp_path: Path) -> None:
    Archive(news).close()
    write(news, {POST: b"what somebody put there"})
    take_in(news, write(tmp_path / "site", {NAME: LONGER}))
    assert files(news) == {POST: LONGER, FIRST_VERSION: b"what somebody put there"}
    assert is_whole(news)


def test_an_archive_whose_post_was_changed_is_left_as_it_is(news: Path, tmp_path: Path) -> None:
    take_in(news, write(tmp_path / "a", {NAME: SOUND}))
    (news / POST).write_bytes(b"changed")
    imported, findings = take_in(news, write(tmp_path / "b", {NAME: LONGER}))
    assert imported == Imported(refused=1)
    reason = "the archive's own post is lost or changed; run finews verify"
    assert findings == [(NAME, reason, False)]
    assert files(news) == {POST: b"changed"}


@pytest.mark.parametrize("source", ["nowhere", "news", "news/_posts", "."])
def test_what_cannot_be_imported_is_refused_before_anything_is_written(
    tmp_path: Path, source: str
) -> None:
    write(tmp_path / "news", {POST: BYTES})
    with pytest.raises(Refused, match=r"There is no folder|no archive imports itself"):
        import_posts(tmp_path / "news", [tmp_path / source])
    assert [path.name for path in (tmp_path / "news").iterdir()] == ["_posts"]


def test_an_archive_that_is_being_written_is_left_alone(news: Path, tmp_path: Path) -> None:
    with Archive(news), pytest.raises(ArchiveLocked):
        take_in(news, write(tmp_path / "site", {NAME: BYTES}))


def test_a_full_disk_under_the_list_of_files_is_told(
    news: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("archive.importing.find_files.Listing.add", refuse)
    with pytest.raises(ArchiveError, match=r"list the files: database or disk is full\."):
        take_in(news, SAMPLES / "posts")


def test_progress_counts_articles(news: Path, tmp_path: Path) -> None:
    shown: list[object] = []

    def progress(what: str, steps: Sequence[Item]) -> Iterable[Item]:
        for step in steps:
            shown.append((what, step))
            yield step

    site = write(tmp_path / "site", {f"a/{NAME}": BYTES, f"b/{NAME}": LATER, "README.md": b""})
    import_posts(news, [site], progress)
    assert shown == [("articles", 0)]


CODES = [InfoCode("NW202112292230175548"), InfoCode("NW202112292230175549")]
versions = st.lists(
    st.tuples(
        st.sampled_from(["site/_posts", "site/old_post", "other/revisions", "other/_posts"]),
        st.sampled_from(CODES),
        st.sampled_from(["", ".1", ".2"]),
        st.sampled_from(
            [BYTES, SOUND, LONGER, LATER, BROKEN, b"---\ntitle: x\n", b"---\ntitle: \xff"]
        ),
        st.booleans(),
    ),
    max_size=8,
)


def place(news: Path, duplicates: Iterable[tuple[str, InfoCode, str, bytes, bool]]) -> list[Path]:
    """Write duplicates to folders beside an archive, in the order given."""
    sources = [news.parent / name for name in ("site", "other")]
    for source in sources:
        source.mkdir()
    for folder, code, number, data, dated in duplicates:
        name = f"{'2021-12-29' if dated else ''}-{code}{number}.md"
        write(news.parent / folder, {name: data.replace(CODE.encode(), code.encode())})
    return sources


@given(versions.flatmap(lambda mix: st.tuples(st.just(mix), st.permutations(mix))))
@settings(max_examples=25)
def test_any_mix_of_duplicates_in_any_order_gives_the_same_archive(
    mixes: tuple[list[tuple[str, InfoCode, str, bytes, bool]], list[Any]],
) -> None:
    named = {(folder, *name, dated): data for folder, *name, data, dated in mixes[0]}
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        made = []
        for temporary, order in ((first, mixes[0]), (second, mixes[1])):
            news = Path(temporary) / "news"
            kept = [each for each in order if named[(*each[:3], each[4])] is each[3]]
            sources = place(news, kept)
            imported, _ = take_in(news, *(sources if temporary == first else sources[::-1]))
            assert imported.refused == 0
            assert imported.added + imported.older + imported.unchanged == len(named)
            made.append((files(news), tables(news)))
            assert is_whole(news)
            assert take_in(news, *sources)[0] == Imported(unchanged=len(named))
            assert (files(news), tables(news)) == made[-1]
        assert made[0] == made[1]


@given(
    st.binary().map(lambda data: b"---\nlayout: post\n" + data)
    | st.text().map(lambda text: f"---\n{text}\n---\n{text}".encode(errors="replace"))
)
@settings(max_examples=40)
def test_any_bytes_are_kept(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        news = Path(temporary) / "news"
        site = write(Path(temporary) / "site", {NAME: data, f"old/{NAME}": BYTES})
        take_in(news, site)
        assert set(files(news).values()) == {data, BYTES}
        assert is_whole(news)


class Killed(BaseException):
    """Stands for SIGKILL between two steps."""


@pytest.mark.parametrize(
    "step", ["catalog.writer.Catalog.put", "writing.commit.publish", "warc.CaptureWriter.sync"]
)
@pytest.mark.parametrize("batch", [1, 2])
def test_killed_between_two_steps_the_same_import_goes_on(
    news: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, batch: int
) -> None:
    site = write(tmp_path / "site", {f"a/{NAME}": LATER, f"b/{NAME}": LONGER, f"c/{NAME}": BROKEN})
    sources = (site, SAMPLES / "posts")
    undisturbed = tmp_path / "undisturbed"
    take_in(undisturbed, *sources, batch=4)

    calls = 0
    module, _, name = f"archive.{step}".rpartition(".")
    owner: Any = sys.modules.get(module) or getattr(
        sys.modules[module.rpartition(".")[0]], module.rpartition(".")[2]
    )
    real = getattr(owner, name)

    def kill(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls >= batch:
            raise Killed
        return real(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, kill)
        with pytest.raises(Killed):
            take_in(news, *sources, batch=4)
    take_in(news, *sources, batch=4)
    assert (files(news), tables(news)) == (files(undisturbed), tables(undisturbed))
    assert is_whole(news)


def postings(news: Path) -> list[dict[str, Any]]:
    """Every term of the search index, with the number of posts and places that it is in."""
    with closing(sqlite3.connect(news / "catalog.db")) as catalog:
        catalog.row_factory = sqlite3.Row
        catalog.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, posts_search, col)")
        return [dict(row) for row in catalog.execute("SELECT * FROM temp.terms")]


def test_imported_posts_are_found_by_the_same_as_crawled_ones(news: Path, tmp_path: Path) -> None:
    sources = [SAMPLES / "posts", write(tmp_path / "a", {NAME: BYTES, f"older/{NAME}": BROKEN})]
    take_in(news, *sources)
    take_in(news, write(tmp_path / "b", {NAME: LATER}))
    made_beforehand = postings(news)
    assert len(made_beforehand) > 1000
    rebuild(news)
    assert postings(news) == made_beforehand


def test_reading_in_other_processes_gives_the_same_archive(news: Path, tmp_path: Path) -> None:
    site = write(tmp_path / "site", {f"a/{NAME}": LATER, f"b/{NAME}": BROKEN, "README.md": b""})
    sources = (site, SAMPLES / "posts")
    alone = take_in(tmp_path / "alone", *sources)
    assert take_in(news, *sources, sharing=Sharing(processes=2, files=2)) == alone
    assert (files(news), tables(news)) == (files(tmp_path / "alone"), tables(tmp_path / "alone"))


def test_a_killed_worker_ends_the_import_with_one_sentence(news: Path) -> None:
    def killing(_: str, steps: Sequence[Item]) -> Iterable[Item]:
        for number, step in enumerate(steps):
            if number == 1:
                for worker in active_children():
                    worker.kill()
            yield step

    with pytest.raises(ArchiveError, match="run the command again"):
        take_in(
            news,
            SAMPLES / "posts",
            progress=killing,
            sharing=Sharing(processes=2, files=1),
        )


SCRIPT = """
import sys
from functools import partial
from archive import importing
from archive.cli import main
from archive.process_pool import Sharing
from tests.archive.importing.test_importing import noon

if __name__ == "__main__":
    importing.import_posts = partial(
        importing.import_posts, clock=noon, sharing=Sharing(processes=2, files=5), batch=5
    )
    main(["import", "--archive", *sys.argv[1:]])
"""


@pytest.mark.parametrize(
    ("posts", "number", "status"),
    [
        (20, signal.SIGKILL, -signal.SIGKILL),
        (90, signal.SIGKILL, -signal.SIGKILL),
        *((50, number, 9) for number in ENDING),
    ],
)
def test_killed_or_asked_to_end_the_same_import_goes_on(
    news: Path, tmp_path: Path, posts: int, number: signal.Signals, status: int
) -> None:
    site = tmp_path / "site"
    for post in range(200):
        code = InfoCode(f"NW20211229{post:010}")
        data = format_post(replace(ARTICLE, info_code=code, link=f"http://x/?infoCode={code}"))
        write(site, {f"2021-12-29-{code}.md": data})
    take_in(tmp_path / "undisturbed", site)

    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with Child((sys.executable, script, news, site), env=environment) as importing:
        while len(list((news / "_posts").rglob("*.md"))) < posts:
            assert importing.poll() is None
            time.sleep(0.001)
        started = processes_of(importing.pid)
        assert started
        importing.send_signal(number)
        assert importing.wait(timeout=30) == status
    (killed,) = rows(news, "SELECT count(*) AS posts FROM posts")
    assert killed["posts"] < 200

    assert take_in(news, site)[0] == Imported(
        added=200 - killed["posts"], unchanged=killed["posts"]
    )
    assert tables(news) == tables(tmp_path / "undisturbed")
    assert files(news) == files(tmp_path / "undisturbed")
    assert is_whole(news)
    deadline = time.monotonic() + 20
    while any(map(lives, started)):
        assert time.monotonic() < deadline, "reading processes outlive the one they read for"
        time.sleep(0.05)
