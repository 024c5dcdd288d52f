"""Adverts that rotate make no version; an edit beside them does."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.archive import Archive
from archive.article import Article, BodySource
from archive.content.front_matter import format_post
from archive.integrity.rebuild import rebuild
from archive.integrity.verify import verify
from archive.writing import Outcome
from tests.support.adverts import CHART, adverts
from tests.support.articles import ARTICLE, MIRRORED, POST, Clock, files, rows

PARAGRAPHS = ("<p>央行今日公布数据。</p>", "<p>巨化股份上调。</p>", CHART.replace("{n}", "1"))


def with_body(*parts: str) -> Article:
    return replace(ARTICLE, body="\r\n".join(parts))


@given(first=adverts, second=adverts, place=st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_an_advert_that_rotates_makes_no_version(
    tmp_path_factory: pytest.TempPathFactory, first: str, second: str, place: int
) -> None:
    folder = tmp_path_factory.mktemp("news")
    paragraphs = [*PARAGRAPHS]
    one = with_body(*paragraphs[:place], first, *paragraphs[place:])
    other = with_body(second, *paragraphs).body.replace("token=1", "token=2")
    with Archive(folder, clock=Clock()) as archive:
        assert archive.add(one) is Outcome.ADDED
        (stored,) = rows(folder, "SELECT * FROM posts")
        assert archive.add(replace(one, body=other)) is Outcome.UNCHANGED
        (seen,) = rows(folder, "SELECT * FROM posts")
        assert seen["checked"] > stored["checked"]
        assert seen == stored | {"checked": seen["checked"]}
        assert files(folder) == {POST: format_post(one)}
        assert archive.search("开户") == []
        edited = replace(one, body=other.replace("公布", "修订"))
        assert archive.add(edited) is Outcome.REVISED
    assert rows(folder, "SELECT count(*) AS count FROM revisions") == [{"count": 1}]
    assert verify(folder).problems == []


BESIDE_ADVERT = replace(ARTICLE, body="<p>主力资金加仓名单实时更新</p>" + ARTICLE.body)


@pytest.mark.parametrize(
    "change",
    [
        {"title": "另一个标题"},
        {"published": ARTICLE.published.replace(hour=18)},
        {"tag": "别的新闻"},
    ],
)
def test_what_else_changes_with_an_advert_is_an_edit(
    tmp_path: Path, change: dict[str, object]
) -> None:
    with Archive(tmp_path, clock=Clock()) as archive:
        archive.add(ARTICLE)
        assert archive.add(replace(BESIDE_ADVERT, **change)) is Outcome.REVISED


def test_the_articles_own_bytes_replace_a_stand_in_with_the_same_words(tmp_path: Path) -> None:
    with Archive(tmp_path, clock=Clock()) as archive:
        archive.add(replace(BESIDE_ADVERT, body_source=BodySource.MIRROR))
        assert archive.add(ARTICLE) is Outcome.REVISED
        assert archive.add(MIRRORED) is Outcome.UNCHANGED
        assert files(tmp_path)[POST] == format_post(ARTICLE)


CREDIT = '<p class="em_media">（文章来源：上海<span id="bk_90.BK0473">证券</span>报）</p>'


def test_rolling_news_is_its_medias_crawled_or_rebuilt(tmp_path: Path) -> None:
    rolling = replace(
        ARTICLE,
        body=ARTICLE.body + CREDIT,
        category="emnews",
        tag="东财滚动新闻",
        media="东财滚动",
    )
    with Archive(tmp_path, clock=Clock()) as archive:
        archive.add(rolling)
        archive.add(rolling)
    for _ in range(2):
        assert rows(tmp_path, "SELECT media, category, tag FROM posts") == [
            {"media": "上海证券报", "category": "emnews", "tag": "东财滚动新闻"}
        ]
        assert rows(tmp_path, "SELECT security FROM mentions") == [{"security": "1.600160"}]
        rebuild(tmp_path)
        assert verify(tmp_path).problems == []


def test_a_rebuild_brings_media_and_mentions_of_an_older_archive_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rolling = replace(ARTICLE, category="emnews", tag="东财滚动新闻", body=ARTICLE.body + CREDIT)
    with Archive(tmp_path, clock=Clock()) as archive, monkeypatch.context() as patch:
        patch.setattr(
            "archive.catalog.row_builder.media_of", lambda named, _: named
        )  # as it was once
        archive.add(replace(rolling, media="东财滚动"))
    assert rows(tmp_path, "SELECT media FROM posts") == [{"media": "东财滚动"}]
    assert verify(tmp_path).problems == []
    rebuild(tmp_path)
    assert rows(tmp_path, "SELECT media FROM posts") == [{"media": "上海证券报"}]
    assert verify(tmp_path).problems == []
