"""The pages show articles of any source, with links to the source itself."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from parsel import Selector

from archive.archive import Archive
from archive.article import Article, ArticleFlag, Found, SecurityMention
from archive.browse.plugin import open_site
from archive.browse.site import Site
from tests.support.declared_articles import CLS, EXTRACTED, JIN10_FLASH, PEOPLE, THS

NAMED = replace(THS, securities=(SecurityMention("1.600519", "贵州茅台", Found.FIELD),))
FLAGS = (ArticleFlag.IMPORTANT, ArticleFlag.PARTIAL)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("news")
    with Archive(folder) as archive:
        archive.add_many([NAMED, CLS, JIN10_FLASH, PEOPLE, replace(EXTRACTED, flags=FLAGS)])
    site = open_site(folder)
    yield site
    site.close()


@pytest.fixture
def get(site: Site) -> Callable[..., httpx.Response]:
    def get(path: str, **parameters: str) -> httpx.Response:
        return asyncio.run(site.client.get(path, params=parameters or None))

    return get


Get = Callable[..., httpx.Response]


@pytest.mark.parametrize("article", [NAMED, CLS, JIN10_FLASH, PEOPLE, EXTRACTED], ids=str)
def test_an_article_has_a_page_that_names_its_source(get: Get, article: Article) -> None:
    short = get(f"/{article.info_code}")
    assert short.headers["location"] == f"/catalog/posts/{article.info_code}"
    page = get(short.headers["location"])
    assert page.status_code == 200
    shown = Selector(page.text)
    assert shown.css("h1::text").get() == article.title
    assert article.link in shown.css(".provenance a::attr(href)").getall()
    assert article.source in shown.css(".provenance dd::text").getall()
    assert "finews.withounder.com" not in page.text
    file = get(f"/catalog/posts/{article.info_code}/versions/1")
    assert f"\nid: {article.info_code}\n" in file.text


def test_an_article_that_is_not_public_says_so(get: Get) -> None:
    page = Selector(get(f"/catalog/posts/{EXTRACTED.info_code}").text)
    assert "只公开这篇文章的开头" in page.css(".notice::text").get("")
    assert "来源标为重要" in page.css(".provenance dd::text").getall()
    (row,) = get(f"/catalog/posts/{EXTRACTED.info_code}.json", _shape="objects").json()["rows"]
    assert row["flags"] == '["important", "partial"]'
    assert not Selector(get(f"/catalog/posts/{CLS.info_code}").text).css(".notice")


def test_a_time_is_shown_as_far_as_it_is_known(get: Get) -> None:
    page = Selector(get(f"/catalog/posts/{PEOPLE.info_code}").text)
    assert page.css("header time::text").get("").endswith("日")
    cards = Selector(get("/news", media=PEOPLE.media or "").text)
    assert not cards.css(".card time::text").getall()


def test_who_wrote_and_who_extracted_it_is_shown(get: Get) -> None:
    assert CLS.author
    assert CLS.author in get(f"/catalog/posts/{CLS.info_code}").text
    assert "trafilatura 2.3.0" in get(f"/catalog/posts/{EXTRACTED.info_code}").text


def test_lists_feeds_and_securities_have_them(get: Get) -> None:
    for path, parameters in (
        ("/news", {"media": "财联社"}),
        ("/news.atom", {"media": "财联社"}),
        ("/news", {"q": CLS.title[:6]}),
    ):
        assert f"/catalog/posts/{CLS.info_code}" in get(path, **parameters).text
    assert f"/catalog/posts/{THS.info_code}" in get("/security/1.600519").text


@pytest.mark.parametrize(
    "text", [CLS.link, f"{CLS.link}?utm_source=x", CLS.info_code], ids=["link", "tracked", "id"]
)
def test_the_search_box_takes_ids_and_addresses(get: Get, text: str) -> None:
    assert get("/news", q=text).headers["location"] == f"/catalog/posts/{CLS.info_code}"
