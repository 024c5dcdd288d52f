"""An archive as of a time equals an archive that was rebuilt from its captures up to that time."""

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.archive import Archive
from archive.article import Article, BodySource
from archive.cli import main
from archive.integrity.as_of_audit import audit_as_of
from archive.integrity.rebuild import rebuild
from archive.search import register
from tests.support.articles import ARTICLE, CODE, MIRRORED, rows
from tests.support.catalogs import OTHER
from tests.support.editions import CODE as OF_TWO
from tests.support.editions import MEDIA, ROLLING

# Pairs of a moment and a question; `make nightly` asks 10,000.
PAIRS = int(os.environ.get("FINEWS_AS_OF_PAIRS", "80"))
PER_ARCHIVE = 40

BODY = '<p>公司全年增长5.3%。</p><p>分红<a data-code="1,600160">巨化股份</a>不变。</p>'
FIRST = replace(ARTICLE, body=BODY)
Step = Callable[[Archive, datetime], object]


def adding(article: Article) -> Step:
    return lambda archive, _: archive.add(article)


def importing(article: Article, days: int) -> Step:
    """Import an article that another archive had seen some days ago."""
    return lambda archive, now: archive.add_many([article], [now - timedelta(days=days)])


def on_both(act: Callable[[Archive, object], object]) -> Step:
    def step(archive: Archive, _: datetime) -> None:
        for code in (CODE, OTHER, OF_TWO):
            if archive.has(code):
                act(archive, code)

    return step


def read_anew(archive: Archive, _: datetime) -> None:
    if archive.has(CODE):
        archive.revise(replace(FIRST, body=BODY.replace("分红", "红利"), captures=CAPTURED))


CAPTURED = ()

STEPS: dict[str, Step] = {
    "first": adding(FIRST),
    "figure": adding(replace(FIRST, body=BODY.replace("5.3", "5.8"))),
    "title": adding(replace(FIRST, title="更正：标题")),
    "no security": adding(replace(FIRST, body="<p>公司全年增长5.3%。</p>")),
    "other security": adding(replace(FIRST, body=BODY.replace("1,600160", "0,300750"))),
    "renamed security": adding(replace(FIRST, body=BODY.replace("巨化股份", "*ST巨化"))),
    "mirror": adding(replace(MIRRORED, body=BODY.replace("公司", "公 司"))),
    "list": adding(replace(FIRST, body="<p>公司全年</p>", body_source=BodySource.SUMMARY)),
    "moved": adding(replace(FIRST, published=FIRST.published + timedelta(days=40))),
    "dated ahead": adding(
        replace(FIRST, info_code=OTHER, published=datetime(2062, 1, 1, tzinfo=UTC))
    ),
    "other": adding(replace(FIRST, info_code=OTHER, media=None, title="别的")),
    "other with media": adding(replace(FIRST, info_code=OTHER, title="别的")),
    "media": adding(MEDIA),
    "rolling": adding(ROLLING),
    "rolling without media": adding(replace(ROLLING, media=None)),
    "rolling edited": adding(replace(ROLLING, body=ROLLING.body.replace("增长", "下降"))),
    "imported": importing(FIRST, 30),
    "imported other": importing(replace(FIRST, info_code=OTHER, title="早先"), 9),
    "imported of two": importing(MEDIA, 3),
    "gone": on_both(lambda archive, code: archive.mark_gone(code)),
    "checked": on_both(lambda archive, code: archive.mark_checked(code)),
    "listed": on_both(lambda archive, code: archive.mark_listed(code, ("1.600519",))),
    "listed anew": on_both(lambda archive, code: archive.mark_listed(code, ("0.300750",))),
    "read anew": read_anew,
}
HISTORY = st.lists(
    st.tuples(st.sampled_from(sorted(STEPS)), st.integers(-30, 90)), min_size=1, max_size=14
)


# Of an article, what it learnt later has no earlier time.
DISORDER = """
    SELECT info_code FROM events AS one JOIN events AS other USING (info_code)
    WHERE one.cursor < other.cursor AND one.at > other.at
    UNION SELECT info_code FROM absences WHERE gone_until < gone_from
    UNION SELECT info_code FROM versions WHERE seen_until < seen_from
    UNION SELECT info_code FROM post_history WHERE known_until < known_from
"""


def live(folder: Path, history: Sequence[tuple[str, int]]) -> None:
    """Write an archive; the clock moves by some minutes at each step, also back."""
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    with Archive(folder, clock=lambda: now) as archive:
        for step, minutes in history:
            now += timedelta(minutes=minutes)
            STEPS[step](archive, now)


@settings(max_examples=max(1, PAIRS // PER_ARCHIVE))
@given(history=HISTORY, seed=st.integers(0, 1 << 20))
def test_nothing_leaks_from_the_future(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[str, int]], seed: int
) -> None:
    folder = tmp_path_factory.mktemp("news")
    live(folder, history)
    if not rows(folder, "SELECT 1 FROM posts"):
        return
    assert rows(folder, DISORDER) == []
    for more in range(2):
        assert audit_as_of(folder, PER_ARCHIVE // 2, seed + more).differences == []
    before = states(folder)
    rebuild(folder)
    assert states(folder) == before
    assert audit_as_of(folder, 1, seed).differences == []


def states(folder: Path) -> list[dict[str, object]]:
    """Return all states without their numbers, which have gaps after a rebuild."""
    found = rows(folder, "SELECT * FROM post_states ORDER BY info_code, id")
    return [
        {name: value for name, value in each.items() if name not in ("id", "document", "post")}
        for each in found
    ]


def test_the_command_audits_an_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.commands.verify.randrange", lambda _: 4)
    live(tmp_path, [("first", 0), ("figure", 9), ("other", 9), ("gone", 9), ("title", 9)])
    audited = CliRunner().invoke(main, ["verify", str(tmp_path), "--as-of", "20"])
    assert (audited.exit_code, audited.output.startswith("20 questions as of 5 times")) == (0, True)
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as catalog, catalog:
        register(catalog)
        catalog.execute(
            "UPDATE post_history SET facts = json_set(facts, '$.title', '后来'),"
            " published = '2020-01-01T00:00:00+08:00'"
        )
    audited = CliRunner().invoke(main, ["verify", str(tmp_path), "--as-of", "3"])
    assert audited.exit_code == 3
    assert "answers differ from the captures" in audited.output


def test_an_archive_without_posts_cannot_be_asked(tmp_path: Path) -> None:
    live(tmp_path, [])
    audited = CliRunner().invoke(main, ["verify", str(tmp_path), "--as-of", "3"])
    assert audited.exit_code == 1
    assert "has no posts" in audited.output


def test_an_audit_notices_what_leaks(tmp_path: Path) -> None:
    """A state that is known too early, with what the archive learnt later."""
    live(tmp_path, [("first", 0), ("figure", 60)])
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as catalog, catalog:
        catalog.execute("UPDATE post_history SET known_until = '2026-11-22T12:30:00Z' WHERE id = 1")
        catalog.execute("UPDATE post_history SET known_from = '2026-11-22T12:30:00Z' WHERE id = 2")
    differences = [audit_as_of(tmp_path, 1, seed).differences for seed in range(6)]
    assert any("than its captures" in each for found in differences for each in found)
