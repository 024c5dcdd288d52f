"""Articles that the site published as two posts: one article, whichever of them comes first."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.archive import Archive
from archive.article import Article, Edition
from archive.catalog.row_builder import revision_of, row_of
from archive.catalog.rows import CatalogEntry
from archive.clock import utc_iso
from archive.content.front_matter import format_post
from archive.importing import import_posts
from archive.integrity.rebuild import rebuild
from archive.integrity.repair import repair
from archive.integrity.verify import Wrong, verify
from archive.writing.commit import Outcome, WritePlan
from tests.support.articles import rows
from tests.support.editions import CODE, MEDIA, ROLLING
from tests.support.exports import export_jsonl

SAMPLES = Path(__file__).parents[2] / "samples" / "posts"
MEDIA_POST, ROLLING_POST = "2022-05-20-NW202205202300000042.md", "2022-05-20-202205202300000042.md"
EDITED = [
    replace(MEDIA, body="<p>中国平安下降。</p>\r\n <p>完。</p>"),
    replace(ROLLING, body=ROLLING.body.replace("增长", "下降")),
]


class Clock:
    """A clock that goes on by an hour whenever it is read."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(hours=1)
        return self.now


def add(folder: Path, articles: Sequence[Article]) -> None:
    with Archive(folder, clock=Clock()) as archive:
        for article in articles:
            archive.add(article)


def tables(folder: Path) -> dict[str, list[dict[str, Any]]]:
    names = (
        *("posts", "editions", "revisions", "mentions", "securities", "absences", "events"),
        "categories",
    )
    return {name: rows(folder, f"SELECT * FROM {name} ORDER BY 1, 2, 3") for name in names}  # noqa: S608


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for room in ("_posts", "revisions")
        for path in (folder / room).rglob("*.md")
    }


def without_arrival(found: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Leave out when things came, which two orders of coming cannot have the same."""
    arrival = {"at", "cursor", "id", "first_seen", "checked", "revised", "superseded", "seen_from"}
    return {
        name: sorted(
            ({key: row[key] for key in row if key not in arrival} for row in table), key=repr
        )
        for name, table in found.items()
    }


@pytest.mark.parametrize("order", list(permutations([MEDIA, ROLLING])))
def test_both_posts_are_one_article(tmp_path: Path, order: Sequence[Article]) -> None:
    add(tmp_path, order)
    assert files(tmp_path) == {
        f"_posts/2022/05/{MEDIA_POST}": format_post(MEDIA),
        f"_posts/2022/05/{ROLLING_POST}": format_post(ROLLING),
    }
    (row,) = rows(tmp_path, "SELECT * FROM posts")
    assert (row["media"], row["category"], row["version"]) == ("长江商报", "changjiangshangbao", 1)
    assert (row["digest"], row["stock_list"]) == ("中国平安增长。", '["1.601318"]')
    assert row["path"].endswith(MEDIA_POST)
    assert [each["security"] for each in rows(tmp_path, "SELECT * FROM mentions")] == ["1.601318"]
    assert not rows(tmp_path, "SELECT * FROM revisions")
    assert not rows(tmp_path, "SELECT * FROM changes")
    assert len(rows(tmp_path, "SELECT 1 FROM posts_search WHERE posts_search MATCH '下'")) == 0


@given(
    st.permutations([MEDIA, ROLLING, *EDITED, MEDIA]).filter(
        lambda each: (
            each.index(EDITED[0]) > each.index(MEDIA)
            and each.index(EDITED[1]) > each.index(ROLLING)
        )
    )
)
def test_every_order_of_coming_ends_the_same(
    tmp_path_factory: pytest.TempPathFactory, articles: list[Article]
) -> None:
    # The media's second coming before or after its edit is another history.
    plain = [
        each for at, each in enumerate(articles) if each is not MEDIA or at == articles.index(MEDIA)
    ]
    folder, other = (tmp_path_factory.mktemp("news") for _ in range(2))
    add(folder, plain)
    add(other, [MEDIA, ROLLING, *EDITED])
    assert files(folder) == files(other)
    assert without_arrival(tables(folder)) == without_arrival(tables(other))
    assert verify(folder).problems == []
    before = tables(folder)
    rebuild(folder)
    assert tables(folder) == before


def test_an_edit_of_one_is_a_version_of_that_one(tmp_path: Path) -> None:
    add(tmp_path, [MEDIA, ROLLING, EDITED[1]])
    superseded = rows(tmp_path, "SELECT edition, version, path FROM revisions")
    assert superseded == [
        {"edition": "rolling", "version": 1, "path": f"revisions/2022/05/{ROLLING_POST[:-3]}.1.md"}
    ]
    assert {each["version"] for each in rows(tmp_path, "SELECT version FROM posts")} == {1}
    assert [each["what"] for each in rows(tmp_path, "SELECT what FROM changes")] == ["wording"]


def test_gone_and_checked_are_of_both(tmp_path: Path) -> None:
    with Archive(tmp_path, clock=Clock()) as archive:
        archive.add_many([ROLLING, MEDIA])
        archive.mark_gone(CODE)
        assert [bool(each.gone) for each in archive.editions(CODE)] == [True, True]
        (row,) = archive.posts([CODE])
        assert row.gone
        archive.add(MEDIA)
        (row,) = archive.posts([CODE])
        assert row.gone is None
        archive.mark_listed(CODE, ["0.000001"])
        assert archive.has(CODE, Edition.ROLLING)
        assert archive.slug_of(CODE, Edition.ROLLING) == "emnews"
        assert archive.slug_of(CODE) == "changjiangshangbao"
        (row,) = archive.posts([CODE])
        assert json.loads(row.stock_list) == ["0.000001"]
    before = tables(tmp_path)
    assert verify(tmp_path).problems == []
    rebuild(tmp_path)
    assert tables(tmp_path) == before


@pytest.mark.parametrize("first", [MEDIA_POST, ROLLING_POST])
def test_what_is_imported_and_what_is_crawled_is_one_article(tmp_path: Path, first: str) -> None:
    ways: list[Callable[[Path], object]] = [
        lambda folder: import_posts(folder, [SAMPLES], clock=Clock()),
        lambda folder: _import_one_by_one(folder, first, tmp_path / "one"),
    ]
    found = []
    for number, way in enumerate(ways):
        folder = tmp_path / f"news{number}"
        way(folder)
        found.append((files(folder), without_arrival(tables(folder))))
        assert verify(folder).problems == []
        for room in folder.glob("warc/*"):
            room.unlink()
        (folder / "catalog.db").unlink()
        rebuild(folder)
        assert without_arrival(tables(folder))["posts"] == found[-1][1]["posts"]
    assert len(found[0][0]) == 22
    assert len(found[0][1]["posts"]) == 19
    assert not found[0][1]["revisions"]
    assert found[0] == found[1]
    (row,) = (row for row in found[0][1]["posts"] if row["info_code"] == CODE)
    assert (row["media"], row["digest"]) == (
        "长江商报",
        "国检集团稳步减持人民币与银行，首次落实932.27%，养老金指出。",
    )


def _import_one_by_one(folder: Path, first: str, source: Path) -> None:
    source.mkdir()
    clock = Clock()
    for name in sorted((path.name for path in SAMPLES.iterdir()), key=lambda name: name != first):
        post = source / name
        post.write_bytes((SAMPLES / name).read_bytes())
        import_posts(folder, [source], clock=clock)
        post.unlink()


def test_an_export_has_the_article_once(tmp_path: Path) -> None:
    add(tmp_path / "news", [ROLLING, MEDIA])
    with (tmp_path / "out").open("wb") as out:
        assert export_jsonl(tmp_path / "news", out) == 1
    record = json.loads((tmp_path / "out").read_text(encoding="utf-8"))
    assert record["body"] == MEDIA.body
    assert [each["code"] for each in record["securities"]] == ["1.601318"]


def test_a_row_that_is_not_made_of_both_is_found_and_repaired(tmp_path: Path) -> None:
    add(tmp_path, [ROLLING, MEDIA])
    before = tables(tmp_path)
    with Archive(tmp_path) as archive:
        archive._catalog._writer.execute("UPDATE posts SET digest = 'x'")
    problems = verify(tmp_path).problems
    assert [problem.wrong for problem in problems] == [Wrong.ROW_CHANGED]
    repair(tmp_path, problems)
    assert verify(tmp_path).problems == []
    assert tables(tmp_path) == before


def test_where_one_was_taken_for_an_edit_of_the_other_it_comes_again(tmp_path: Path) -> None:
    """As archives of 0.1.0 have them."""
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    with Archive(tmp_path, clock=Clock()) as archive:
        archive.add(MEDIA)
        (media,) = archive.posts([CODE])
        post = format_post(ROLLING)
        row, named = row_of(ROLLING, post, utc_iso(now))
        revision = revision_of(media, (), utc_iso(now))
        row = replace(row, version=2, revised=utc_iso(now), first_seen=media.first_seen)
        files_then = ((format_post(MEDIA), revision.path), (post, row.path))
        step = WritePlan(
            Outcome.REVISED, CatalogEntry(row, named, revision), files_then, (media.path,)
        )
        archive.write([[step]])
    (tmp_path / "catalog.db").unlink()
    rebuild(tmp_path)
    assert verify(tmp_path).problems == []
    (found,) = rows(tmp_path, "SELECT path, version FROM posts")
    assert found == {"path": row.path, "version": 2}
    assert not rows(tmp_path, "SELECT * FROM editions")

    add(tmp_path, [MEDIA])
    now_there = files(tmp_path)
    assert set(now_there) == {media.path, row.path, revision.path}
    assert now_there[media.path] == format_post(MEDIA)
    assert verify(tmp_path).problems == []
    before = tables(tmp_path)
    assert rebuild(tmp_path).strange == []
    assert tables(tmp_path) == before
