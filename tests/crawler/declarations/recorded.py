"""Recorded answers of the declared sources."""

from crawler.declarations.answers import Answer
from crawler.declarations.loading import load
from crawler.declarations.model import Declaration
from tests.conftest import ROOT

RECORDED = ROOT / "tests" / "golden" / "recorded"
SOURCES = ROOT / "settings" / "sources"

#: The list of the declaration that each recorded answer is a page of.
LISTS = {
    "ths": {"flash_page1.json": "flash", "article_list_today.html": "today"},
    "sina": {
        "roll_page1.json": "roll",
        "live_page1.json": "live",
        "column_56592.html": "column",
    },
    "wscn": {"lives_page1.json": "lives", "articles_page1.json": "articles"},
    "cls": {"roll_page1.json": "roll", "depth_list_1000_page1.json": "depth"},
    "gelonghui": {"lives_page1.json": "lives"},
    "nbd": {"column_1161.html": "headlines"},
    "jin10": {"flash_page1.json": "flash", "article_list_28.json": "article_list"},
    "chinanews": {"scroll-news.xml": "scroll"},
    "people": {"politics.xml": "politics"},
    "xinhua": {"politics_C.xml": "politics"},
    "eastmoney": {
        "column_344.json": "column",
        "fast_list.json": "fast",
        "fast_list.jsonp": "fast",
        "listinfo_1.600519.json": "listinfo",
        "newsapi_getlist_102.js": "newsapi",
    },
}


def answer_of(source: str, name: str, address: str) -> Answer:
    return Answer(address, (RECORDED / source / name).read_bytes())


def declaration(source: str) -> Declaration:
    return load(SOURCES / f"{source}.toml")
