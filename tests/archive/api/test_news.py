"""The Python face: what `archive.open` returns."""

import builtins
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import archive
from archive.archive import Archive
from archive.article import SHANGHAI
from tests.archive.browse.conftest import GONE, REVISED, ROLLING, STOCK, article
from tests.support.api_reference import EXAMPLE

FIRST = datetime(2021, 12, 29, 10, tzinfo=UTC)
TITLES = ("央行降准", "银行公告", "央行表态")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three articles; one is edited after an hour, one is withdrawn after two."""
    folder = tmp_path_factory.mktemp("archive") / "news"
    now = FIRST
    codes = (REVISED, GONE, ROLLING)
    bodies = ("<p>降准0.5个百分点。</p>", f"<p>{STOCK}公告。</p>", "<p>货币政策稳健。</p>" * 40_000)
    found = [
        article(code, title=title, body=body)
        for code, title, body in zip(codes, TITLES, bodies, strict=True)
    ]
    with Archive(folder, clock=lambda: now) as stored:
        stored.add_many(found)
        now += timedelta(hours=1)
        edited = article(REVISED, title=TITLES[0], body="<p>降准0.25个百分点。</p>")
        stored.add(edited)
        now += timedelta(hours=1)
        stored.mark_gone(archive.ArticleId(GONE))
    return folder


@pytest.fixture
def news(folder: Path) -> Iterator[archive.News]:
    with archive.open(folder) as news:
        yield news


def test_search_finds_all_and_sorts_by_relevance(news: archive.News) -> None:
    assert {found.id for found in news.search()} == {REVISED, GONE, ROLLING}
    assert [found.title for found in news.search("降准")] == ["央行降准"]
    assert {found.title for found in news.search("央行", sort="relevance")} == {
        TITLES[0],
        TITLES[2],
    }
    assert [found.id for found in news.search(security="1.600160", since="2021-12")] == [GONE]
    assert not list(news.search(until="2021"))


def test_an_article_is_found_by_id_and_by_address_and_is_read_whole(news: archive.News) -> None:
    address = f"http://finews.zning.xyz/html_News/NewsShare.html?infoCode={ROLLING}"
    whole = news.get(address)
    assert whole.id == ROLLING
    assert whole.body == "\n".join(["货币政策稳健。"] * 40_000)
    assert whole.length == len(whole.body)
    assert news.get(REVISED, body="html").body == "<p>降准0.25个百分点。</p>"
    assert news.get(GONE).gone == FIRST + timedelta(hours=2)
    assert [each.name for each in news.get(GONE).securities] == ["巨化股份"]
    with pytest.raises(archive.NotArchived, match="NW202100000000000001"):
        news.get("NW202100000000000001")
    with pytest.raises(archive.NotArchived, match="no address in the archive"):
        news.get("http://example.com/")


def test_versions_and_changes_are_what_the_archive_learnt(news: archive.News) -> None:
    first, second = news.versions(REVISED)
    assert (first.cause, second.cause) == ("first_seen", "edited")
    assert first.seen_until == second.seen_from == FIRST + timedelta(hours=1)
    assert [(each.before, each.after) for each in second.edits] == [("0.5个百分点", "0.25个百分点")]
    changes = list(news.changes())
    assert [change.event for change in changes] == ["first_seen"] * 3 + ["edited", "gone"]
    assert list(news.changes(after=changes[2].cursor)) == changes[3:]
    assert [change.id for change in news.changes(events="edited")] == [REVISED]
    assert {change.id for change in news.changes(security="1.600160")} == {GONE}
    assert not list(news.changes(after=changes[-1].cursor))
    with pytest.raises(archive.NotArchived, match="has the cursor 5; there is none 6"):
        list(news.changes(after=6))


def test_lists_count_the_articles(news: archive.News) -> None:
    assert [(each.code, each.articles) for each in news.securities("巨化股份")] == [("1.600160", 1)]
    timeline = news.security("1.600160", by="day").timeline
    assert [(each.key, each.articles) for each in timeline] == [("2021-12-29", 1)]
    assert [(each.key, each.articles) for each in news.media()] == [("经济观察网", 3)]
    assert news.day("2021-12-29").total == 3
    assert [(each.source, each.articles) for each in news.sources()] == [("eastmoney", 3)]


def test_a_sentence_has_its_version_as_evidence(news: archive.News) -> None:
    (place,) = news.quotes("降准0.25个百分点")
    assert (place.id, place.version, place.start) == (REVISED, 2, 0)
    assert place.sha256 == news.get(REVISED).sha256


def test_nothing_learnt_later_is_in_an_answer_as_of_a_time(news: archive.News) -> None:
    then = news.as_of(FIRST)
    assert then.get(REVISED).body == "降准0.5个百分点。"
    assert [each.version for each in then.versions(REVISED)] == [1]
    assert next(iter(then.versions(REVISED))).seen_until is None
    assert "revisions" not in then.get(REVISED).path
    assert then.get(GONE).gone is None
    assert len(list(then.changes())) == 3
    before = news.as_of("2021-12-29T17:59:59")
    assert not list(before.changes())
    assert not before.sources()
    with pytest.raises(archive.NotArchived):
        before.get(REVISED)


def test_wrong_arguments_are_one_sentence(news: archive.News) -> None:
    with pytest.raises(archive.InvalidQuery, match="as_of 'soon' is no time such as"):
        news.as_of("soon")
    ends = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=SHANGHAI)
    for time in ("2999", datetime(2999, 1, 1, tzinfo=UTC), *ends):
        with pytest.raises(archive.InvalidQuery, match=r"is in the future|is no time"):
            news.as_of(time)
    with pytest.raises(archive.InvalidQuery, match="since String should match"):
        news.search(since="now")


def test_records_become_tables(news: archive.News) -> None:
    table = news.search().to_arrow()
    assert table.num_rows == 3
    assert set(table.column("id").to_pylist()) == {REVISED, GONE, ROLLING}
    assert list(news.changes().to_pandas().event) == ["first_seen"] * 3 + ["edited", "gone"]


@pytest.mark.parametrize("package", ["pyarrow", "pandas"])
def test_a_missing_package_is_named(
    news: archive.News, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def import_(name: str, *arguments: Any) -> Any:
        if name == package:
            raise ImportError(name)
        return found(name, *arguments)

    found = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", import_)
    records = news.search()
    with pytest.raises(archive.FinewsError, match=f"needs the package {package}"):
        records.to_arrow() if package == "pyarrow" else records.to_pandas()


def test_the_example_of_the_reference_runs(folder: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", EXAMPLE],
        cwd=folder.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "降准0.25" in ended.stdout or TITLES[0] in ended.stdout
