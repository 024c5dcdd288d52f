"""The names of securities in a plain text."""

import re
from collections.abc import Collection, Iterator
from datetime import date

from archive.content.lexicon import Lexicon
from archive.content.securities import Security
from archive.content.text_mention import FoundBy, TextMention

_BEFORE_NAME = re.compile(
    r"(?:^|[^\u4e00-\u9fffA-Za-z0-9]|[和与及对由被将让给从向在是的了为据如等其以至到当比较于该而则但若约称指有]"
    r"|[增减]持|买入|卖出|持有|重仓|[加减]仓|包括|入股|投资|收购|参股|控股|做[多空]|关注|看好)$"
)
_BEHIND_NAME = re.compile(
    r"$|[^\u4e00-\u9fffA-Za-z]|[和与及对由被将让给从向在是的了为等其以至到当比较于则并但也还均皆都已又曾正仅"
    r"涨跌走领收跟回反封翻创股公董首副宣拟披获斥减预净今昨前近因旗遭确][^\n]?|集团|分析师|(?:早|午|尾)[盘后前间]"
    r"|发布|表示|盘[中前后]|[高低]开|[大微小]幅?[涨跌]|触及|直线|冲高|第[一二三四]季|[上下]半年"
)
_MARKET_WORDS = re.compile(
    r"股价|股份|个股|股票|涨停|跌停|[涨跌](?:超|逾|近|幅|\d)|走[强高弱低]|领[涨跌]|跟[涨跌]|收[涨跌盘]|[高低]开|市值"
    r"|成交额?|板块|概念|A股|港股|美股|持股|增持|减持|回购|公告|净利|营收|财报|年报|季报|上市公司|停牌|复牌|连板"
    r"|[北南]向资金|主力资金|净[买卖流][入出]|目标价|研报"
)
#: Words that begin with a name: other words, and those of providers of data.
_OTHER_WORD = re.compile(
    r"特斯拉线圈|阿里巴巴和四十|北方华创业板"
    r"|(?:同花顺|东方财富|大智慧|指南针)"
    r"(?:问财|iFinD|Choice|Level|数据|金融终端|统计|显示|财经|网|讯|APP)",
    re.IGNORECASE,
)

#: Names that consist of a place and a common word, and so begin other words, too.
_GENERIC = re.compile(
    r"(?:中国|国|中|东方|南方|北方|西部|华东|华北|华南|农业|交通|工商|建设|长江|黄河|[北南]京|上海|天津|重庆|广州|深圳"
    r"|杭州|宁波|苏州|厦门|青岛|成都|武汉|西安|郑州|长沙|贵阳|[河湖][北南]|山[东西]|江[苏西]|浙江|福建|广[东西]"
    r"|海南|四川|贵州|云南|陕西|甘肃|青海|新疆|西藏|内蒙古?|宁夏|辽宁|吉林|黑龙江|安徽|香港)"
    r"(?:银行|电信|移动|联通|石油|石化|黄金|电影|软件|建筑|化学|核电|铁路|交通|机场|港口?|电力|能源|煤炭|钢铁|汽车"
    r"|传媒|旅游|科技|证券|保险|人寿|平安|医药|医疗|食品|农业|航空|航天|通信|卫星|文化|教育|环保|水务|燃气|高速"
    r"|地产|城镇|新城镇|财富|重工|中车|化工|铝业|船舶|建材|外运|国航)"
)

#: Names that are words of the language, or begin as they do, or are those of providers of data.
_COMMON = re.compile(
    r"[新大小老好中国金东][\u4e00-\u9fff]{2}|[\u4e00-\u9fff]{1,3}[山湖河江岛]|人民网|农产品|机器人|太阳能|步步高|三六零|康师傅|红蜻蜓|七匹狼"
    r"|亚马逊|麦当劳|星巴克|百事|可口可乐|同花顺|东方财富|大智慧|指南针"
)

_SENTENCE = re.compile(r"[^。！？!?\n]*[。！？!?\n]?")
_SHORT_NAME = 2
_CODE_BEHIND = re.compile(r"(?:[ABH]股)?\s?[（(](?P<inside>\d{5,6}(?!\d)[^（）()\n]*)", re.ASCII)
_TICKER_BEHIND = re.compile(r"\s?[（(](?P<ticker>[A-Z]{1,5})[）)]")


def names_in(
    text: str, names: Lexicon, day: date | None, known: Collection[tuple[int | None, str]]
) -> Iterator[TextMention]:
    """Yield the names in a text.

    A long name is one wherever it stands. A short one, and one that ends in a common word, has to
    stand alone among words about shares, or to have its code elsewhere in the text.
    """
    place = 0
    while place < len(text):
        name = names.name_at(text, place)
        if name is None:
            place += 1
            continue
        end = place + len(name)
        security = names.named(name, day)
        coded = security is not None and (security.market, security.symbol) in known
        if security and _is_name(text, place, end, security, coded):
            yield TextMention(security.market, security.symbol, name, FoundBy.NAME, place, end)
            place = end
        else:
            place += 1


def _is_name(text: str, start: int, end: int, security: Security, coded: bool) -> bool:
    name = text[start:end]
    if name.isascii():
        around = text[max(0, start - 1) : start] + text[end : end + 1]
        return not re.search(r"\w", around, re.ASCII)
    if (ticker := _TICKER_BEHIND.match(text, end)) and ticker["ticker"] == security.symbol:
        return True
    code = _CODE_BEHIND.match(text, end)
    if code and security.symbol not in code["inside"]:
        return False  # 沪深300ETF（159919） is another fund than that of the name
    word = _OTHER_WORD.match(text, start)
    if word and word.end() > end:
        return False
    if len(name) == _SHORT_NAME and text.startswith("公司", end):
        return True
    if len(name) > _SHORT_NAME and not _GENERIC.fullmatch(name) and not _COMMON.fullmatch(name):
        return True
    alone = _BEFORE_NAME.search(text[max(0, start - 2) : start]) and _BEHIND_NAME.match(text, end)
    return bool(alone) and (coded or _is_about_shares(text, start))


def _is_about_shares(text: str, place: int) -> bool:
    """Report whether the sentence at a place is about shares."""
    start = max((text.rfind(mark, 0, place) for mark in "。！？!?\n"), default=-1) + 1
    sentence = _SENTENCE.match(text, start)
    return sentence is not None and _MARKET_WORDS.search(sentence[0]) is not None
