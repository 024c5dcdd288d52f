"""The codes and tickers of securities in a plain text.

    贵州茅台（600519.SH）   宁德时代（300750）   00700.HK   SH600519   $AAPL   纳斯达克：NVDA

Precision comes before recall: what may be a price, a year, an abbreviation or another number is
no code.
"""

import re
from collections.abc import Iterator

from archive.content.lexicon import Lexicon
from archive.content.text_mention import FoundBy, TextMention

_SHANGHAI, _SHENZHEN, _HONG_KONG, _FUND = 1, 0, 116, 150
_NASDAQ, _NEW_YORK = 105, 106
_EXCHANGES = {
    **dict.fromkeys(("SH", "SS", "SSE", "SHSE", "XSHG", "上交所", "沪市", "上海"), _SHANGHAI),
    **dict.fromkeys(("SZ", "SZSE", "XSHE", "深交所", "深市", "深圳"), _SHENZHEN),
    **dict.fromkeys(("BJ", "BSE", "北交所"), _SHENZHEN),
    **dict.fromkeys(("HK", "HKEX", "SEHK", "HKG", "港交所", "联交所", "港股", "H股"), _HONG_KONG),
    **dict.fromkeys(("O", "OQ", "NASDAQ", "纳斯达克"), _NASDAQ),
    **dict.fromkeys(("N", "NYSE", "纽交所"), _NEW_YORK),
    "OF": _FUND,
}
#: The beginnings of the codes of each exchange.
_BEGINNINGS = {
    "SH": r"60|68|51|56|58|50|52|53|55|900|000|11|10[01]|13|204",
    "SZ": r"00|30|39|15|16|18|200|10[0-4]|11[0-9]|12",
    "BJ": r"43|83|87|88|92|899|82",
}

#: Codes of shares, in brackets without an exchange.
_BARE = re.compile(
    r"60[0-35]\d{3}|68[89]\d{3}|00[0-3]\d{3}|30[0-2]\d{3}|4[23]0\d{3}|8[37]\d{4}|92\d{4}"
)

_CODE = re.compile(r"\d{5,6}", re.ASCII)
_BARE_FUND = re.compile(r"5[01568]\d{4}|159\d{3}|1[68]\d{4}")
_BARE_BOND = re.compile(r"11[0138]\d{3}|12[378]\d{3}")
#: Codes that are round numbers, too.
_ROUND = re.compile(r"\d{1,2}0{4,}")

_LEFT, _RIGHT = r"(?<![A-Za-z0-9.])", r"(?![A-Za-z0-9])"
_WITH_EXCHANGE = re.compile(
    rf"{_LEFT}(?:"
    r"(?P<digits>\d{6})\.(?P<exchange>SH|SS|SZ|BJ|OF|XSHG|XSHE)"
    r"|(?P<before>SH|SZ|BJ)[.:]?(?P<behind>\d{6})"
    r"|(?P<hong_kong>\d{1,5})\.HK"
    r"|HK[.:]?(?P<kong_hong>\d{5})"
    r"|(?P<ticker>[A-Z]{2,5}(?:\.[AB])?)\.(?P<abroad>US|OQ|O|N)"
    rf"){_RIGHT}",
    re.ASCII | re.IGNORECASE,
)
_WITH_NAME_OF_EXCHANGE = re.compile(
    rf"(?P<exchange>NASDAQ|NYSE|HKEX|SEHK|HKG|SSE|SHSE|SZSE|BSE|纳斯达克|纽交所|港交所|联交所|上交所|深交所|北交所)"
    rf"(?:股票|证券|上市)?(?:代码|代号)?\s*[：:]\s*(?P<code>\d{{5,6}}|\d{{1,4}}(?!\s?[%\u4e00-\u9fff]|[.,]\d)|[A-Z]{{1,5}}(?:\.[AB])?){_RIGHT}",
    re.IGNORECASE,
)
_WITH_LABEL = re.compile(
    rf"(?P<label>(?:证券|股票|[ABH]股|港股|美股|转债|债券|基金|ETF|交易|公司)(?:交易)?(?:代码|代号|简码)"
    rf"|(?<![\u4e00-\u9fffA-Za-z])代码)"
    rf"\s*(?:为|是)?\s*[：:“\"]?\s*(?P<code>\d{{5,6}}|[A-Z]{{1,5}}(?:\.[AB])?){_RIGHT}"
)
_CASHTAG = re.compile(
    r"(?<![A-Za-z0-9$￥])\$(?P<ticker>[A-Z]{1,5}(?:\.[AB])?)(?![A-Za-z0-9.]*\w)", re.ASCII
)
#: Currencies, which are written like tickers.
_NO_SHARES = frozenset(
    {"BTC", "ETH", "USDT", "USDC", "BNB", "SOL", "XRP", "DOGE", "SHIB", "TRUMP", "PEPE", "ADA"}
    | {"TRX", "TON", "LTC", "DOT", "AVAX", "USD", "CNY", "HKD"}
)

_BRACKETS = re.compile(r"[（(](?P<inside>[^（）()\n]{5,60})[）)]")
_LENGTH, _HONG_KONG_LENGTH = 6, 5
_HONG_KONG_CODE = re.compile(r"0(?!0000)\d{4}", re.ASCII)
_CHINESE = re.compile(r"[\u4e00-\u9fff]{2}[\w-]*$")
_BRACKETS_BEHIND = re.compile(r"[（(][^（）()]{1,8}[）)][A-Z]?$")
_BETWEEN = re.compile(r"[，,、；;/／|\s]+")
_FUND_NAME = re.compile(
    r"(?:混合|债券|股票|指数|货币|联接|基金|增强|优选|精选|QDII|FOF|LOF)[A-Z]?$"
)
_ETF_NAME = re.compile(r"ETF\w{0,6}$|REIT\w{0,2}$|LOF$", re.ASCII)
_INDEX_NAME = re.compile(
    r"(?:(?:沪深|[上中深国北]证|科创|创业板)(?:综合|成份?|[A-Z]?\d{2,4})?|综|成)指数?$|(?:沪深|[上中北]证|科创)\d{2,4}$"
)
_INDEX = re.compile(r"000\d{3}|399\d{3}|899\d{3}", re.ASCII)
_BOND_NAME = re.compile(r"(?:转债|转\d|债)\d{0,2}$")
#: Words after which numbers in brackets are no codes.
_NO_NAME = re.compile(
    r"(?:收入?|营收|人数|(?<!指)数[量字据值]?|率|[港沪深]股通|[金总余]额|额度|合计|发行|规模|面积|体积|重量|[单均售]?价格?|[产销库]量|库存"
    r"|份额|编[号码]|邮编|邮政编码|区划代码|电话|热线|客服|短信|传真|验证码|密码|[文单批区账尾序房学工考车货门]号"
    r"|号码?|房间|门牌|货架|科目|版本|型号|日期|时间|阅读|浏览量?|点击|播放|转发|点赞|评论|粉丝|结果"
    r"|\d\s?[年月日号人元股吨万亿户台辆件个份次分秒度米点%℃])$"
)

_UNIT = re.compile(
    r"\s?(?:平方|立方|公里|千米|毫[米克升]|[元人份股吨户台辆件个次分秒米手](?![\u4e00-\u9fff]))"
)
_ENDS_WITH_NAME = re.compile(r"[\u4e00-\u9fffA-Za-z][A-Za-z0-9*-]{0,6}[”’》\"]?\s?$")


def codes_in(text: str, names: Lexicon) -> Iterator[TextMention]:
    """Yield the codes and tickers in a text, the most certain first.

    :param names: names of securities, which distinguish markets and numbers.
    """
    yield from _codes_with_exchange(text, names)
    yield from _labelled(text, names)
    yield from _in_brackets(text, names)
    yield from _cashtags(text, names)


def _codes_with_exchange(text: str, names: Lexicon) -> Iterator[TextMention]:
    by = FoundBy.CODE_WITH_EXCHANGE
    for match in _WITH_EXCHANGE.finditer(text):
        digits = match["digits"] or match["behind"]
        hong_kong = match["hong_kong"] or match["kong_hong"]
        if digits:
            exchange = (match["exchange"] or match["before"]).upper()
            if _is_of(exchange, digits):
                yield _mention(match, _EXCHANGES[exchange], digits, by, names)
        elif hong_kong:
            if int(hong_kong):
                yield _mention(match, _HONG_KONG, hong_kong.zfill(5), by, names)
        elif match["ticker"].isupper() and match["abroad"].isupper():
            market = _EXCHANGES.get(match["abroad"]) or names.market_of(match["ticker"])
            yield _mention(match, market, match["ticker"], by, names)
    for match in _WITH_NAME_OF_EXCHANGE.finditer(text):
        market, code = _EXCHANGES[match["exchange"].upper()], match["code"]
        if code.isdecimal() is (market in {_SHANGHAI, _SHENZHEN, _HONG_KONG}):
            symbol = code.zfill(5) if market == _HONG_KONG else code
            if market == _HONG_KONG or not code.isdecimal() or len(code) == _LENGTH:
                yield _mention(match, market, symbol, by, names)


def _is_of(exchange: str, digits: str) -> bool:
    """Report whether an exchange has codes such as these digits."""
    beginnings = _BEGINNINGS.get({"SS": "SH", "XSHG": "SH", "XSHE": "SZ"}.get(exchange, exchange))
    return beginnings is None or re.match(beginnings, digits) is not None


def _labelled(text: str, names: Lexicon) -> Iterator[TextMention]:
    for match in _WITH_LABEL.finditer(text):
        label, code = match["label"], match["code"]
        market: int | None
        if not code.isdecimal():
            market = names.market_of(code)
        elif len(code) == _HONG_KONG_LENGTH:
            market = _HONG_KONG
        elif "基金" in label:
            market = _market_of_fund(code)
        else:
            market = _market_of(code)
            if market is None:
                continue
        yield _mention(match, market, code, FoundBy.CODE_WITH_LABEL, names)


def _in_brackets(text: str, names: Lexicon) -> Iterator[TextMention]:
    for brackets in _BRACKETS.finditer(text):
        before = text[max(0, brackets.start() - 24) : brackets.start()]
        parts = [part for part in _BETWEEN.split(brackets["inside"].strip()) if part]
        digits = [part for part in parts if part.isascii() and part.isdecimal()]
        if not digits or parts[0] not in digits:
            continue
        if not _ENDS_WITH_NAME.search(_BRACKETS_BEHIND.sub("", before)):
            continue
        if _NO_NAME.search(before) or _UNIT.match(text, brackets.end()):
            continue
        if not _are_codes_and_words(parts):
            continue
        for code in digits:
            market = _market_in_brackets(code, before, names)
            if market is not None:
                place = text.index(code, brackets.start())
                yield TextMention(
                    market,
                    code,
                    _name_of(names, market, code),
                    FoundBy.CODE_IN_BRACKETS,
                    place,
                    place + len(code),
                )


def _are_codes_and_words(parts: list[str]) -> bool:
    """Return whether brackets contain codes, and perhaps words, but no other numbers."""
    return all(
        _CODE.fullmatch(part) or _WITH_EXCHANGE.fullmatch(part) or not re.search(r"\d", part)
        for part in parts
    )


def _market_in_brackets(code: str, before: str, names: Lexicon) -> int | None:
    """Return the market of a code in brackets behind a name; None where it may be anything."""
    name = _BRACKETS_BEHIND.sub("", before.rstrip('”’》" '))
    if len(code) == _HONG_KONG_LENGTH:
        return _HONG_KONG if _HONG_KONG_CODE.fullmatch(code) and _CHINESE.search(name) else None
    if _INDEX_NAME.search(name) and _INDEX.fullmatch(code):
        return _SHANGHAI if code.startswith("000") else _SHENZHEN
    if _ETF_NAME.search(name) and _BARE_FUND.fullmatch(code):
        return _market_of_fund(code)
    if _FUND_NAME.search(name) and not code.startswith(("60", "68", "30")):
        return _market_of_fund(code)
    if _BOND_NAME.search(name) and _BARE_BOND.fullmatch(code):
        return _market_of(code)
    round_number = _ROUND.fullmatch(code) and names.market_of(code) is None
    return None if round_number or not _BARE.fullmatch(code) else _market_of(code)


def _market_of(code: str) -> int | None:
    """Return the market of a code of six digits without an exchange."""
    if re.match(r"60|68|51|56|58|900|11[0138]", code):
        return _SHANGHAI
    if re.match(r"00[0-3]|30[0-2]|159|16|200|12[378]|4[23]0|8[37]|92|39", code):
        return _SHENZHEN
    return None


def _market_of_fund(code: str) -> int:
    if code.startswith("5"):
        return _SHANGHAI
    return _SHENZHEN if code.startswith(("159", "16", "18")) else _FUND


def _cashtags(text: str, names: Lexicon) -> Iterator[TextMention]:
    for match in _CASHTAG.finditer(text):
        ticker = match["ticker"]
        if ticker not in _NO_SHARES:
            yield _mention(match, names.market_of(ticker), ticker, FoundBy.TICKER, names)


def _mention(
    match: re.Match[str], market: int | None, symbol: str, by: FoundBy, names: Lexicon
) -> TextMention:
    name = _name_of(names, market, symbol)
    return TextMention(market, symbol, name, by, match.start(), match.end())


def _name_of(names: Lexicon, market: int | None, symbol: str) -> str | None:
    return names.name_of(market, symbol) if market is not None else None
