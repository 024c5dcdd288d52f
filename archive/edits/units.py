"""The units of figures, each with a basic unit and a factor.

25个基点 are 0.25个百分点, 三成 are 30%, 5吨 are 5000公斤. 元 and 美元 are different units, as are %
and 个百分点. A unit that is missing here is compared as a word.
"""

import re
from decimal import Decimal

_OWN = """
    人民币 美元 港元 欧元 日元 英镑 韩元 卢布 卢比 瑞郎 澳元 加元 新台币
    桶 加仑 盎司 蒲式耳 标箱 标准箱 辆 台 套 架 艘次 艘 人次 架次 班次 户 家 名 位 个 人 只 支 项 次
    倍 股 份 手 票 席 批 款 例 件 枚 颗 篇 张 层 届 轮 场 期 条 种 座 所 间 栋 幢 头 亩 公顷
    岁 点 块 页 集 单 笔 宗 箱 片 英寸 英里 英亩 ℃ 级 部门 部委 省份 连板 连阳 连阴 连涨 连跌
""".split()  # noqa: SIM905

_SAME: dict[str, tuple[str, str]] = {
    **{unit: (unit, "1") for unit in _OWN},
    "元": ("人民币", "1"),
    "元人民币": ("人民币", "1"),
    "港币": ("港元", "1"),
    "美金": ("美元", "1"),
    "美分": ("美元", "0.01"),
    "欧分": ("欧元", "0.01"),
    "%": ("%", "1"),
    "‰": ("%", "0.1"),
    "成": ("%", "10"),
    "个百分点": ("百分点", "1"),
    "百分点": ("百分点", "1"),
    "个基点": ("百分点", "0.01"),
    "基点": ("百分点", "0.01"),
    "个bp": ("百分点", "0.01"),
    "bps": ("百分点", "0.01"),
    "bp": ("百分点", "0.01"),
    "吨": ("公斤", "1000"),
    "公斤": ("公斤", "1"),
    "千克": ("公斤", "1"),
    "kg": ("公斤", "1"),
    "斤": ("公斤", "0.5"),
    "克": ("公斤", "0.001"),
    "公里": ("米", "1000"),
    "千米": ("米", "1000"),
    "km": ("米", "1000"),
    "米": ("米", "1"),
    "厘米": ("米", "0.01"),
    "毫米": ("米", "0.001"),
    "cm": ("米", "0.01"),
    "mm": ("米", "0.001"),
    "纳米": ("米", "1e-9"),
    "nm": ("米", "1e-9"),
    "平方米": ("平方米", "1"),
    "㎡": ("平方米", "1"),
    "平方公里": ("平方米", "1000000"),
    "立方米": ("立方米", "1"),
    "千瓦时": ("千瓦时", "1"),
    "兆瓦时": ("千瓦时", "1000"),
    "千瓦": ("千瓦", "1"),
    "兆瓦": ("千瓦", "1000"),
    "吉瓦": ("千瓦", "1000000"),
    "kw": ("千瓦", "1"),
    "mw": ("千瓦", "1000"),
    "gw": ("千瓦", "1000000"),
    "kwh": ("千瓦时", "1"),
    "mwh": ("千瓦时", "1000"),
    "gwh": ("千瓦时", "1000000"),
    "x": ("倍", "1"),
    "年代": ("年代", "1"),
    "年": ("年", "1"),
    "个月": ("个月", "1"),
    "个季度": ("季", "1"),
    "周": ("天", "7"),
    "个星期": ("天", "7"),
    "天": ("天", "1"),
    "个交易日": ("交易日", "1"),
    "日": ("日", "1"),
    "小时": ("秒", "3600"),
    "个小时": ("秒", "3600"),
    "分钟": ("秒", "60"),
    "秒": ("秒", "1"),
}

#: A pattern of all units.
UNIT = (
    r"(?:(?i:"
    + "|".join(re.escape(unit) for unit in sorted(_SAME, key=len, reverse=True) if unit.isascii())
    + r")(?![A-Za-z])|"
    + "|".join(
        re.escape(unit) for unit in sorted(_SAME, key=len, reverse=True) if not unit.isascii()
    )
    + ")"
)

#: Signs of currencies, which stand before their figure.
SYMBOLS = {"US$": "美元", "$": "美元", "HK$": "港元", "¥": "人民币", "€": "欧元", "£": "英镑"}


def in_basic_unit(value: Decimal, unit: str) -> tuple[Decimal, str]:
    """Return a value in the unit in which it is compared, and that unit.

    :param unit: as it is written; empty for none.
    """
    basic, factor = _SAME.get(unit, _SAME.get(unit.lower(), (unit, "1")))
    return value * Decimal(factor), basic
