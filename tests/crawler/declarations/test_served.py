"""Bodies are kept as the source wrote them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsel import Selector

from crawler.declarations.answers import Answer
from crawler.declarations.articles import read_article
from crawler.declarations.served import served_markup
from tests.crawler.declarations.recorded import answer_of, declaration

PAGES = [
    ("ths", "article_page.html", "https://news.10jqka.com.cn/20260930/c680400243.shtml"),
    ("sina", "article_page.html", "https://finance.sina.com.cn/doc-initmeav9622448.shtml"),
    ("nbd", "article_page.html", "https://www.nbd.com.cn/articles/2026-09-29/4595080.html"),
    ("eastmoney", "article_page_2026_C.html", "https://finance.eastmoney.com/a/2.html"),
    ("eastmoney", "article_page_2019_C.html", "https://finance.eastmoney.com/a/1.html"),
]


@pytest.mark.parametrize(("source", "name", "address"), PAGES)
def test_a_body_is_a_part_of_the_page(source: str, name: str, address: str) -> None:
    answer = answer_of(source, name, address)
    body = read_article(declaration(source), Answer(address, answer.body)).body
    assert body.html
    assert len(body.html) > 100
    assert body.html in answer.body.decode()


@pytest.mark.parametrize(
    ("page", "path", "markup"),
    [
        ("<div id=a><p>一<BR>二</P></div>", "#a", "<p>一<BR>二</P>"),
        ("<div>x</div><DIV class='b'>一<div>二</div></DIV>三", ".b", "一<div>二</div>"),
        ("<!-- <div id=a>假</div> --><div id=a>真</div>", "#a", "真"),
        ("<script>'<div id=a>'</script><div id=a>真</div>", "#a", "真"),
        ("<div title='<div>'>甲</div><div id=a>乙</div>", "#a", "乙"),
        ("<div id=a>没有结尾", "#a", None),
        ("<p>一<p id=a>二<p>三", "#a", None),
    ],
)
def test_the_place_of_an_element(page: str, path: str, markup: str | None) -> None:
    element = Selector(text=page, type="html").css(path)[0].root
    assert served_markup(page, element) == markup


_PARTS = st.sampled_from(
    [
        "<div>",
        "</div>",
        "<div a='>'>",
        "文",
        "<!--",
        "-->",
        "<p>",
        "</p>",
        "<script>",
        "</script>",
        "<",
    ]
)


@given(st.lists(_PARTS, max_size=30).map("".join))
def test_what_is_found_is_always_the_same_text(page: str) -> None:
    for element in Selector(text=page or " ", type="html").css("div"):
        markup = served_markup(page, element.root)
        assert markup is None or markup in page
