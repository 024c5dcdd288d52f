"""Exports have articles of any source, with what their posts say."""

import html
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pyarrow.parquet
import pytest
from parsel import Selector

from archive.archive import Archive
from archive.article import SHANGHAI, ArticleFlag
from archive.article_id import ArticleId
from archive.export.site.jekyll import choose_posts, publish_feed
from archive.export.wacz import export_wacz
from archive.search.query import EVERYTHING
from tests.archive.export.site.conftest import build, publish
from tests.support.declared_articles import EXTRACTED, OF_SOURCES
from tests.support.exports import export_jsonl, export_parquet

FLAGGED = tuple(
    replace(
        EXTRACTED,
        info_code=ArticleId.of("example", flag),
        link=f"https://news.example.cn/a/{flag}.html",
        addresses=(),
        flags=(flag,),
    )
    for flag in (ArticleFlag.PAID, ArticleFlag.PARTIAL, ArticleFlag.LOCKED)
)
ALL = (*OF_SOURCES, EXTRACTED, *FLAGGED)
NOW = datetime(2026, 9, 30, 12, tzinfo=UTC)
SITE = "https://news.example.org/"
NOTICES = {
    "locked": "来源只公开这篇文章的标题。",
    "partial": "来源只公开这篇文章的开头，其余要付费。",
    "paid": "这篇文章在来源只有付费读者能看全文。",
}


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("news")
    with Archive(folder) as archive:
        archive.add_many(ALL)
    return folder


def test_records_say_source_author_and_precision(news: Path) -> None:
    out = io.BytesIO()
    assert export_jsonl(news, out) == len(ALL)
    records = {each["info_code"]: each for each in map(json.loads, out.getvalue().splitlines())}
    for article in ALL:
        record = records[article.info_code]
        for name in ("source", "author", "lang", "precision", "extractor", "body", "link"):
            assert record[name] == getattr(article, name), name
        assert (record["flags"], record["keywords"]) == (
            list(article.flags),
            list(article.keywords),
        )


def test_parquet_has_them(news: Path) -> None:
    out = io.BytesIO()
    assert export_parquet(news, out) == len(ALL)
    table = pyarrow.parquet.read_table(io.BytesIO(out.getvalue()))
    assert set(table.column("source").to_pylist()) == {each.source for each in ALL}


def test_a_wacz_has_a_page_of_each(news: Path) -> None:
    out = io.BytesIO()
    export_wacz(news, out, EVERYTHING, title="新闻", now=NOW, damaged=pytest.fail)
    with ZipFile(out) as package:
        lines = package.read("pages/pages.jsonl").decode().splitlines()[1:]
    assert {json.loads(line)["title"] for line in lines} == {each.title for each in ALL}


def test_the_feed_has_them(news: Path, tmp_path: Path) -> None:
    published = choose_posts(news, EVERYTHING, title="新闻", address=SITE, version="1")
    publish_feed(published, tmp_path / "feed")
    feed = (tmp_path / "feed" / "feed.xml").read_text(encoding="utf-8")
    for article in ALL:
        assert f"{article.info_code}.html" in feed
        assert html.escape(html.escape(article.link)) in feed


def test_a_site_has_their_pages_with_a_link_to_the_source(news: Path, tmp_path: Path) -> None:
    reported = publish(news, tmp_path / "site", address=SITE)
    assert reported == []
    built = build(tmp_path / "site")
    for article in ALL:
        day = article.published.astimezone(SHANGHAI)
        place = built / f"{article.category}/{day:%Y/%m/%d}/{article.info_code}.html"
        page = Selector(place.read_text(encoding="utf-8"))
        assert page.css("h1::text").get() == article.title
        links = page.css("a::attr(href)").getall()
        assert article.link in links
        flag = next((one for one in NOTICES if one in article.flags), None)
        assert page.css(".notice::text").get() == (NOTICES[flag] if flag else None)
        assert f"/category/{article.category}.html" in links
        assert article.body.split("</p>")[0] in place.read_text(encoding="utf-8")
