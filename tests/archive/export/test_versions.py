"""Versions as records: all, or those that the archive knew at a time."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from click.testing import CliRunner

from archive.archive import Archive
from archive.cli import main
from tests.support.articles import ARTICLE, CODE, Clock
from tests.support.catalogs import OTHER
from tests.support.editions import MEDIA, ROLLING

BODY = '<p>增长5.3%<a data-code="1,600160">巨化股份</a></p>'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an archive with a version an hour: from 21:00 on in Shanghai."""
    clock = Clock()
    with Archive(tmp_path / "news", clock=clock) as archive:
        clock.now = datetime(2026, 11, 22, 12, tzinfo=UTC)
        archive.add(replace(ARTICLE, body=BODY))  # 13:00
        archive.add(replace(ARTICLE, title="新", body="<p>增长5.8%</p>"))  # 14:00
        archive.add(replace(ARTICLE, info_code=OTHER))  # 15:00
        archive.mark_gone(OTHER)  # 16:00
        archive.add(replace(ARTICLE, info_code=OTHER))  # 17:00
    return tmp_path / "news"


def versions(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    ended = CliRunner().invoke(main, ["export", "versions", str(folder), *arguments])
    assert ended.exit_code == 0, ended.output
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_all_versions_with_their_texts(folder: Path) -> None:
    first, second, other = versions(folder)
    assert [(each["info_code"], each["version"]) for each in (first, second, other)] == [
        *((CODE, 1), (CODE, 2)),
        (OTHER, 1),
    ]
    assert (first["text"], second["text"]) == ("增长5.3%巨化股份", "增长5.8%")
    assert first["seen_until"] == second["seen_from"] == "2026-11-22T14:00:00Z"
    assert {"class": "figures", "before": "5.3%", "after": "5.8%"} in second["edits"]
    assert second["cause"] == "edited"


@pytest.mark.parametrize(
    ("as_of", "known"),
    [
        ("2026-11-22T20:59", []),
        ("2026-11-22T21:00", [(CODE, "标题", ["1.600160"])]),
        ("2026-11-22T21:59:59", [(CODE, "标题", ["1.600160"])]),
        ("2026-11-22T22:00", [(CODE, "新", [])]),
        ("2026-11-22T23:30", [(CODE, "新", []), (OTHER, "标题", ["1.600160"])]),
        ("2026-11-23", [(CODE, "新", [])]),
        ("2026-11-23T01", [(CODE, "新", []), (OTHER, "标题", ["1.600160"])]),
    ],
)
def test_as_of_a_time_there_is_what_was_stored_by_then(
    folder: Path, as_of: str, known: list[tuple[str, str, list[str]]]
) -> None:
    found = versions(folder, "--as-of", as_of)
    assert [(each["info_code"], each["title"], each["securities"]) for each in found] == known


def test_what_became_another_in_the_row_of_a_version_is_that_of_then(tmp_path: Path) -> None:
    """Media, source and path of both posts of an article; the path shows what is superseded."""
    clock = Clock()
    with Archive(tmp_path, clock=clock) as archive:
        clock.now = datetime(2026, 11, 22, 12, tzinfo=UTC)
        archive.add_many([MEDIA, replace(ROLLING, media=None)])  # 13:00
        archive.add(ROLLING)  # 14:00
        archive.add(replace(ROLLING, title="新"))  # 15:00
    then, named, edited = (
        {each["edition"]: each for each in versions(tmp_path, "--as-of", f"2026-11-22T{hour}:30Z")}
        for hour in (13, 14, 15)
    )
    assert [each["rolling"]["media"] for each in (then, named, edited)] == [
        None,
        *("长江商报", "长江商报"),
    ]
    assert then["media"] == named["media"] == edited["media"]
    assert then["rolling"]["path"] == named["rolling"]["path"] == edited["rolling"]["path"]
    assert then["rolling"]["securities"] == ["1.601318"]


def test_parquet_has_times_and_lists(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "versions.parquet"
    versions(folder, "--format", "parquet", "-o", str(out))
    table = pyarrow.parquet.read_table(out)
    assert (table.schema.field("published").type.tz, table.schema.field("seen_from").type.tz) == (
        *("Asia/Shanghai", "UTC"),
    )
    first, second, _ = table.to_pylist()
    assert first["seen_until"] == second["seen_from"] == datetime(2026, 11, 22, 14, tzinfo=UTC)
    assert first["published"] == ARTICLE.published
    assert second["classes"] == ["title", "figures", "securities", "wording"]
