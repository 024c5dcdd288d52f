"""What a source states of an article beside its facts: flags, keywords, the last change."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

import archive
from archive.archive import Archive
from archive.article import SHANGHAI, Article, ArticleFlag
from archive.integrity.rebuild import rebuild
from archive.integrity.verify import verify
from archive.writing import Outcome
from tests.support.articles import Clock, rows
from tests.support.captures import exchange
from tests.support.catalogs import tables
from tests.support.declared_articles import JIN10_FLASH, THS
from tests.support.older_archives import downgrade, write_older_records

MODIFIED = datetime(2026, 9, 19, 12, 30, tzinfo=SHANGHAI)
FLAGGED = replace(
    JIN10_FLASH,
    flags=(ArticleFlag.IMPORTANT, ArticleFlag.PAID),
    keywords=("A股", 'a "b", c'),
    modified=MODIFIED,
)
LOCKED = replace(FLAGGED, body=f"<p>{FLAGGED.title}</p>", flags=(ArticleFlag.LOCKED,))
PARTIAL = replace(FLAGGED, body="<p>开头。</p>", flags=(ArticleFlag.PARTIAL,))


def is_whole(folder: Path) -> bool:
    before = tables(folder)
    assert verify(folder).problems == []
    assert rebuild(folder).lost == []
    return tables(folder) == before


def test_they_are_in_the_post_and_in_the_catalog(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        archive.add_many([FLAGGED, THS])
        assert archive.article_of(*archive.posts([FLAGGED.info_code])) == FLAGGED
    (path,) = tmp_path.rglob(f"*{FLAGGED.info_code}.md")
    text = path.read_text(encoding="utf-8")
    assert '\nflags: ["important", "paid"]\nkeywords: ["A股", "a \\"b\\", c"]\n' in text
    assert "\nmodified: 2026-09-19 12:30:00 +0800\n" in text
    (row,) = rows(tmp_path, "SELECT flags, keywords, modified FROM posts WHERE flags <> '[]'")
    assert json.loads(row["flags"]) == ["important", "paid"]
    assert row["modified"] == "2026-09-19T12:30:00+08:00"
    assert is_whole(tmp_path)
    for file in (tmp_path / "warc").iterdir():
        file.unlink()
    assert rebuild(tmp_path, force=True)
    assert rows(tmp_path, "SELECT flags, keywords, modified FROM posts WHERE flags <> '[]'") == [
        row
    ]


@pytest.mark.parametrize(
    ("first", "then", "outcome"),
    [
        (LOCKED, FLAGGED, Outcome.REVISED),
        (PARTIAL, FLAGGED, Outcome.REVISED),
        (LOCKED, PARTIAL, Outcome.REVISED),
        (FLAGGED, LOCKED, Outcome.UNCHANGED),
        (FLAGGED, PARTIAL, Outcome.UNCHANGED),
    ],
)
def test_more_of_a_body_is_a_better_copy_and_less_replaces_nothing(
    tmp_path: Path, first: Article, then: Article, outcome: Outcome
) -> None:
    with Archive(tmp_path, clock=Clock()) as archive:
        archive.add(first)
        assert archive.add(then) is outcome
    causes = [row["cause"] for row in rows(tmp_path, "SELECT cause FROM versions ORDER BY version")]
    assert causes == ["first_seen", "better_copy"][: 1 + (outcome is Outcome.REVISED)]
    assert is_whole(tmp_path)


def test_what_only_sorts_an_article_makes_no_version(tmp_path: Path) -> None:
    changed = replace(FLAGGED, keywords=("港股",), modified=None, flags=(ArticleFlag.PAID,))
    with Archive(tmp_path, clock=Clock()) as archive:
        fetched = [archive.capture(exchange(body)) for body in (b"1", b"2")]
        archive.add(replace(FLAGGED, captures=(fetched[0],)))
        assert archive.add(replace(changed, captures=(fetched[1],))) is Outcome.UNCHANGED
        assert archive.revise(replace(changed, captures=(fetched[0],))) is Outcome.REVISED
        (row,) = archive.posts()
    assert (row.cause, row.keywords) == ("read_anew", '["港股"]')
    assert is_whole(tmp_path)


def test_an_archive_of_the_release_before_gets_the_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        write_older_records(patch)
        with Archive(tmp_path) as archive:
            archive.add(THS)
    downgrade(tmp_path)
    with Archive(tmp_path) as archive:
        archive.add(FLAGGED)
    found = rows(tmp_path, "SELECT flags, keywords, modified FROM posts ORDER BY id")
    assert list(found[0].values()) == ["[]", "[]", None]
    assert is_whole(tmp_path)


def test_they_are_in_the_answers_of_the_api(tmp_path: Path) -> None:
    with Archive(tmp_path) as stored:
        stored.add(FLAGGED)
    with archive.open(tmp_path) as news:
        found = news.get(FLAGGED.info_code)
    assert (found.flags, found.keywords) == (["important", "paid"], list(FLAGGED.keywords))
    assert found.modified == MODIFIED
