"""The versions of articles: why each exists, what changed in it, and when it was shown."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.archive import Archive
from archive.article import Article, BodySource
from archive.integrity.rebuild import rebuild
from archive.integrity.verify import verify
from tests.support.articles import ARTICLE, CODE, MIRRORED, POST, Clock, rows
from tests.support.captures import exchange
from tests.support.catalogs import tables
from tests.support.editions import CODE as OF_TWO
from tests.support.editions import MEDIA, ROLLING
from tests.support.older_archives import downgrade, write_older_records

BODY = "<p>公司全年增长5.3%。</p><p>分红方案不变。</p>"
FIRST = replace(ARTICLE, body=BODY)
EDITED = replace(FIRST, body=BODY.replace("5.3", "5.8"))
LISTED = replace(FIRST, body="<p>公司全年增长5.3%。</p>", body_source=BodySource.SUMMARY)
LISTED_ANEW = replace(LISTED, body="<p>公司全年增长5.8%。</p>")
MOVED = replace(FIRST, published=FIRST.published + timedelta(hours=3))
MARKED_UP = replace(FIRST, body=BODY.replace("<p>", "<p >"))
FROM_MIRROR = replace(MIRRORED, body=BODY.replace("公司", "公 司"))


def causes(folder: Path) -> list[tuple[str, list[str]]]:
    found = rows(folder, "SELECT cause, classes FROM versions ORDER BY version")
    return [(row["cause"], json.loads(row["classes"])) for row in found]


@pytest.mark.parametrize(
    ("articles", "cause", "classes"),
    [
        ((FIRST, EDITED), "edited", ["figures"]),
        ((FIRST, replace(FIRST, title="更正：标题")), "edited", ["title", "retraction"]),
        ((FIRST, MOVED), "edited", ["published"]),
        ((FIRST, MARKED_UP), "unknown", ["markup"]),
        ((FROM_MIRROR, FIRST), "better_copy", []),
        ((FROM_MIRROR, EDITED), "edited", ["figures"]),
        ((LISTED, LISTED_ANEW), "corrected_in_list", ["figures"]),
        ((LISTED, FIRST), "better_copy", []),
    ],
)
def test_every_version_has_a_cause(
    tmp_path: Path, articles: Sequence[Article], cause: str, classes: list[str]
) -> None:
    with Archive(tmp_path, clock=Clock()) as archive:
        for article in articles:
            archive.add(article)
    assert causes(tmp_path) == [("first_seen", []), (cause, classes)]


def test_an_older_import_of_an_article_is_no_return(tmp_path: Path) -> None:
    clock = Clock()
    with Archive(tmp_path, clock=lambda: clock.now) as archive:
        archive.add(FROM_MIRROR)
        captured = clock.now
        clock.now += timedelta(hours=1)
        archive.mark_gone(CODE)
        archive.add_many([FIRST], [captured])
        assert causes(tmp_path) == [("first_seen", []), ("better_copy", [])]
        (row,) = archive.editions(CODE)
        assert row.gone
        clock.now += timedelta(hours=1)
        archive.add_many([EDITED], [clock.now])
    assert rows(tmp_path, "SELECT what FROM changes ORDER BY at") == [
        {"what": "gone"},
        {"what": "figures"},
        {"what": "returned"},
    ]


def test_the_same_answer_read_by_another_parser_is_no_edit(tmp_path: Path) -> None:
    with Archive(tmp_path, clock=Clock()) as archive:
        captures = (archive.capture(exchange(b"answer")),)
        archive.add(replace(FIRST, captures=captures))
        archive.revise(replace(EDITED, captures=captures))
    assert causes(tmp_path) == [("first_seen", []), ("read_anew", [])]


def test_what_a_person_wrote_into_a_post_is_imported_and_hides_no_edit(tmp_path: Path) -> None:
    with Archive(tmp_path, clock=Clock()) as archive:
        archive.add(FIRST)
        post = tmp_path / POST
        post.write_bytes(post.read_bytes().replace("分红".encode(), "红利".encode()))
        archive.add(EDITED)
    assert causes(tmp_path) == [("first_seen", []), ("imported", []), ("edited", ["figures"])]
    (edit,) = json.loads(rows(tmp_path, "SELECT edits FROM posts")[0]["edits"])
    assert edit == {"class": "figures", "before": "5.3%", "after": "5.8%"}


def test_a_version_has_the_text_and_the_facts_of_its_time(tmp_path: Path) -> None:
    with Archive(tmp_path, clock=Clock()) as archive:
        archive.add(replace(FIRST, body=f'{BODY}<a data-code="1,600160">巨化股份</a>'))
        archive.add(replace(EDITED, title="新"))
    before, after = rows(tmp_path, "SELECT * FROM versions ORDER BY version")
    assert ("5.3%" in before["text"], "5.8%" in after["text"]) == (True, True)
    assert (before["title"], after["title"]) == ("标题", "新")
    assert (before["securities"], after["securities"]) == ('["1.600160"]', "[]")
    assert before["seen_until"] == after["seen_from"]


Step = Callable[[Archive], object]


def adding(article: Article) -> Step:
    return lambda archive: archive.add(article)


def gone(archive: Archive) -> None:
    for code in (CODE, OF_TWO):
        if archive.has(code):
            archive.mark_gone(code)


STEPS: dict[str, Step] = {
    "first": adding(FIRST),
    "edited": adding(EDITED),
    "mirror": adding(FROM_MIRROR),
    "listed": adding(LISTED),
    "listed anew": adding(LISTED_ANEW),
    "moved": adding(MOVED),
    "markup": adding(MARKED_UP),
    "media": adding(MEDIA),
    "rolling": adding(ROLLING),
    "rolling edited": adding(replace(ROLLING, body=ROLLING.body.replace("增长", "下降"))),
    "gone": gone,
}
HISTORY = st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(-2, 5)), max_size=8)


def live(folder: Path, history: Sequence[tuple[str, int]]) -> None:
    """Write an archive; the clock moves by some hours at each step, also back."""
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    with Archive(folder, clock=lambda: now) as archive:
        for step, hours in history:
            now += timedelta(hours=hours)
            STEPS[step](archive)


def posts(folder: Path, table: str) -> list[list[dict[str, Any]]]:
    found = rows(folder, f"SELECT * FROM {table} ORDER BY info_code, edition, 3")  # noqa: S608
    return [
        list(of) for _, of in groupby(found, key=lambda row: (row["info_code"], row["edition"]))
    ]


@settings(max_examples=25)
@given(HISTORY)
def test_versions_follow_each_other_without_gaps_and_are_rebuilt(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("news")
    live(folder, history)
    for versions in posts(folder, "versions"):
        assert [each["version"] for each in versions] == list(range(1, len(versions) + 1))
        assert all(one["seen_until"] == two["seen_from"] for one, two in pairwise(versions))
        assert all(each["seen_from"] <= each["seen_until"] for each in versions[:-1])
        assert versions[-1]["seen_until"] is None
        assert None not in {each["text"] for each in versions}
    for absences in posts(folder, "absences"):
        assert all(one["gone_until"] is not None for one in absences[:-1])
    before = tables(folder)
    assert verify(folder).problems == []
    rebuild(folder)
    assert tables(folder) == before


def is_unambiguous(history: Sequence[tuple[str, int]]) -> bool:
    """Return whether no article with two posts was gone: which of them came back is not known."""
    steps = {step for step, _ in history}
    return not ("gone" in steps and "media" in steps and steps & {"rolling", "rolling edited"})


@settings(max_examples=15)
@given(
    HISTORY.filter(is_unambiguous).map(
        # Of the same second, an older archive does not know the order.
        lambda history: [(step, max(abs(hours), 1)) for step, hours in history]
    )
)
def test_archives_of_older_releases_get_causes(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("news")
    with pytest.MonkeyPatch.context() as patch:
        write_older_records(patch)
        live(folder, history)
    before = tables(folder)
    downgrade(folder)
    assert verify(folder).problems == []
    assert without_order(tables(folder)) == without_order(before)
    rebuild(folder)
    assert tables(folder) == before


def test_of_two_posts_only_that_was_gone_which_was_there(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        write_older_records(patch)
        live(tmp_path, [("media", 0), ("gone", 1), ("rolling", 1)])
    before = tables(tmp_path)
    downgrade(tmp_path)
    assert verify(tmp_path).problems == []
    assert tables(tmp_path) == before


def without_order(found: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """Leave out the order of events of the same second, which an older catalog does not have."""
    return found | {"events": sorted(event[1:] for event in found["events"])}
