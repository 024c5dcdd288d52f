"""What a worker knows of the archive, and what that costs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.article import Edition
from archive.article_id import ArticleId, InfoCode
from archive.errors import ArchiveError
from cluster.archived_ids import ArchivedIds

CODES = st.text("0123456789", min_size=15, max_size=20).map(InfoCode)


@given(known=st.sets(CODES), unknown=st.sets(CODES))
def test_exactly_what_was_learnt_is_known(known: set[InfoCode], unknown: set[InfoCode]) -> None:
    with ArchivedIds(Path(":memory:")) as replica:
        replica.up_to("archive")
        replica.learn(
            [
                (f"2026-11-22T00:{n:02}:00Z", code, f"{code}.md", f"slug{n % 3}")
                for n, code in enumerate(known)
            ]
        )
        assert all(replica.has(code) for code in known)
        assert not any(replica.has(code) for code in unknown - known)
        assert [replica.slug_of(code) for code in known] == [
            f"slug{n % 3}" for n in range(len(known))
        ]


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    code = InfoCode("NW202112292230175548")
    with ArchivedIds(tmp_path / "known.db") as replica:
        assert replica.up_to("archive") == ""
        replica.learn([("2026-11-22T00:00:00Z", code, f"{code}.md", None)])
    with ArchivedIds(tmp_path / "known.db") as replica:
        assert replica.up_to("archive") == "2026-11-22T00:00:00Z"
        assert replica.has(code)
        assert replica.slug_of(code) is None
        seen = datetime(2026, 11, 22, tzinfo=UTC)
        assert replica.was_known(code, seen)
        assert not replica.was_known(code, seen - timedelta(seconds=1))


def test_what_is_known_of_another_archive_is_forgotten(tmp_path: Path) -> None:
    code = InfoCode("NW202112292230175548")
    with ArchivedIds(tmp_path / "known.db") as replica:
        replica.up_to("archive")
        replica.learn([("2026-11-22T00:00:00Z", code, f"{code}.md", "x")])
        assert replica.up_to("another") == ""
        assert not replica.has(code)


def test_a_file_that_is_none_of_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "known.db").write_bytes(b"something else" * 100)
    with pytest.raises(ArchiveError, match="it may be deleted, and is then filled again"):
        ArchivedIds(tmp_path / "known.db")


def test_ids_of_any_source_are_known(tmp_path: Path) -> None:
    ids = [ArticleId("cls-2487646"), ArticleId("jin10-20260919090933625800"), InfoCode("1" * 18)]
    with ArchivedIds(tmp_path / "known.db") as replica:
        replica.up_to("archive")
        replica.learn(
            [("2026-11-22T00:00:00Z", each, f"_posts/2026-11-22-{each}.md", "x") for each in ids]
        )
        for known in ids:
            assert replica.has(known)
            assert replica.has(known, Edition.MEDIA)
            assert not replica.has(known, Edition.ROLLING)
        assert not replica.has(InfoCode("20260919090933625800"))
        assert not replica.has(ArticleId("ths-2487646"))
