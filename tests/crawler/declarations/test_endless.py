"""Declared sources, extraction and securities come to an end with every answer."""

import json
from collections.abc import Callable
from contextlib import suppress

import pytest

from archive.content.mentions import mentions_in_text
from crawler.declarations.answers import Answer
from crawler.declarations.articles import read_article
from crawler.declarations.errors import AnswerError
from crawler.declarations.lists import read_list
from crawler.declarations.times import read_time
from crawler.extraction import ExtractionError, extract
from tests.archive.content.test_mentions import LEXICON
from tests.crawler.declarations.recorded import declaration
from tests.support.endless import FRAGMENTS, filled, in_time

ADDRESS = "https://news.10jqka.com.cn/20260930/c680400243.shtml"
PAGE = (
    "<html><head><title>题</title></head><body><h1>题</h1><span>2026-09-30 13:10:01</span>"
    '<div class="news-content-parsed"><p>正文有一段文字，可以认出。</p>{}</div></body></html>'
)
LINES = [
    "（",
    "（600519",
    "$A",
    "股票代码：",
    "600519.SH",
    "2026-09-30 ",
    "未经",
    "来源：",
    "【",
    "+0800 (",
    "/*",
    "&amp",
]


def read_or_refused(read: Callable[[], object]) -> None:
    with in_time(), suppress(AnswerError, ExtractionError):
        read()


@pytest.mark.parametrize("fragment", FRAGMENTS.values(), ids=list(FRAGMENTS))
def test_every_page_ends(fragment: str) -> None:
    for text in (PAGE.replace("{}", fragment), fragment):
        answer = Answer(ADDRESS, text.encode(errors="replace"))
        read_or_refused(lambda answer=answer: read_article(declaration("ths"), answer))
        read_or_refused(lambda answer=answer: read_list(declaration("nbd"), "headlines", answer))
        read_or_refused(lambda answer=answer: extract(answer))


@pytest.mark.parametrize("fragment", FRAGMENTS.values(), ids=list(FRAGMENTS))
def test_every_list_ends(fragment: str) -> None:
    entry = {"id": 1, "content": fragment, "title": fragment, "display_time": fragment}
    body = json.dumps({"code": 20000, "data": {"items": [entry]}}).encode()
    read_or_refused(lambda: read_list(declaration("wscn"), "lives", Answer(ADDRESS, body)))
    feed = (
        f"<rss><item><title>题</title><link>http://e.cn/1</link><description><![CDATA[{fragment}]]>"
    )
    answer = Answer(ADDRESS, feed.encode(errors="replace"))
    read_or_refused(lambda: read_list(declaration("people"), "politics", answer))


@pytest.mark.parametrize("line", LINES)
def test_every_text_ends(line: str) -> None:
    text = filled(line)
    with in_time():
        mentions_in_text(text, LEXICON)
    with in_time():
        read_time(text, declaration("ths").tzinfo)
    page = PAGE.replace("{}", f"<p>{text}</p>")
    read_or_refused(lambda: extract(Answer(ADDRESS, page.encode())))
