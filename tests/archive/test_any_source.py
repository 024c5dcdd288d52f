"""An archive stores articles of any source, and everything reads them back equal."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.archive import Archive
from archive.article import (
    SHANGHAI,
    Article,
    ArticleFlag,
    BodySource,
    Edition,
    Found,
    Precision,
    SecurityMention,
)
from archive.article_id import ArticleId, InfoCode
from archive.catalog import PostRow
from archive.content import format_post, parse_post, post_path
from archive.importing import import_posts
from archive.integrity.rebuild import rebuild
from archive.integrity.repair import repair
from archive.integrity.verify import verify
from archive.writing import Outcome
from tests.support.articles import ARTICLE, Clock, rows
from tests.support.catalogs import tables
from tests.support.declared_articles import (
    CLS,
    CLS_FLASH,
    EXTRACTED,
    JIN10_FLASH,
    OF_SOURCES,
    PEOPLE,
    THS,
)

NAMED = replace(
    THS,
    securities=(
        SecurityMention("1.600519", "贵州茅台", Found.FIELD),
        SecurityMention("0.300750", None, Found.CODE),
    ),
)
ALL = (*OF_SOURCES, EXTRACTED, ARTICLE)


def test_every_article_is_read_back_equal(tmp_path: Path) -> None:
    with Archive(tmp_path, clock=Clock()) as archive:
        assert archive.add_many(ALL) == [Outcome.ADDED] * len(ALL)
        assert archive.add_many(ALL) == [Outcome.UNCHANGED] * len(ALL)
        for article in ALL:
            assert archive.has(article.info_code)
            assert archive.editions_of(article.info_code) == [article]
    assert verify(tmp_path).problems == []


def test_its_post_has_the_body_as_served(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        archive.add(CLS)
        (row,) = archive.posts()
    assert row.path == f"_posts/2026/09/2026-09-{CLS.published.day:02}-{CLS.info_code}.md"
    post = (tmp_path / row.path).read_text(encoding="utf-8")
    assert post.startswith(
        f'---\nlayout: post\ntitle: "{CLS.title}"\ndate: {row.published[:10]} '
        f"{row.published[11:19]} +0800\ncategories: cailianshe\ntags: 财联社新闻\nsource: cls\n"
        f"id: {CLS.info_code}\nlink: {CLS.link}\nmedia: 财联社\n"
    )
    assert post.endswith(f"\n---\n{CLS.body}")
    assert "返回" not in post.removesuffix(CLS.body)


def test_a_rebuilt_catalog_is_the_same(tmp_path: Path) -> None:
    with Archive(tmp_path, clock=Clock()) as archive:
        archive.add_many([*ALL, NAMED])
        archive.add(replace(CLS, body=f"{CLS.body}<p>更正</p>"))
        archive.add(replace(THS, published=THS.published + timedelta(days=40)))
        archive.mark_gone(JIN10_FLASH.info_code)
    before = tables(tmp_path)
    (tmp_path / "catalog.db").unlink()
    rebuild(tmp_path)
    assert tables(tmp_path) == before
    assert verify(tmp_path).problems == []


def test_a_lost_post_is_repaired(tmp_path: Path) -> None:
    with Archive(tmp_path, clock=Clock()) as archive:
        archive.add_many([THS, CLS])
        row = archive.row_of(THS.info_code)
    assert row is not None
    (tmp_path / row.path).unlink()
    repair(tmp_path, verify(tmp_path).problems)
    assert verify(tmp_path).problems == []
    with Archive(tmp_path) as archive:
        assert archive.article_of(row) == THS


def test_posts_alone_are_imported_with_all_that_they_say(tmp_path: Path) -> None:
    with Archive(tmp_path / "one", clock=Clock()) as archive:
        archive.add_many(OF_SOURCES)
        before = {row.info_code: row for row in archive.posts()}
    imported = import_posts(tmp_path / "two", [tmp_path / "one" / "_posts"])
    assert (imported.added, imported.broken, imported.refused) == (len(OF_SOURCES), 0, 0)
    with Archive(tmp_path / "two") as archive:
        after = {row.info_code: row for row in archive.posts()}
    assert after.keys() == before.keys()
    for code, row in after.items():
        assert _in_the_post(row) == _in_the_post(before[code])


def _in_the_post(row: PostRow) -> PostRow:
    """Leave out what only the crawl knows."""
    unknown = {"body_source": None, "addresses": "[]", "mentioned": "[]", "cause": "unknown"}
    return replace(row, **unknown, first_seen="", checked="")


def test_digits_of_another_publisher_are_no_info_code(tmp_path: Path) -> None:
    assert JIN10_FLASH.info_code == "jin10-flash-20260919090933625800"
    digits = "20260919090933625800"
    article = replace(JIN10_FLASH, info_code=ArticleId.of("jin10", digits))
    with Archive(tmp_path, clock=Clock()) as archive:
        archive.add(article)
        archive.add(replace(article, title="改"))
        (row,) = archive.posts()
        assert row.edition is Edition.MEDIA
        assert archive.has(article.info_code)
        assert not archive.has(InfoCode(digits))
        assert archive.article_at(f"https://finance.eastmoney.com/a/{digits}.html") is None
        assert archive.article_at(f"https://finance.jin10.com/a/{digits}.html") is None
    assert rows(tmp_path, "SELECT edition, path FROM revisions") == [
        {"edition": "media", "path": f"revisions/2026/09/2026-09-19-jin10-{digits}.1.md"}
    ]
    (tmp_path / "catalog.db").unlink()
    assert rebuild(tmp_path).posts == 1
    assert verify(tmp_path).problems == []


def test_every_form_of_an_address_leads_to_the_article(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        archive.add_many([CLS, EXTRACTED, ARTICLE])
        for address in (CLS.link, f"{CLS.link}?utm_source=wechat#comments"):
            assert archive.article_at(address) == CLS.info_code
        assert archive.article_at(EXTRACTED.link) == EXTRACTED.info_code
        assert archive.article_at(ARTICLE.link) == ARTICLE.info_code
        digits = InfoCode(ARTICLE.info_code).digits
        for address in (f"https://finance.eastmoney.com/a/{digits}.html", "http://api/"):
            assert archive.article_at(address) == ARTICLE.info_code
        assert archive.article_at("https://www.cls.cn/") is None


def test_the_address_of_a_list_leads_to_none_of_its_articles(tmp_path: Path) -> None:
    other = replace(CLS_FLASH, info_code=ArticleId("cls-1"), link="https://www.cls.cn/detail/1")
    with Archive(tmp_path) as archive:
        archive.add_many([CLS_FLASH, other])
        assert archive.article_at(CLS_FLASH.addresses[0]) is None
        assert archive.article_at(other.link) == other.info_code


def test_a_time_to_the_day_is_no_midnight(tmp_path: Path) -> None:
    assert PEOPLE.precision is Precision.DAY
    with Archive(tmp_path) as archive:
        archive.add(PEOPLE)
        (row,) = archive.posts()
    assert (row.precision, row.published[11:]) == ("day", "00:00:00+08:00")
    assert "\nprecision: day\n" in (tmp_path / row.path).read_text(encoding="utf-8")


def test_a_mention_knows_how_it_was_found(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        archive.add_many([NAMED, ARTICLE])
    found = rows(tmp_path, "SELECT security, info_code, found FROM mentions ORDER BY security")
    assert [tuple(row.values()) for row in found] == [
        ("0.300750", THS.info_code, "code"),
        ("1.600160", ARTICLE.info_code, "markup"),
        ("1.600519", THS.info_code, "field"),
    ]


def test_names_are_learnt_from_what_sources_name(tmp_path: Path) -> None:
    guessed = SecurityMention("0.300750", "宁德时代", Found.NAME)
    with Archive(tmp_path) as archive:
        archive.add_many([NAMED, ARTICLE, replace(CLS, securities=(guessed,))])
        assert {one.name for one in archive.lexicon()} == {"贵州茅台", "巨化股份"}


@pytest.mark.parametrize("extractor", ["trafilatura 2.4.0", None])
def test_only_like_is_compared_with_like(tmp_path: Path, extractor: str | None) -> None:
    source = BodySource.EXTRACTION if extractor else BodySource.PAGE
    body = f"{EXTRACTED.body}<p>增加3亿元</p>"
    better = replace(EXTRACTED, body=body, extractor=extractor, body_source=source)
    with Archive(tmp_path, clock=Clock()) as archive:
        archive.add(EXTRACTED)
        assert archive.add(better) is Outcome.REVISED
        assert archive.add(replace(better, body=f"{body}<p>又</p>")) is Outcome.REVISED
    kinds = rows(tmp_path, "SELECT what FROM changes ORDER BY at, what")
    assert [row["what"] for row in kinds] == ["addition"]
    superseded = rows(tmp_path, "SELECT extractor FROM revisions ORDER BY version")
    assert [row["extractor"] for row in superseded] == ["trafilatura 2.3.0", extractor]
    assert verify(tmp_path).problems == []


def test_a_worse_reading_replaces_no_better_one(tmp_path: Path) -> None:
    listed = replace(EXTRACTED, body_source=BodySource.LIST, extractor=None, body="<p>全文</p>")
    with Archive(tmp_path) as archive:
        archive.add(listed)
        assert archive.add(EXTRACTED) is Outcome.UNCHANGED
        assert archive.add(replace(listed, body_source=BodySource.PAGE)) is Outcome.UNCHANGED
        assert archive.article_of(*archive.posts()).body_source is BodySource.PAGE


def test_revisits_are_of_one_source(tmp_path: Path) -> None:
    clock = Clock()
    clock.now = datetime(2026, 10, 1, tzinfo=UTC)
    with Archive(tmp_path, clock=clock) as archive:
        archive.add_many([THS, CLS, ARTICLE])
        clock.now += timedelta(days=90)
        for source, article in (("ths", THS), ("cls", CLS), ("eastmoney", ARTICLE)):
            found = archive.due(share=0, days=30_000, limit=10, source=source)
            assert [row.info_code for row in found] == [article.info_code]


_LINE = st.text(min_size=1, max_size=40).filter(
    lambda text: text.strip() and len(text.splitlines()) == 1
)
_QUERY = st.from_regex(r"[^<>\s]{0,20}", fullmatch=True)
_SECONDS = st.integers(0, 4_000_000_000)
_TEXT = st.text(min_size=1, max_size=200).filter(str.strip)


@st.composite
def _articles(draw: st.DrawFn) -> Article:
    source = draw(st.from_regex(r"[a-df-z][a-z0-9]{0,9}", fullmatch=True))
    maybe = st.none() | _LINE
    return Article(
        info_code=ArticleId.of(source, draw(_TEXT)),
        title=draw(_TEXT),
        published=datetime(1990, 1, 2, tzinfo=UTC) + timedelta(seconds=draw(_SECONDS)),
        precision=draw(st.sampled_from(Precision)),
        body=draw(_TEXT),
        body_source=BodySource.PAGE,
        link="https://www.cls.cn/detail/1?a="
        + draw(st.from_regex(r"[^<>\s]{0,20}", fullmatch=True)),
        category=draw(_LINE),
        tag=draw(_LINE),
        media=draw(maybe),
        author=draw(maybe),
        lang=draw(maybe),
        digest=draw(maybe),
        extractor=draw(maybe),
        flags=tuple(flag for flag in ArticleFlag if draw(st.booleans())),
        keywords=tuple(draw(st.lists(_TEXT, max_size=3))),
        modified=draw(st.none() | st.just(datetime(2026, 9, 19, 1, 48, 12, tzinfo=SHANGHAI))),
    )


@given(_articles())
def test_a_post_of_any_source_says_all_that_it_was_written_of(article: Article) -> None:
    post = parse_post(format_post(article), post_path(article).name)
    assert post.problems == ()
    names = ("info_code", "title", "published", "category", "tag", "digest", "body", "link")
    for name in (
        *names,
        "media",
        "author",
        "lang",
        "precision",
        "extractor",
        "flags",
        "keywords",
        "modified",
    ):
        assert getattr(post, name) == getattr(article, name), name
