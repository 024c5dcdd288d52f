"""Articles of declared sources, as their recorded answers hold them."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from archive.article import Article
from archive.categories import Category
from crawler.declarations.articles import read_article
from crawler.declarations.composed import composed, to_article
from crawler.declarations.lists import Entry, read_list
from crawler.pipelines.normalise import normalise
from tests.crawler.declarations.recorded import LISTS, RECORDED, answer_of, declaration

FETCHED = datetime(2026, 9, 30, 6, tzinfo=UTC)


def in_category(article: Article) -> Article:
    return normalise(article, Category.of_media)


def listed_articles(source: str, name: str) -> list[Article]:
    """Return the articles that a recorded list of a source holds whole."""
    declared, listed = declaration(source), LISTS[source][name]
    address = _address_of(source, name)
    table = declared.lists[listed]
    page = read_list(declared, listed, answer_of(source, name, address))
    read = (composed(declared, entry, space=table.space) for entry in page.entries)
    return [
        in_category(to_article(each, declared, fetched=FETCHED, addresses=(address,)))
        for each in read
        if each
    ]


def paged_article(source: str, name: str) -> Article:
    """Return the article of a recorded page of a source."""
    declared, address = declaration(source), _address_of(source, name)
    facts = read_article(declared, answer_of(source, name, address))
    read = composed(declared, Entry(id=None, address=address), facts)
    assert read is not None
    return in_category(to_article(read, declared, fetched=FETCHED, addresses=(address,)))


def _address_of(source: str, name: str) -> str:
    expected = json.loads((RECORDED / source / "expected.json").read_text(encoding="utf-8"))
    address: str = expected["files"][name]["address"]
    return address


THS_FLASH = listed_articles("ths", "flash_page1.json")[0]
THS = paged_article("ths", "article_page.html")
CLS_FLASH = listed_articles("cls", "roll_page1.json")[0]
CLS = paged_article("cls", "detail_page.html")
JIN10_FLASH = listed_articles("jin10", "flash_page1.json")[-1]
PEOPLE = listed_articles("people", "politics.xml")[0]
OF_SOURCES = (THS_FLASH, THS, CLS_FLASH, CLS, JIN10_FLASH, PEOPLE)

EXTRACTED = replace(
    THS,
    info_code=type(THS.info_code).of("example", "cx-2026-000123"),
    link="https://news.example.cn/a/cx-2026-000123.html",
    addresses=("https://news.example.cn/a/cx-2026-000123.html?utm_source=rss",),
    extractor="trafilatura 2.3.0",
    body_source=THS.body_source.EXTRACTION,
)
