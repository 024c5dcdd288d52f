"""The securities that a body names, in all forms of their markup."""

import pytest

from archive.content import Security, SecurityKind, read_body
from archive.content.securities import with_named


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
        (150, "014238", SecurityKind.FUND),
    ],
)
def test_the_kind_of_a_security_is_in_its_code(
    market: int, symbol: str, kind: SecurityKind
) -> None:
    assert Security(market, symbol, None).kind == kind


def named_in(html: str) -> list[tuple[str, str | None]]:
    return [(security.code, security.name) for security in read_body(html).securities]


QUOTES = "http://quote.eastmoney.com/unify/r/"
CHARTS = "https://webquotepic.eastmoney.com/GetPic.aspx"


@pytest.mark.parametrize(
    ("html", "code", "name"),
    [
        (
            '<span id="stock_1.600160"><a class="keytip" data-code="1,600160">巨化股份</a></span>',
            *("1.600160", "巨化股份"),
        ),
        ('<span id="bk_90.BK0493">新能源</span>', "90.BK0493", "新能源"),
        ('<span id="Info.116.00700">示例控股</span>', "116.00700", "示例控股"),
        (
            f'<span id="Info.3259"><a href="{QUOTES}0.399006" class="infokey">创业板指</a></span>',
            *("0.399006", "创业板指"),
        ),
        ('<a data-code="DJIA|100|_UI">道指</a>', "100.DJIA", "道指"),
        ('<a data-code="0.300750" class="EmImageRemark">宁德时代</a>', "0.300750", "宁德时代"),
        ('<a data-code="x" data-code2="NIO|106|6|">蔚来</a>', "106.NIO", "蔚来"),
        ('<a data-code="002353">杰瑞股份</a>', "0.002353", "杰瑞股份"),
        ('<a data-code="600160">巨化股份</a>', "1.600160", "巨化股份"),
        ('<a data-code="830799">艾融软件</a>', "0.830799", "艾融软件"),
        ('<a data-code="00700">腾讯控股</a>', "116.00700", "腾讯控股"),
        ('<a data-code="BK0493">新能源</a>', "90.BK0493", "新能源"),
        (f'<img src="{CHARTS}?nid=0.000625&amp;imageType=k&amp;token=1">', "0.000625", None),
        (f'<img src="{CHARTS}?token=1" data-code="K 000625|0|2">', "0.000625", None),
        (
            f'<a href="{QUOTES}0.000338" data-code="000338|0|2" data-code2="000338|0|6|"'
            f' class="EmImageRemark"><img src="{CHARTS}?nid=0.000338&t=1" alt="K图"'
            ' data-code="K 000338|0|2"></a>',
            *("0.000338", None),
        ),
    ],
)
def test_every_form_of_markup(html: str, code: str, name: str | None) -> None:
    assert named_in(f"<p>甲{html}乙</p>") == [(code, name)]


@pytest.mark.parametrize(
    "html",
    [
        '<a data-code="000001">上证指数，或者平安银行</a>',  # of Shanghai and of Shenzhen
        '<a data-code="123">短</a>',
        '<a data-code="NIO">哪里的</a>',
        '<a data-code="../../x">恶意</a>',
        '<span id="Info.3259">没有链接</span>',
        f'<a href="{QUOTES}0.399006">作者自己的链接</a>',
        '<img src="https://dfscdn.dfcfw.com/D1.jpg?nid=0.000625">',
        '<p data-code="1,600160">段落</p>',
    ],
)
def test_what_names_no_security(html: str) -> None:
    assert named_in(html) == []


KEYWORD = '<span web="1" class="em_stock_key_common" data-code="1,601519">大智慧</span>'


def test_a_taggers_keyword_alone_is_no_mention() -> None:
    assert named_in(f"<p>培育壮{KEYWORD}产品</p>") == []
    other = '<span id="stock_0.300343">联创股份</span>'
    assert named_in(f"<p>{other}培育壮{KEYWORD}产品</p>") == [("0.300343", "联创股份")]


@pytest.mark.parametrize(
    "markup",
    [
        '<span id="stock_1.601519">大智慧</span>',
        f'<img src="{CHARTS}?nid=1.601519">',
        '<a class="keytip" data-code="1,601519">大智慧</a>',
    ],
)
def test_a_keyword_is_a_mention_where_the_body_marks_it_up_otherwise(markup: str) -> None:
    for html in (f"<p>{markup}与{KEYWORD}</p>", f"<p>{KEYWORD}与{markup}</p>"):
        assert named_in(html) == [("1.601519", "大智慧")]


def test_nothing_in_the_credit_is_a_mention() -> None:
    inside = '上海<span id="bk_90.BK0473"><a class="keytip" data-code="90,BK0473">证券</a></span>报'
    for credit in (
        f'<p class="em_media">（文章来源：{inside}）</p>',
        f"<p>（文章来源：{inside}）</p>",
    ):
        body = read_body(f"<p>甲</p>{credit}")
        assert body.securities == ()
        assert body.media == "上海证券报"
    assert read_body(f"<p>{inside}</p>").securities == (Security(90, "BK0473", "证券"),)


def test_a_security_that_a_list_names_by_its_code_has_the_name_of_another_mention() -> None:
    mentioned = '[{"code": "1.600519", "name": "贵州茅台", "found": "name"}]'
    (named,) = with_named((), '["1.600519"]', mentioned)
    assert (named.name, named.found) == ("贵州茅台", "list")
