"""What is read in a body."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.body import Security, SecurityKind, read_body

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
        Security(106, "NIO", "蔚来"),
    )
    assert body.securities[1].code == "1.600160"


@pytest.mark.parametrize(
    ("market", "symbol", "kind"),
    [
        (1, "600160", SecurityKind.SHARE),
        (0, "300750", SecurityKind.SHARE),
        (0, "830799", SecurityKind.SHARE),
        (1, "000001", SecurityKind.INDEX),
        (0, "000001", SecurityKind.SHARE),
        (0, "399001", SecurityKind.INDEX),
        (1, "510300", SecurityKind.FUND),
        (0, "159915", SecurityKind.FUND),
        (1, "113050", SecurityKind.BOND),
        (0, "127045", SecurityKind.BOND),
        (90, "BK0493", SecurityKind.SECTOR),
        (100, "HSI", SecurityKind.INDEX),
        (116, "00700", SecurityKind.SHARE),
        (106, "NIO", SecurityKind.SHARE),
    ],
)
def test_the_kind_of_a_security_is_in_its_code(
    market: int, symbol: str, kind: SecurityKind
) -> None:
    assert Security(market, symbol, None).kind == kind


@given(st.text())
def test_any_text_is_read(html: str) -> None:
    body = read_body(html)
    assert "\n\n" not in body.text


def test_deep_nesting_is_read() -> None:
    assert read_body("<b>" * 100_000 + "x").text in {"", "x"}
