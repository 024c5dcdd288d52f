"""The body of an article: its text and pictures, without the parts that are no part of it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml import etree
from parsel import Selector

from archive.content.adverts import drop_adverts
from archive.content.credit import credits_in
from archive.content.securities import Security, securities_in
from archive.content.text import plain_text
from archive.content.tree import drop, drop_hidden, paragraphs, parse, text_in
from crawler.declarations.markup import has_markup
from crawler.declarations.model import Declaration, Layout
from crawler.declarations.paths import find_all
from crawler.declarations.reading import absolute, folded

#: The most characters of a paragraph to which a pattern of `drop_text` is applied.
_LONGEST_LINE = 300


@dataclass(frozen=True, slots=True)
class Body:
    """The body of an article.

    :param html: as the source wrote it; None where it is plain text.
    :param text: a line for each paragraph.
    :param pictures: addresses, in their order.
    :param securities: that it names in Eastmoney's mark-up.
    """

    html: str | None
    text: str
    pictures: tuple[str, ...] = ()
    securities: tuple[Security, ...] = ()

    def followed_by(self, other: "Body") -> "Body":
        """Return the body of an article of several pages, with one page more."""
        parts = [body.html or body.text for body in (self, other)]
        return Body(
            None if self.html is None and other.html is None else "\n".join(parts),
            "\n".join(filter(None, (self.text, other.text))),
            tuple(dict.fromkeys((*self.pictures, *other.pictures))),
            tuple(dict.fromkeys((*self.securities, *other.securities))),
        )


def body_of(
    declaration: Declaration, written: str, base: str, layout: Layout | None = None
) -> Body:
    """Read a body; charts are no pictures of it.

    :param base: that addresses in it are relative to.
    :param layout: states parts that are left out of text and pictures.
    """
    if not has_markup(written):
        lines = (folded(line) for line in written.splitlines())
        return Body(None, "\n".join(line for line in lines if line))
    root = parse(written)
    page = Selector(root=root, type="html")
    dropped = layout.drop if layout else ()
    unwanted = [found.root for path in dropped for found in find_all(page, path)]
    drop([one for one in unwanted if isinstance(one, etree._Element)])
    drop_hidden(root)
    securities: tuple[Security, ...] = ()
    if declaration.markup == "eastmoney":
        drop_adverts(root)
        securities = securities_in(root, credits_in(root))
    patterns = [re.compile(pattern) for pattern in (layout.drop_text if layout else ())]
    if patterns:
        drop([one for one in paragraphs(root) if _is_any(one, patterns)])
    sources = [image.get("src") or "" for image in root.iter("img")]
    charts = declaration.pictures.charts
    pictures = [one for one in absolute(base, sources) if urlsplit(one).hostname not in charts]
    return Body(written, plain_text(root), tuple(pictures), securities)


def _is_any(paragraph: etree._Element, patterns: Iterable[re.Pattern[str]]) -> bool:
    text = " ".join(text_in(paragraph).split())
    return len(text) <= _LONGEST_LINE and any(pattern.fullmatch(text) for pattern in patterns)
