"""The pictures of a body, and the charts, which are none.

A chart is drawn anew for every reader: it shows today's prices, not the article's.
"""

import re
from urllib.parse import parse_qs, urlsplit

from lxml import etree

# How the address of a chart begins: webquoteklinepic in 2022, webquotepic in 2026.
_CHART = re.compile(r"(?:https?:)?//webquote(?:kline)?pic\.eastmoney\.com(?::\d+)?/", re.IGNORECASE)

_ADDRESS = re.compile(r"(?:https?:)?//[^\x00-\x20\x7f\ud800-\udfff]+", re.IGNORECASE)


def is_chart(source: str) -> bool:
    """Whether an `img` element's ``src`` is the address of a chart."""
    return _CHART.match(source.strip()) is not None


def charted(source: str) -> str:
    """Return what a chart's address says it is a chart of, such as ``0.000338``; else nothing."""
    try:
        return parse_qs(urlsplit(source.strip()).query).get("nid", [""])[0]
    except ValueError:  # it is no address, or has more parameters than any
        return ""


def pictures_in(root: etree._Element) -> tuple[str, ...]:
    """Return the addresses of a body's pictures as it writes them, in its order, each once."""
    sources = (image.get("src", "").strip() for image in root.iter("img"))
    return tuple(dict.fromkeys(src for src in sources if src and not is_chart(src)))


def picture_address(source: str) -> str | None:
    """Return the address at which a picture can be fetched; None where a body gives none.

    :param source: an `img` element's ``src``.
    """
    address = source.strip()
    if not _ADDRESS.fullmatch(address) or is_chart(address):
        return None
    return f"https:{address}" if address.startswith("//") else address
