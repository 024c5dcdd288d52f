"""Read the facts in a body's HTML, and compare bodies."""

import json
import re
from dataclasses import dataclass

from lxml import etree

from archive.content.adverts import drop_adverts
from archive.content.credit import credits_in, media_credited
from archive.content.images import charted, is_chart, pictures_in
from archive.content.securities import Security, securities_in
from archive.content.text import plain_text
from archive.content.tree import BLOCKS, drop_hidden, parse

_AROUND_BLOCKS = re.compile(rf" ?(</?(?:{'|'.join(sorted({*BLOCKS, 'body'}))})\b[^>]*>) ?")


@dataclass(frozen=True, slots=True)
class BodyFacts:
    """The facts in a body, in order, each once, without adverts and hidden paragraphs.

    :param text: plain text, a line for each block.
    :param pictures: addresses, without charts of today's prices.
    :param media: name of the media in the credit; None without a credit.
    """

    text: str
    pictures: tuple[str, ...]
    securities: tuple[Security, ...]
    media: str | None

    @property
    def pictures_json(self) -> str:
        """The pictures as a JSON array, the format of the catalog."""
        return json.dumps(self.pictures)


def read_body(html: str) -> BodyFacts:
    """Read a body. Every text is accepted; invalid markup is parsed as browsers parse it."""
    root = parse(html)
    drop_adverts(root)
    drop_hidden(root)
    lines = credits_in(root)
    return BodyFacts(
        text=plain_text(root),
        pictures=pictures_in(root),
        securities=securities_in(root, lines),
        media=media_credited(lines),
    )


def same_article(one: str, other: str) -> bool:
    """Return whether two bodies differ only in parts that change without an edit.

    These parts are adverts, parameters of charts, and, in bodies that have one of both, white
    space around blocks. Bodies without adverts and charts must be equal in every character.
    """
    if one == other:
        return True
    first, second = _Essence.of(one), _Essence.of(other)
    return first.html == second.html and (first.varies or second.varies)


@dataclass(frozen=True, slots=True)
class _Essence:
    """The part of a body that is the same in every response.

    :param varies: the body has other parts, too.
    """

    html: str
    varies: bool

    @classmethod
    def of(cls, body: str) -> "_Essence":
        # Behind a start tag of the body, text before the first block is no paragraph of its own.
        root = parse(f"<body>{body}")
        varies = drop_adverts(root)
        drop_hidden(root)
        for image in root.iter("img"):
            source = image.get("src", "")
            if is_chart(source):
                image.set("src", charted(source))
                varies = True
        etree.strip_tags(root, etree.Comment)
        html = etree.tostring(root, encoding="unicode", method="html")
        return cls(_AROUND_BLOCKS.sub(r"\1", " ".join(html.split())), varies)
