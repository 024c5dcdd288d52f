"""Adverts are in the bytes, and no part of the article."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.content import read_body, same_article
from tests.support.adverts import CHART, adverts

PARAGRAPHS = (
    "<p>央行今日公布数据。</p>",
    "<p>\u3000\u3000投资者在券商营业部排队开户，想炒股，先开户！这是一句口号。他说，原标题：不准确。</p>",
    '<p><span id="stock_1.600160"><a data-code="1,600160">巨化股份</a></span>上调。<br>换行</p>',
    '<center><img src="https://dfscdn.dfcfw.com/download/D1_w800h343.jpg" alt="Image"></center>',
    '<table border="1"><tbody><tr><td>项目</td><td>216</td></tr></tbody></table>',
    '<h3 class="emh3">全球要闻</h3>',
    '<p style="display:none;height:1px;overflow:hidden;"><br /></p>',
    CHART.format(n=0),
    '<p class="em_media">（文章来源：财联社）</p>',
)
gaps = st.sampled_from(["", "\n", "\r\n", "\n "])


@given(
    body=st.lists(st.sampled_from(PARAGRAPHS), min_size=1, max_size=6),
    inserted=st.lists(st.tuples(st.integers(0, 6), adverts), min_size=1, max_size=3),
    gap=gaps,
    other_gap=gaps,
)
@settings(max_examples=300)
def test_an_advert_at_any_border_changes_nothing(
    body: list[str], inserted: list[tuple[int, str]], gap: str, other_gap: str
) -> None:
    plain = gap.join(body)
    pieces = [[paragraph] for paragraph in body]
    for place, advert in inserted:
        pieces[min(place, len(pieces) - 1)].insert(place % 2, advert + other_gap)
    with_adverts = gap.join(part for piece in pieces for part in piece)
    assert read_body(with_adverts) == read_body(plain)
    assert same_article(plain, with_adverts)
    assert same_article(with_adverts, plain)


@given(
    body=st.lists(st.sampled_from(PARAGRAPHS), min_size=1, max_size=6),
    word=st.text(min_size=1).filter(lambda text: text.strip() and not re.search("[<>&]", text)),
    place=st.integers(0, 6),
    advert=adverts,
)
def test_a_word_that_changes_is_an_edit(
    body: list[str], word: str, place: int, advert: str
) -> None:
    other = [*body]
    other.insert(min(place, len(body)), f"<p>新{word}词</p>")
    assert not same_article("".join(body), "".join(other))
    assert not same_article(advert + "".join(body), "".join(other) + advert)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<p>10项</p>", "<p>11项</p>"),
        ('<img src="http://x/1.jpg">', '<img src="http://x/2.jpg">'),
        ('<a href="http://x/1">甲</a>', '<a href="http://x/2">甲</a>'),
        ("<p>甲</p>\n", "<p>甲</p>\r\n"),
        (CHART, CHART.replace("000338", "000625")),
        ("<p>甲</p>" + CHART, "<p>甲</p>"),
        ("<p>A B</p>" + CHART, "<p>AB</p>" + CHART),
    ],
)
def test_what_is_an_edit(one: str, other: str) -> None:
    assert not same_article(one, other)


def test_the_parameters_of_a_chart_are_no_edit() -> None:
    assert same_article(CHART.format(n=1), CHART.format(n=2))
    drawn = CHART.format(n=1).replace("webquotepic", "webquoteklinepic")
    assert same_article(drawn, drawn.replace("token=1", "token=2&type=1"))


@pytest.mark.parametrize(
    "paragraph",
    [
        "<p>记者了解到，投资者想炒股，先开户！这已是常识，券商推出一站式开户交易。</p>",
        "<p>一站式开户交易</p>",
        "<p>想炒股，先开户！他说完就走了</p>",
        "<p>炒股第一步，先开个股票账户的人多了起来</p>",
        "<p>主力资金加仓名单实时更新的背后</p>",
        "<p>开户数创新高，主力资金加仓名单实时更新的做法被叫停。</p>",
        "<p>原标题：一。正文从这里开始，没有换行。</p>",
        "<p>原标题：一<br>正文从这里开始</p>",
        '<p>据报道，<a href="https://finance.eastmoney.com/a/1.html">想开户的人多了</a>。</p>',
        '<p>东方财富（<a href="https://acttg.eastmoney.com/about">活动平台</a>）回应称</p>',
        "<p>（责任编辑：某某）说：“我不知道。”</p>",
        "<p>打开微信，点击底部的“发现”，就能看到小程序。</p>",
        '<p class="toplink">不是链接</p>',
        '<div class="ad_context30">不是广告</div>',
    ],
)
def test_an_article_about_adverts_is_text(paragraph: str) -> None:
    words = re.sub(r"<br>", "\n", paragraph)
    assert read_body(paragraph).text == re.sub(r"<[^>]*>", "", words)


def test_a_link_inside_a_paragraph_goes_alone() -> None:
    link = '<a class="toplink" href="https://ai.eastmoney.com/x">立即体验</a>'
    assert read_body(f"<p>真正的段落。{link}</p>").text == "真正的段落。"
