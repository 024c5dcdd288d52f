"""Figures in a text, and which of them say the same."""

import pytest

from archive.edits.figures import Figure, figures_in
from archive.edits.folding import fold

YEAR = 2026


def figures(text: str) -> list[Figure]:
    return figures_in(fold(text), YEAR)


def meanings(text: str) -> list[object]:
    return [figure.meaning for figure in figures(text)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.2亿元", "12000万元"),
        ("1.2亿元", "１２，０００万元".replace("，", ",")),
        ("两千三百万元", "2300万元"),
        ("3亿2000万元", "3.2亿元"),
        ("三成", "30%"),
        ("三成五", "35％"),
        ("三成半", "35%"),
        ("+3.5%", "3.5％"),
        ("8亿-10亿元", "8亿元至10亿元"),
        ("百分之三点五", "3.5%"),
        ("25个基点", "0.25个百分点"),
        ("25BP", "25个基点"),
        ("17欧分", "0.17欧元"),
        ("5吨", "5000公斤"),
        ("1.5小时", "90分钟"),
        ("9月30日", "2026-09-30"),
        ("9月30日", "2026年9月30日"),
        ("二〇二六年九月三十日", "2026/9/30"),
        ("下午3点", "15:00"),
        ("下午三点半", "15时30分"),
        ("第二季度", "二季度"),
        ("3%-5%", "3-5%"),
        ("10.49万元-12.49万元", "10.49至12.49万元"),
        ("2026年至2028年", "2026-2028年"),
        ("US$500万", "500万美元"),
        ("2千多家", "两千余家"),
        ("三分之一", "3分之1"),
        ("第3名", "第三名"),
        ("约1/3", "约三分之一"),
        ("2.52亿千瓦", "252GW"),
        ("五亿千瓦时", "500GWh"),
        ("1000兆瓦", "100万千瓦"),
        ("12.8x", "12.8倍"),
        ("3nm", "3纳米"),
        ("120㎡", "120平方米"),
        ("1,088億元", "1088亿元"),
    ],
)
def test_figures_that_say_the_same(one: str, other: str) -> None:
    assert meanings(one) == meanings(other) != []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.2亿元", "1.2万元"),
        ("1.2亿元", "1.2亿美元"),
        ("5%", "5个百分点"),
        ("三成", "四成"),
        ("9月30日", "9月29日"),
        ("2025年9月30日", "9月30日"),
        ("上午10点", "下午10点"),
        ("第二季度", "第三季度"),
        ("8个月", "8月"),
        ("10年", "30年"),
        ("-0.36%", "0.36%"),
        ("800家", "801家"),
        ("第3名", "3名"),
        ("11.4亿千瓦", "11.4亿千瓦时"),
        ("七部门", "六部门"),
        ("20cm", "10cm"),
        ("1/3", "2/3"),
    ],
)
def test_figures_that_differ(one: str, other: str) -> None:
    first, second = figures(f"约{one}"), figures(f"约{other}")
    assert len(first) == len(second) == 1
    assert first[0].differs_from(second[0])


@pytest.mark.parametrize(
    ("rough", "exact"),
    [("30日", "9月30日"), ("9月", "9月30日"), ("2026年", "2026年9月"), ("800家", "800多家")],
)
def test_a_more_exact_figure_is_no_other_one(rough: str, exact: str) -> None:
    one, other = figures(rough)[0], figures(exact)[0]
    assert one.meaning != other.meaning
    assert not one.differs_from(other)


@pytest.mark.parametrize(
    "text",
    [
        "贵州茅台（600519）",
        "00700.HK",
        "沪深300指数",
        "5G与GLP-1",
        "CAC40、DAX30",
        "统一部署，进一步推进",
        "千万不要",
        "万一",
        "三大指数",
        "“十五五”规划",
        "一些、一样、一起",
    ],
)
def test_no_figures(text: str) -> None:
    assert figures(text) == []


def test_figures_are_shown_with_what_they_count() -> None:
    text = "截至9月28日，价格总指数为106.23点，环比上涨 0.08%，29945艘次，连接200多个国家"
    shown = [figure.text for figure in figures(text)]
    assert shown == ["9月28日", "106.23点", "0.08%", "29945艘次", "200多个"]
