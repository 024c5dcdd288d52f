"""Searches as of a time, and in every version."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive.archive import Archive
from archive.cli import main
from archive.errors import InvalidQuery
from archive.search import (
    Query,
    count,
    count_by_month,
    find,
    find_relevant,
    moment_of,
    named_then,
    read_facets,
    securities_named,
)
from archive.storage import open_catalog
from tests.support.articles import ARTICLE, CODE, Clock
from tests.support.catalogs import OTHER

LINK = '<a data-code="1,600160">巨化股份</a>'
# What the archive learns, an hour each, from 21:00 on in Shanghai.
FIRST = replace(ARTICLE, title="降准传闻", body=f"<p>央行增长5.3%{LINK}</p>")
SECOND = replace(ARTICLE, title="降准否认", body="<p>央行增长5.8%</p>")
LATE = replace(ARTICLE, info_code=OTHER, title="补录", published=FIRST.published)
BEFORE, FIRST_KNOWN, SECOND_KNOWN, LATE_KNOWN, LATE_GONE, LATE_BACK = (
    *("2026-11-22T20:59:59", "2026-11-22T21:00", "2026-11-22T22:00", "2026-11-22T23:00"),
    *("2026-11-23T00:00:00+08:00", "2026-11-22T17:00:00Z"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("news")
    clock = Clock()
    with Archive(folder, clock=clock) as archive:
        clock.now = datetime(2026, 11, 22, 12, tzinfo=UTC)
        archive.add(FIRST)
        archive.add(SECOND)
        archive.add(LATE)
        archive.mark_gone(OTHER)
        archive.add(LATE)
    return folder


@pytest.fixture
def catalog(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_catalog(folder)) as connection:
        connection.row_factory = None
        yield connection


def found(catalog: sqlite3.Connection, query: Query) -> list[tuple[str, str, int]]:
    """Return code, title and version of each hit."""
    sql = f"SELECT info_code, title, version FROM {query.tables.rows} WHERE id = ?"  # noqa: S608
    hits = find(catalog, query)
    assert count(catalog, query) == len(hits) == sum(n for _, n in count_by_month(catalog, query))
    assert set(find_relevant(catalog, query)) == set(hits)
    return [catalog.execute(sql, [hit.id]).fetchone() for hit in hits]


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (BEFORE, []),
        (FIRST_KNOWN, [(CODE, "降准传闻", 1)]),
        (SECOND_KNOWN, [(CODE, "降准否认", 2)]),
        (LATE_KNOWN, [(OTHER, "补录", 1), (CODE, "降准否认", 2)]),
        (LATE_GONE, [(CODE, "降准否认", 2)]),
        (LATE_BACK, [(OTHER, "补录", 1), (CODE, "降准否认", 2)]),
    ],
)
def test_a_list_has_what_was_known(
    catalog: sqlite3.Connection, as_of: str, expected: list[tuple[str, str, int]]
) -> None:
    assert sorted(found(catalog, Query(as_of=as_of))) == sorted(expected)


@pytest.mark.parametrize(
    ("as_of", "q", "codes"),
    [
        (FIRST_KNOWN, "传闻", {CODE}),
        (SECOND_KNOWN, "传闻", set()),
        (FIRST_KNOWN, "否认", set()),
        (SECOND_KNOWN, "title:否认 5.8", {CODE}),
        (FIRST_KNOWN, "的 OR 传闻", {CODE}),
        (LATE_KNOWN, "-否认", {OTHER}),
        (FIRST_KNOWN, "600160", {CODE}),
        (SECOND_KNOWN, "600160", set()),
        (LATE_KNOWN, "security:巨化股份", {OTHER}),
        (LATE_KNOWN, "security:巨化股份 OR 否认", {CODE, OTHER}),
        (FIRST_KNOWN, "edited:", set()),
        (SECOND_KNOWN, "edited:", {CODE}),
        (SECOND_KNOWN, "edited:2026-11-22", {CODE}),
        (LATE_GONE, "gone:", {OTHER}),
        (LATE_BACK, "gone:", set()),
        (LATE_BACK, "media:经济观察网 date:2021-12-29", {CODE, OTHER}),
        (LATE_BACK, "date:2026", set()),
        (LATE_BACK, "source:eastmoney", {CODE, OTHER}),
    ],
)
def test_a_search_finds_the_texts_and_facts_of_then(
    catalog: sqlite3.Connection, as_of: str, q: str, codes: set[str]
) -> None:
    assert {code for code, _, _ in found(catalog, Query(q=q, as_of=as_of))} == codes


def test_fields_of_a_query_are_those_of_then(catalog: sqlite3.Connection) -> None:
    then = Query(as_of=FIRST_KNOWN)
    for query, posts in (
        (then.changed(security="1.600160"), 1),
        (then.changed(security="1.600160", as_of=SECOND_KNOWN), 0),
        (then.changed(media=FIRST.media or "", day="2021-12-29", source="share_api"), 1),
        (then.changed(category="nothing"), 0),
        (then.changed(month="2021-12", since="2021", until="2022"), 1),
    ):
        assert count(catalog, query) == len(found(catalog, query)) == posts, query
    (facet,) = (
        each
        for each in read_facets(catalog, Query(as_of=LATE_KNOWN, security="1.600160"))
        if each.name == "security"
    )
    assert [(value.value, value.count) for value in facet.values] == [("1.600160", 1)]


def test_every_version_is_searched(catalog: sqlite3.Connection) -> None:
    assert found(catalog, Query(q="传闻 versions:all")) == [(CODE, "降准传闻", 1)]
    assert sorted(found(catalog, Query(q="央行 versions:all"))) == sorted(
        [(CODE, "降准传闻", 1), (CODE, "降准否认", 2), (OTHER, "补录", 1)]
    )
    assert found(catalog, Query(q="央行 versions:all", as_of=FIRST_KNOWN)) == [
        (CODE, "降准传闻", 1)
    ]
    with pytest.raises(InvalidQuery, match="versions:all"):
        count(catalog, Query(q="央行 versions:2"))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T01:30:00Z", "2026-11-22T01:30:00Z"),
        ("2026-11-22T09:30:00+08:00", "2026-11-22T01:30:00Z"),
        ("2026-11-22T09:30:00 08:00", "2026-11-22T01:30:00Z"),
        ("2026-11-22 09:30", "2026-11-22T01:30:00Z"),
        ("2026-11-22T09:30:59.999", "2026-11-22T01:30:59Z"),
        ("2026-11-22T0", None),
        ("2026-11-22", "2026-11-21T16:00:00Z"),
        ("2026-11", "2026-10-31T16:00:00Z"),
        (" 2026 ", "2025-12-31T16:00:00Z"),
        ("0001-01-01", None),
        ("2026-02-30", None),
        ("昨天", None),
        ("２０２６-11-22", None),
        ("2026-11-22T09:30+99:99", None),
    ],
)
def test_a_moment_is_a_time_with_or_without_a_zone(text: str, moment: str | None) -> None:
    if moment is None:
        with pytest.raises(InvalidQuery, match="is no time such as"):
            moment_of(text)
    else:
        assert moment_of(text, datetime(2026, 11, 23, tzinfo=UTC)) == moment


def test_the_future_is_refused(folder: Path) -> None:
    with pytest.raises(InvalidQuery, match="is in the future"):
        moment_of("2026-11-23", datetime(2026, 11, 22, tzinfo=UTC))
    with (
        Archive(folder, clock=lambda: datetime(2026, 11, 24, tzinfo=UTC)) as archive,
        pytest.raises(InvalidQuery, match="is in the future"),
    ):
        archive.search(Query(q="央行", as_of="2026-12"))


def test_python_returns_the_rows_of_then(folder: Path) -> None:
    with Archive(folder, clock=lambda: datetime(2026, 11, 24, tzinfo=UTC)) as archive:
        (row,) = archive.search(Query(q="央行", as_of=FIRST_KNOWN))
        assert (row.title, row.version, row.checked) == ("降准传闻", 1, "2026-11-22T13:00:00Z")
        assert "5.3%" in row.text
        assert archive.post_at(CODE, FIRST_KNOWN) == row
        assert archive.post_at(CODE, BEFORE) is None
        gone = archive.post_at(OTHER, LATE_GONE)
        assert gone is not None
        assert gone.gone == "2026-11-22T16:00:00Z"


def test_commands_answer_as_of_a_time(folder: Path, tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        ended = CliRunner().invoke(main, list(arguments))
        assert ended.exit_code == 0, ended.output
        return ended.stdout

    searched = json.loads(run("search", "央行", str(folder), "--json", "--as-of", FIRST_KNOWN))
    assert searched["total"] == 1
    (hit,) = searched["hits"]
    assert (hit["title"], hit["version"]) == ("降准传闻", 1)
    assert hit["known_until"] is None  # nobody knew of the next version
    shown = run("search", "versions:all 央行", str(folder))
    assert "(version 1 from 2026-11-22T13:00:00Z, until 2026-11-22T14:00:00Z)" in shown
    assert "(version 2 from 2026-11-22T14:00:00Z, standing)" in shown
    (record,) = map(
        json.loads, run("export", "posts", str(folder), "--as-of", FIRST_KNOWN).splitlines()
    )
    assert (record["title"], record["body"]) == (FIRST.title, FIRST.body)
    assert [each["code"] for each in record["securities"]] == ["1.600160"]
    for kind in ("feed", "site"):
        run("export", kind, str(tmp_path / kind), str(folder), "--as-of", FIRST_KNOWN)
        written = "".join(
            path.read_text("utf-8")
            for path in (tmp_path / kind).rglob("*")
            if path.suffix in (".md", ".xml", ".js", ".yml", ".html")
        )
        assert "增长5.3%" in written
        assert [word for word in ("降准否认", "5.8%", "补录", "第 2 版") if word in written] == []
    for wrong, reason in (("2999", "is in the future"), ("", "'' is no time such as")):
        refused = CliRunner().invoke(main, ["search", "央行", str(folder), "--as-of", wrong])
        assert refused.exit_code == 2
        assert reason in refused.stderr


def test_a_name_that_was_learnt_later_means_nothing_then(tmp_path: Path) -> None:
    clock = Clock()
    renamed = replace(LATE, body=FIRST.body.replace("巨化股份", "*ST巨化"))
    with Archive(tmp_path, clock=clock) as archive:
        clock.now = datetime(2026, 11, 22, 12, tzinfo=UTC)
        archive.add(FIRST)
        archive.add(renamed)
    with closing(open_catalog(tmp_path)) as catalog:
        catalog.row_factory = None
        for q, then, later in (
            ("security:巨化股份", 1, 2),
            ("security:*ST巨化", 0, 2),
            ("stjh", 0, 2),
            ("jhgf", 1, 2),
            ("security:600160", 1, 2),
        ):
            assert count(catalog, Query(q=q, as_of=FIRST_KNOWN)) == then, q
            assert count(catalog, Query(q=q, as_of=SECOND_KNOWN)) == later, q
            assert count(catalog, Query(q=q)) == later, q
        named = securities_named(catalog, "600160")
        ((then,), (later,)) = (
            named_then(catalog, named, as_of) for as_of in (FIRST_KNOWN, SECOND_KNOWN)
        )
        assert (then.name, then.posts) == ("巨化股份", 1)
        assert (later.name, later.posts) == ("*ST巨化", 2)
