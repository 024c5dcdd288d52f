"""What is exported equals the catalog and the files."""

import io
import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from archive.archive import Archive
from archive.article_id import InfoCode
from archive.content.front_matter import parse_post
from archive.errors import ArchiveError, FinewsError
from archive.export.records import COLUMNS
from archive.progress import Item
from archive.search.query import EVERYTHING, Query
from tests.support.articles import ARTICLE, CODE, POST, Clock, rows
from tests.support.catalogs import OTHER, full_archive
from tests.support.exports import export_jsonl, export_parquet

THIRD, FOURTH = "NW202112292230175500", "NW202112282230175500"


def exported(folder: Path, query: Query = EVERYTHING) -> list[dict[str, Any]]:
    out = io.BytesIO()
    count = export_jsonl(folder, out, query)
    records = [json.loads(line) for line in out.getvalue().splitlines()]
    assert count == len(records)
    return records


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return full_archive(tmp_path / "news")


@pytest.fixture
def selected(tmp_path: Path) -> Path:
    """Three posts: of one second two, and one a month later that names no security."""
    folder = tmp_path / "selected"
    later = ARTICLE.published + timedelta(days=40)
    with Archive(folder, clock=Clock()) as archive:
        archive.add(replace(ARTICLE, info_code=OTHER, published=later, body="<p>降准</p>"))
        archive.add(ARTICLE)
        archive.add(replace(ARTICLE, info_code=InfoCode(THIRD), media="财联社"))
    return folder


def test_a_record_has_all_that_the_catalog_and_the_file_have(folder: Path) -> None:
    records = {record["info_code"]: record for record in exported(folder)}
    lists = (
        *("pictures", "stock_list", "addresses", "captures", "mentioned", "flags", "keywords"),
        "edits",
    )
    mentions = "SELECT * FROM mentions JOIN securities ON code = security"
    for row in rows(folder, "SELECT * FROM posts"):
        record = records.pop(row["info_code"])
        assert list(record) == list(COLUMNS)
        post = parse_post((folder / row["path"]).read_bytes(), Path(row["path"]).name)
        assert record.pop("body") == post.body
        named = [
            {name: mention[name] for name in ("code", "name", "kind", "found")}
            for mention in rows(folder, mentions)
            if mention["info_code"] == row["info_code"]
        ]
        assert record.pop("securities") == named
        assert record == row | {name: json.loads(row[name]) for name in lists}
        assert record["body_provisional"] is bool(row["body_provisional"])
    assert not records


def test_records_come_by_publication_then_code(selected: Path) -> None:
    assert [record["info_code"] for record in exported(selected)] == [THIRD, CODE, OTHER]


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        (Query(since="2022"), [OTHER]),
        (Query(since="2021-12-29T17:34:39+08:00"), [THIRD, CODE, OTHER]),
        (Query(until="2022"), [THIRD, CODE]),
        (Query(until="2021-12-29T17:34:39+08:00"), []),
        (Query(media="财联社"), [THIRD]),
        (Query(security="1.600160"), [THIRD, CODE]),
        (Query(security="0.600160"), []),
        (Query(q="巨化"), [THIRD, CODE]),
        (Query(q="-巨化"), [OTHER]),
        (Query(q="准"), [OTHER]),
        (Query(q='"'), []),
        (Query(q="标题", media="经济观察网", until="2022"), [CODE]),
    ],
)
def test_a_selection_narrows(selected: Path, query: Query, codes: list[str]) -> None:
    assert [record["info_code"] for record in exported(selected, query)] == codes


def written(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with times in place of their texts."""
    read = {
        name: datetime.fromisoformat(record[name])
        for name in ("published", "modified", "first_seen", "checked", "revised", "gone")
        if isinstance(record[name], str)
    }
    captures = [str(each["fetched"]) for each in record["captures"]]
    return {**record, **read, "captures": captures}


def test_parquet_has_the_same_records(folder: Path, selected: Path) -> None:
    for archive in (folder, selected):
        for query in (EVERYTHING, Query(media="财联社"), Query(since="2099")):
            out = io.BytesIO()
            records = exported(archive, query)
            assert export_parquet(archive, out, query) == len(records)
            found = pyarrow.parquet.read_table(out).to_pylist()
            assert list(map(written, found)) == list(map(written, records))


def test_without_pyarrow_one_sentence_says_so(
    selected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(FinewsError, match=r"needs the package pyarrow"):
        export_parquet(selected, io.BytesIO())


def test_records_are_made_one_by_one_and_of_one_moment(selected: Path) -> None:
    """While they are, a crawl changes what is to come; what is exported is from before."""
    new_media = replace(ARTICLE, body="<p>新</p>", media="新")

    class Watched(io.BytesIO):
        lines = 0

        def write(self, line: Any) -> int:
            self.lines += 1
            if self.lines == 1:
                with Archive(selected) as archive:
                    archive.add(new_media)
                    archive.add(replace(new_media, info_code=OTHER))
            return super().write(line)

    out = Watched()
    before = exported(selected)
    assert export_jsonl(selected, out) == 3
    assert [json.loads(line) for line in out.getvalue().splitlines()] == before
    assert exported(selected) != before


def test_what_is_counted_is_what_is_read(selected: Path) -> None:
    def progress(what: str, steps: Sequence[Item]) -> Iterable[Item]:
        with Archive(selected) as archive:
            earlier = ARTICLE.published - timedelta(days=1)
            archive.add(replace(ARTICLE, info_code=InfoCode(FOURTH), published=earlier))
        return steps

    before = exported(selected)
    out = io.BytesIO()
    assert export_jsonl(selected, out, EVERYTHING, progress) == 3
    assert [json.loads(line) for line in out.getvalue().splitlines()] == before


def test_securities_come_by_code(tmp_path: Path) -> None:
    body = '<a data-code="1,600160">甲</a><a data-code="0,000001">丙</a><a data-code="1,1">乙</a>'
    with Archive(tmp_path / "news") as archive:
        archive.add(replace(ARTICLE, body=body))
    (record,) = exported(tmp_path / "news")
    assert record["securities"] == [
        {"code": "0.000001", "name": "丙", "kind": "share", "found": "markup"},
        {"code": "1.1", "name": "乙", "kind": "bond", "found": "markup"},
        {"code": "1.600160", "name": "甲", "kind": "share", "found": "markup"},
    ]


def test_a_lost_file_leaves_the_body_out(selected: Path) -> None:
    (selected / POST).unlink()
    assert [record["body"] is None for record in exported(selected)] == [False, True, False]
    (selected / POST).write_bytes(b"another")
    assert [record["body"] is None for record in exported(selected)] == [False, True, False]


def test_an_export_shows_how_far_it_is(selected: Path) -> None:
    shown: list[object] = []

    def progress(what: str, steps: Sequence[Item]) -> Iterable[Item]:
        def watch() -> Iterator[Item]:
            for step in steps:
                shown.append((what, len(steps), step))
                yield step

        return watch()

    export_jsonl(selected, io.BytesIO(), Query(until="2022"), progress)
    assert shown == [("posts", 2, 0), ("posts", 2, 1)]


def test_nothing_is_written_to_the_archive(selected: Path) -> None:
    with closing(sqlite3.connect(selected / "catalog.db")) as catalog:
        (before,) = catalog.execute("PRAGMA data_version").fetchone()
        exported(selected)
        assert catalog.execute("PRAGMA data_version").fetchone() == (before,)


@pytest.mark.parametrize("data", [None, b"no database" * 1000])
def test_what_is_no_archive_is_told(tmp_path: Path, data: bytes | None) -> None:
    if data:
        (tmp_path / "catalog.db").write_bytes(data)
    with pytest.raises(
        ArchiveError, match="Could not read the catalog" if data else "There is no archive"
    ):
        export_jsonl(tmp_path, io.BytesIO())
    assert [path.name for path in tmp_path.iterdir()] == ["catalog.db"] * bool(data)


def test_the_columns_are_the_catalogs(selected: Path) -> None:
    (row, *_) = rows(selected, "SELECT * FROM posts")
    assert set(COLUMNS) == {*row, "securities", "body"}
