"""The credit, the line of a body that names its media: ``（文章来源：财联社）``.

Eastmoney marks up words inside it as securities: 证券 in 上海证券报 is a sector to its tagger. The
media's name is the text without that markup, and nothing inside the credit is a mention.
"""

import re

from lxml import etree

from archive.content.adverts import drop_adverts
from archive.content.tree import paragraphs, parse, text_in

_WORD = "文章来源"
_CREDIT = re.compile(rf"[（(]\s*{_WORD}\s*[：:]([^\r\n]*)[）)]")
_marked = etree.XPath("//*[contains(concat(' ', normalize-space(@class), ' '), ' em_media ')]")


def credits_in(root: etree._Element) -> list[etree._Element]:
    """Return the credits of a body: by their class, or else the last paragraph by its words."""
    if marked := _marked(root):
        return list(marked)
    with_text = [element for element in paragraphs(root) if text_in(element).strip()]
    return [element for element in with_text[-1:] if _named_in(element) is not None]


def media_credited(lines: list[etree._Element]) -> str | None:
    """Return the media that the last credit with a name names; None without one.

    :param lines: the credits of a body, in order.
    """
    for element in reversed(lines):
        if name := _named_in(element):
            return name
    return None


def media_named_in(body: str) -> str | None:
    """Return the media that a body's credit names; None where the body has no credit."""
    if _WORD not in body:
        return None
    root = parse(body)
    drop_adverts(root)
    return media_credited(credits_in(root))


def _named_in(element: etree._Element) -> str | None:
    match = _CREDIT.fullmatch(text_in(element).strip())
    return match[1].strip() if match else None
