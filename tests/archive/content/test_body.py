"""What is read in a body."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.content import Security, read_body

BODY = """<p>第一段 <b>A&amp;B</b>&lt;不是标签&gt;</p>
 <!-- EM_StockImg_Start --><p><a data-code="1.600519" class="EmImageRemark"><img
 src="https://webquoteklinepic.eastmoney.com/GetPic.aspx?nid=1.600519" alt="K图"></a></p>
<center><img src="https://dfscdn.dfcfw.com/download/D1_w800h343.jpg" alt="Image"></center>
<center><img src="https://dfscdn.dfcfw.com/download/D1_w800h343.jpg"></center>
<p><span id="stock_1.600160"><a class="keytip" data-code="1,600160">巨化股份</a></span>上调。<br>
换行<span id="bk_90.BK0493">新能源</span></p>
<table><tr><td>项目</td><td>216</td></tr></table><script>alert("x")</script>
<span web="1" class="em_stock_key_common" data-code="106,NIO">蔚来</span>
<a data-code="1,600160">巨化</a><a data-code="../../x">恶意</a>"""


def test_text_pictures_and_securities_of_a_body() -> None:
    body = read_body(BODY)
    assert body.text.splitlines() == [
        "第一段 A&B<不是标签>",
        "巨化股份上调。",
        "换行新能源",
        "项目",
        "216",
        "蔚来 巨化恶意",
    ]
    assert body.pictures == ("https://dfscdn.dfcfw.com/download/D1_w800h343.jpg",)
    assert body.securities == (
        Security(1, "600519", None),
        Security(1, "600160", "巨化股份"),
        Security(90, "BK0493", "新能源"),
    )
    assert body.securities[1].code == "1.600160"


@given(st.text())
def test_any_text_is_read(html: str) -> None:
    body = read_body(html)
    assert "\n\n" not in body.text


RECORDED = Path(__file__).parents[2] / "golden" / "recorded" / "eastmoney"


def test_the_recorded_answer_of_the_article_api() -> None:
    answer = json.loads((RECORDED / "article_newsinfo.json").read_text())
    body = read_body(answer["data"]["Art_Content"])
    assert body.text.splitlines()[0] == (
        "美东时间周五，美股三大指数小幅走低。"
        "截至发稿，道指跌0.36%，纳指跌0.08%，标普500指数跌0.17%。"
    )
    assert len(body.text.splitlines()) == 11
    assert body.pictures == ()
    assert [(security.code, security.name) for security in body.securities] == [
        ("100.DJIA", None),
        ("100.NDX", None),
        ("100.FTSE", None),
        ("105.MSTR", None),
        ("90.BK1211", "汽车"),
        ("105.NVDA", "英伟达"),
        ("90.BK0800", "人工智能"),
    ]


def test_the_article_page_with_its_adverts() -> None:
    page = (RECORDED / "article_page_2026_C.html").read_text()
    start, end = page.index("<!--文章主体-->"), page.index('</div></div><div class="zwothers">')
    body = read_body(page[start:end])
    assert body.text.splitlines() == [
        "港交所文件显示，示例控股于8月19日回购673,000股，耗资3亿港元。",
        "公司股价当日收涨1.2%。",
        "（文章来源：界面新闻）",
    ]
    assert body.pictures == (
        "https://np-newspic.dfcfw.com/download/D11111111111111111111_w600h400.jpg",
    )
    assert body.securities == (Security(116, "00700", "示例控股"),)
    assert body.media == "界面新闻"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<p style="display:none;height:1px;overflow:hidden;"><br /></p><p>甲</p>', "甲"),
        ('<p style="Display: none">乙</p><p>甲</p>'.replace("D", "d"), "甲"),
        ('<div style="display:none"><br></div><p>甲</p>', "甲"),
        ('<div style="display:none"><p>全文</p></div>', "全文"),
    ],
)
def test_hidden_paragraphs_are_no_text(html: str, text: str) -> None:
    assert read_body(html).text == text


def test_deep_nesting_is_read() -> None:
    assert read_body("<b>" * 100_000 + "x").text in {"", "x"}
