"""Datasets: Parquet by day, a card and checksums, whole or not there."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.dataset
import pytest
from click.testing import CliRunner

from archive.archive import Archive
from archive.cli import main
from archive.export import dataset
from archive.export.parquet import Record
from tests.support.articles import ARTICLE, CODE, Clock, Killed
from tests.support.catalogs import OTHER

BODY = '<p>增长5.3%<a data-code="1,600160">巨化股份</a></p>'


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset") / "news"
    clock = Clock()
    with Archive(folder, clock=clock) as archive:
        clock.now = datetime(2026, 11, 22, 12, tzinfo=UTC)
        archive.add(replace(ARTICLE, body=BODY))
        archive.add(replace(ARTICLE, title="新", body="<p>增长5.8%</p>"))
        later = ARTICLE.published + timedelta(days=1)
        archive.add(replace(ARTICLE, info_code=OTHER, published=later))
    return folder


def export(*arguments: str) -> Any:
    return CliRunner().invoke(main, ["export", *arguments])


def read(folder: Path) -> pyarrow.Table:
    return pyarrow.dataset.dataset(folder / "data", partitioning="hive").to_table()


def test_versions_by_day(news: Path, tmp_path: Path) -> None:
    out = tmp_path / "versions"
    ended = export("versions", str(news), "--by-day", str(out))
    assert ended.exit_code == 0, ended.output
    table = read(out)
    found = [(row["info_code"], row["version"], row["day"]) for row in table.to_pylist()]
    assert sorted(found) == sorted(
        [(CODE, 1, "2021-12-29"), (CODE, 2, "2021-12-29"), (OTHER, 1, "2021-12-30")]
    )
    schema = table.schema
    assert schema.field("published").type == pyarrow.timestamp("ms", tz="Asia/Shanghai")
    assert schema.field("seen_until").type == pyarrow.timestamp("ms", tz="UTC")
    assert schema.field("securities").type == pyarrow.list_(pyarrow.string())
    day = pyarrow.dataset.field("day") == "2021-12-30"
    source = pyarrow.dataset.dataset(out / "data", partitioning="hive")
    assert source.to_table(filter=day).num_rows == 1

    card = (out / "README.md").read_text("utf-8")
    assert "| records | 3, one for each of the versions |" in card
    assert "| published | 2021-12-29 to 2021-12-30, 2 days |" in card
    assert "| stored by the archive | 2026-11-22T13:00:00Z to 2026-11-22T15:00:00Z |" in card
    assert "| `edited` | 1 |" in card
    for field in schema:
        kind = str(field.type).replace("<element:", "<item:")
        assert f"\n| `{field.name}` | `{kind}` | " in card, field
    assert " |  |\n" not in card  # each field has a meaning
    sums = subprocess.run(
        ("sha256sum", "--check", "--strict", "SHA256SUMS"), cwd=out, capture_output=True, check=True
    )
    assert sums.stdout.count(b": OK") == 3


def test_posts_by_day_and_as_selected(news: Path, tmp_path: Path) -> None:
    out = tmp_path / "posts"
    ended = export("posts", str(news), "--until", "2021-12-30", "--by-day", str(out))
    assert ended.exit_code == 0, ended.output
    (row,) = read(out).to_pylist()
    assert (row["title"], row["day"]) == ("新", "2021-12-29")
    assert row["revised"] == datetime(2026, 11, 22, 14, tzinfo=UTC)
    assert row["edits"][0]["class"] == "title"
    card = (out / "README.md").read_text("utf-8")
    assert "| selection | until 2021-12-30 |" in card
    assert " |  |\n" not in card


def test_an_older_dataset_is_replaced_and_nothing_else(news: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert export("versions", str(news), "--by-day", str(out)).exit_code == 0
    ended = export("versions", str(news), "--by-day", str(out), "--as-of", "2026-11-22T21:30")
    assert ended.exit_code == 0
    assert [row["version"] for row in read(out).to_pylist()] == [1]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]

    (out / "SHA256SUMS").unlink()
    ended = export("versions", str(news), "--by-day", str(out))
    assert ended.exit_code == 1
    assert "no export has written it" in ended.output
    assert read(out).num_rows == 1
    for place in (news / "out", news, news.parent):
        ended = export("versions", str(news), "--by-day", str(place))
        assert "overlap" in ended.output
    ended = export("versions", str(news), "--by-day", str(out), "-o", str(tmp_path / "file"))
    assert "Use --by-day or --output, not both." in ended.output


def test_a_killed_export_leaves_nothing_that_looks_whole(
    news: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(records: Iterator[Record], *_: object) -> int:
        list(records)
        raise Killed

    out = tmp_path / "out"
    assert export("versions", str(news), "--by-day", str(out)).exit_code == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with monkeypatch.context() as patch:
        patch.setattr(dataset, "write_parquet", killed)
        patch.setattr("shutil.rmtree", lambda *_, **__: None)  # as after SIGKILL
        with pytest.raises(Killed):
            export("versions", str(news), "--by-day", str(out))
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert len(list(tmp_path.iterdir())) == 2
    assert export("versions", str(news), "--by-day", str(out)).exit_code == 0
    assert list(tmp_path.iterdir()) == [out]


def test_a_dataset_without_records_is_whole(news: Path, tmp_path: Path) -> None:
    ended = export("posts", str(news), "--since", "2099", "--by-day", str(tmp_path / "none"))
    assert ended.exit_code == 0, ended.output
    assert "| records | 0, one" in (tmp_path / "none" / "README.md").read_text("utf-8")
