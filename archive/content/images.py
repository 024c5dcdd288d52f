"""The pictures of a body. Charts do not count as pictures.

A chart is generated for each request: it shows today's prices, not the article's.
"""

import re
from urllib.parse import parse_qs, urlsplit

from lxml import etree

# Start of a chart's address: the host was webquoteklinepic in 2022, and webquotepic in 2026.
_CHART = re.compile(r"(?:https?:)?//webquote(?:kline)?pic\.eastmoney\.com(?::\d+)?/", re.IGNORECASE)

_ADDRESS = re.compile(r"(?:https?:)?//[^\x00-\x20\x7f\ud800-\udfff]+", re.IGNORECASE)


def is_chart(source: str) -> bool:
    """Return whether the ``src`` of an `img` element is the address of a chart."""
    return _CHART.match(source.strip()) is not None


def charted(source: str) -> str:
    """Return the security in a chart's address, such as ``0.000338``; empty without one."""
    try:
        return parse_qs(urlsplit(source.strip()).query).get("nid", [""])[0]
    except ValueError:  # not a URL, or too many parameters
        return ""


def pictures_in(root: etree._Element) -> tuple[str, ...]:
    """Return the addresses of a body's pictures as the body writes them, in order, each once."""
    sources = (image.get("src", "").strip() for image in root.iter("img"))
    return tuple(dict.fromkeys(src for src in sources if src and not is_chart(src)))


def picture_address(source: str) -> str | None:
    """Return the absolute address of a picture; None where the body gives none.

    :param source: the ``src`` of an `img` element.
    """
    address = source.strip()
    if not _ADDRESS.fullmatch(address) or is_chart(address):
        return None
    return f"https:{address}" if address.startswith("//") else address
