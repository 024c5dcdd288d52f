"""The securities that a body names, in every form in which Eastmoney marks them up.

<span id="stock_1.600160"><a class="keytip" data-code="1,600160">巨化股份</a></span>
<span id="bk_90.BK0493">…</span>  <span id="Info.116.00700">…</span>
<span id="Info.3259"><a class="infokey" href="…/unify/r/0.399006">创业板指</a></span>
<a class="EmImageRemark" data-code="000338|0|2" data-code2="000338|0|6|">: a chart's link
<img src="…/GetPic.aspx?nid=0.000338&…" data-code="K 000338|0|2">: the chart itself
<span web="1" class="em_stock_key_common" data-code="1,601519">大智慧</span>: a keyword
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from lxml import etree

from archive.article import Found
from archive.content.images import charted, is_chart

_MARKET, _SYMBOL = r"(?P<market>[0-9]{1,3})", r"(?P<symbol>[A-Za-z0-9][A-Za-z0-9._-]{0,15})"
SECURITY_CODE = re.compile(rf"{_MARKET}[.,]{_SYMBOL}")
# Attributes of a link, a span or a chart with patterns of their values, the most reliable first.
_IN_ATTRIBUTE = (
    ("data-code", re.compile(rf"\s*{SECURITY_CODE.pattern}\s*")),
    ("data-code", re.compile(rf"\s*(?:[A-Z] )?{_SYMBOL}\|{_MARKET}(?:\|.*)?")),
    ("data-code2", re.compile(rf"\s*(?:[A-Z] )?{_SYMBOL}\|{_MARKET}(?:\|.*)?")),
    ("id", re.compile(rf"(?:stock_|bk_|Info\.){SECURITY_CODE.pattern}")),
)

_QUOTES = re.compile(rf"(?:https?:)?//quote\.eastmoney\.com/unify/r/{SECURITY_CODE.pattern}/?")
# Classes of links to quotes that the source has added; links without them are the author's own.
_LINKING = frozenset({"keytip", "infokey", "EmImageRemark"})

# Characters of the longest name of a security; a longer text in the same markup is no name.
_LONGEST_NAME = 100

_text_of = etree.XPath(f"substring(., 1, {_LONGEST_NAME})")

# Symbols of six digits that only one exchange of the mainland uses, with that market. Others are
# ambiguous: 000001 is an index of Shanghai and a share of Shenzhen, and most bonds have both.
_MARKET_OF_SYMBOL = (
    (re.compile(r"(?:60|68|51|56|58|900)\d+"), 1),
    (re.compile(r"(?:00[1-3]|30|39|159|200|43|83|87|92)\d+"), 0),
)

# Digits of a symbol on the mainland, and in Hong Kong.
_SYMBOL_LENGTH, _HONG_KONG_LENGTH = 6, 5


class SecurityKind(StrEnum):
    """The kind of a security, derived from its market and symbol."""

    SHARE = "share"
    FUND = "fund"
    BOND = "bond"
    INDEX = "index"
    SECTOR = "sector"


@dataclass(frozen=True, slots=True)
class Security:
    """A security that a body names.

    :param market: Eastmoney's number: 0 Shenzhen and Beijing, 1 Shanghai, 90 a sector, 100 an index
        abroad, 105 to 107 the US, 116 Hong Kong, 150 a fund.
    :param symbol: such as ``600160``.
    :param name: as the body writes it; None for a chart without a name.
    :param found: how it was found.
    """

    market: int
    symbol: str
    name: str | None
    found: Found = field(default=Found.MARKUP, compare=False)

    @property
    def code(self) -> str:
        """Market and symbol, such as ``1.600160``."""
        return f"{self.market}.{self.symbol}"

    @property
    def kind(self) -> SecurityKind:
        """The kind according to the exchanges' ranges of symbols; a share in doubt."""
        if self.market in {0, 1}:
            return _KIND_IN_CHINA.get((self.market, self.symbol[:2])) or _KIND_IN_CHINA.get(
                (self.market, self.symbol[:1]), SecurityKind.SHARE
            )
        return _KIND_OF_MARKET.get(self.market, SecurityKind.SHARE)


_KIND_OF_MARKET = {90: SecurityKind.SECTOR, 100: SecurityKind.INDEX, 150: SecurityKind.FUND}
_KIND_IN_CHINA = {
    (1, "5"): SecurityKind.FUND,
    (0, "15"): SecurityKind.FUND,
    (0, "16"): SecurityKind.FUND,
    (0, "18"): SecurityKind.FUND,
    (1, "00"): SecurityKind.INDEX,
    (0, "39"): SecurityKind.INDEX,
    (1, "1"): SecurityKind.BOND,
    (1, "2"): SecurityKind.BOND,
    (0, "10"): SecurityKind.BOND,
    (0, "11"): SecurityKind.BOND,
    (0, "12"): SecurityKind.BOND,
}


def with_named(
    in_body: Sequence[Security], stock_list: str, mentioned: str
) -> tuple[Security, ...]:
    """Return the securities that a body names, then those that are named otherwise.

    A security has the first name that it is given. A text that is no code is ignored.

    :param stock_list: codes that a list names for the article, a JSON array.
    :param mentioned: other mentions, a JSON array of objects with code, name and found.
    """
    found = {security.code: security for security in in_body}
    for code in json.loads(stock_list):
        _add(found, code, None, Found.LIST)
    for each in json.loads(mentioned):
        _add(found, each["code"], each["name"], Found(each["found"]))
    return tuple(found.values())


def _add(securities: dict[str, Security], code: str, name: str | None, found: Found) -> None:
    if match := SECURITY_CODE.fullmatch(code):
        security = Security(int(match["market"]), match["symbol"], name, found)
        known = securities.setdefault(security.code, security)
        if known.name is None:
            securities[security.code] = replace(known, name=name)


def securities_in(root: etree._Element, excluded: Iterable[etree._Element]) -> tuple[Security, ...]:
    """Return the securities that a body names, in order, each once.

    :param excluded: the credits, whose markup does not count.
    """
    return each_once(security for _, security in mentions_in(root, excluded))


def each_once(securities: Iterable[Security]) -> tuple[Security, ...]:
    """Return securities in their order, each once: by its first mention that has a name, if any."""
    found: dict[str, Security] = {}
    for security in securities:
        known = found.get(security.code)
        if known is None or known.name is None:
            found[security.code] = security
    return tuple(found.values())


def mentions_in(
    root: etree._Element, excluded: Iterable[etree._Element]
) -> Iterator[tuple[etree._Element, Security]]:
    """Yield the elements that name a security, each with that security.

    A keyword of the source's tagger is often a part of another word. Therefore it is a mention only
    where the body has other markup of the same security, too.

    :param excluded: the credits, whose markup does not count.
    """
    credited = {element for line in excluded for element in line.iter()}
    found = [
        (element, security)
        for element in root.iter("a", "span", "img")
        if element not in credited and (security := _security_of(element))
    ]
    subjects = {security.code for element, security in found if not _is_keyword(element)}
    for element, security in found:
        if security.code in subjects:
            yield element, security


def _is_keyword(element: etree._Element) -> bool:
    return element.get("web") == "1" or "em_stock_key_common" in element.get("class", "").split()


def _security_of(element: etree._Element) -> Security | None:
    code = _code_of(element)
    if code is None:
        return None
    name = None if element.tag == "img" else " ".join(_text_of(element).split()) or None
    return Security(*code, name)


def _code_of(element: etree._Element) -> tuple[int, str] | None:
    chart = element.tag == "img" and is_chart(element.get("src", ""))
    if element.tag == "img" and not chart:
        return None
    for attribute, form in _IN_ATTRIBUTE:
        written = element.get(attribute)
        if written and (match := form.fullmatch(written)):
            return int(match["market"]), match["symbol"]
    if chart:
        match = SECURITY_CODE.fullmatch(charted(element.get("src", "")))
    elif _LINKING.isdisjoint(element.get("class", "").split()):
        match = None
    else:
        match = _QUOTES.fullmatch(element.get("href", "").strip())
    if match:
        return int(match["market"]), match["symbol"]
    symbol = element.get("data-code", "").strip()
    market = _market_of(symbol) if symbol else None
    return None if market is None else (market, symbol)


def _market_of(symbol: str) -> int | None:
    """Return the only market that has a symbol; None where no or several markets have it."""
    if symbol.startswith("BK") and symbol[2:].isdecimal():
        return 90
    if not (symbol.isascii() and symbol.isdecimal()):
        return None
    if len(symbol) == _HONG_KONG_LENGTH:
        return 116
    if len(symbol) != _SYMBOL_LENGTH:
        return None
    return next((market for form, market in _MARKET_OF_SYMBOL if form.fullmatch(symbol)), None)
