"""What can be read in the HTML of a body: its text, its pictures, the securities it names."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lxml import etree
from parsel import Selector

from archive.markup import without_overloaded_tags

_BLOCKS = frozenset(
    """
    address article aside blockquote br caption center dd div dl dt figcaption figure footer
    h1 h2 h3 h4 h5 h6 header hr li main ol p pre section table tbody td tfoot th thead tr ul
    """.split()  # noqa: SIM905 (a list of forty strings is no easier to read)
)
_SILENT = frozenset({"script", "style", "template", "noscript", "iframe", "title"})
SECURITY_CODE = re.compile(r"(?P<market>[0-9]{1,3})[.,](?P<symbol>[A-Za-z0-9][A-Za-z0-9._-]{0,15})")
_MARKED_ID = re.compile(rf"(?:stock|bk)_{SECURITY_CODE.pattern}")

_LONGEST_NAME = 100
"""Characters of a security's name; what is longer is another text in the same markup."""

_text_of = etree.XPath(f"substring(., 1, {_LONGEST_NAME})")

DRAWN_ANEW = "webquoteklinepic.eastmoney.com/"
"""Charts that are made for every reader; they show today's prices, not the article's."""

_PICTURE = re.compile(r"(?:https?:)?//[^\x00-\x20\x7f\ud800-\udfff]+", re.IGNORECASE)


class SecurityKind(StrEnum):
    """What a security is, as far as its market and symbol say."""

    SHARE = "share"
    FUND = "fund"
    BOND = "bond"
    INDEX = "index"
    SECTOR = "sector"


@dataclass(frozen=True, slots=True)
class Security:
    """A security that a body names.

    :param market: Eastmoney's number: 0 Shenzhen and Beijing, 1 Shanghai, 90 a sector, 105 to 107
        the US, 116 Hong Kong.
    :param name: as the body writes it; None beside a chart without a name.
    """

    market: int
    symbol: str
    name: str | None

    @property
    def code(self) -> str:
        """Market and symbol, such as ``1.600160``."""
        return f"{self.market}.{self.symbol}"

    @property
    def kind(self) -> SecurityKind:
        """By the exchanges' numbering of symbols; what they do not tell apart is a share."""
        if self.market == 90:
            return SecurityKind.SECTOR
        if self.market in {0, 1}:
            return _KIND_IN_CHINA.get((self.market, self.symbol[:2])) or _KIND_IN_CHINA.get(
                (self.market, self.symbol[:1]), SecurityKind.SHARE
            )
        return SecurityKind.INDEX if self.market == 100 else SecurityKind.SHARE


def with_listed(named: Sequence[Security], stock_list: str) -> tuple[Security, ...]:
    """The securities that a body names, then those that only a list names beside it.

    :param stock_list: their codes, as a JSON array; what is no code is left out.
    """
    found = {security.code: security for security in named}
    for match in filter(None, map(SECURITY_CODE.fullmatch, json.loads(stock_list))):
        security = Security(int(match["market"]), match["symbol"], None)
        found.setdefault(security.code, security)
    return tuple(found.values())


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


@dataclass(frozen=True, slots=True)
class BodyFacts:
    """What a body holds, in its order, each once.

    :param text: plain text, a line for each block.
    :param pictures: addresses; charts that are drawn anew for every reader are left out.
    """

    text: str
    pictures: tuple[str, ...]
    securities: tuple[Security, ...]

    @property
    def pictures_json(self) -> str:
        """The pictures as a JSON array, which is how the catalog has them."""
        return json.dumps(self.pictures)


def read_body(html: str) -> BodyFacts:
    """Read a body. Takes any text; markup that makes no sense is read as browsers would."""
    root = Selector(text=without_overloaded_tags(html) or " ", type="html").root
    return BodyFacts(_text(root), _pictures(root), _securities(root))


def _text(root: etree._Element) -> str:
    lines: list[list[str]] = [[]]
    silent = 0
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "start":
            silent += element.tag in _SILENT
        elif event == "end":
            silent -= element.tag in _SILENT
        if element.tag in _BLOCKS:
            lines.append([])
        if not silent:
            lines[-1].append((element.text if event == "start" else element.tail) or "")
    stripped = (" ".join("".join(line).split()) for line in lines)
    return "\n".join(line for line in stripped if line)


def _pictures(root: etree._Element) -> tuple[str, ...]:
    sources = (image.get("src", "").strip() for image in root.iter("img"))
    return tuple(dict.fromkeys(src for src in sources if src and DRAWN_ANEW not in src))


def picture_address(source: str) -> str | None:
    """Where a picture can be had, from what a body writes; None where nothing says it.

    :param source: an `img` element's ``src``.
    """
    address = source.strip()
    if not _PICTURE.fullmatch(address) or DRAWN_ANEW in address:
        return None
    return f"https:{address}" if address.startswith("//") else address


def _securities(root: etree._Element) -> tuple[Security, ...]:
    found: dict[str, Security] = {}
    for security in filter(None, map(security_of, root.iter("a", "span"))):
        known = found.get(security.code)
        if known is None or known.name is None:
            found[security.code] = security
    return tuple(found.values())


def security_of(element: etree._Element) -> Security | None:
    """The security that an element marks up; None for every other element."""
    match = SECURITY_CODE.fullmatch(element.get("data-code", "")) or _MARKED_ID.fullmatch(
        element.get("id", "")
    )
    if match is None:
        return None
    name = " ".join(_text_of(element).split()) or None
    return Security(int(match["market"]), match["symbol"], name)
