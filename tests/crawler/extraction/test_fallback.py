"""Pages that no layout describes are extracted where the declaration says so."""

import pytest

from crawler.declarations.answers import Answer
from crawler.declarations.errors import UnreadableAnswer
from crawler.extraction.fallback import read_or_extract
from tests.crawler.declarations.recorded import answer_of, declaration

PAGE = (
    "<html><title>央行下调利率-中新网</title><h1>央行下调利率</h1><p>2026年09月30日 13:10</p>"
    + "".join(f"<p>第{n}段写的是经济，这一段有足够的字数，可以认出它是正文。</p>" for n in range(5))
)


def test_a_page_without_a_layout_is_extracted() -> None:
    address = "https://www.chinanews.com.cn/cj/2026/09-30/10700001.shtml"
    article = read_or_extract(declaration("chinanews"), Answer(address, PAGE.encode()))
    assert (article.id, article.title) == ("10700001", "央行下调利率")
    assert str(article.published) == "2026-09-30T13:10:00+08:00"
    assert article.layout.startswith("trafilatura")


def test_a_page_with_a_layout_is_read_by_it() -> None:
    address = "https://news.10jqka.com.cn/20260930/c680400243.shtml"
    article = read_or_extract(declaration("ths"), answer_of("ths", "article_page.html", address))
    assert article.layout == "page"


def test_no_other_page_is_extracted() -> None:
    answer = Answer("https://www.nbd.com.cn/articles/2026-09-30/1.html", PAGE.encode())
    with pytest.raises(UnreadableAnswer, match=r"nbd: articles\.page: it has no title"):
        read_or_extract(declaration("nbd"), answer)
