"""What can be read in the HTML of a body."""

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
    """What a body holds, in its order, each once. Adverts and hidden paragraphs are left out.

    :param text: plain text, a line for each block.
    :param pictures: addresses; charts that are drawn anew for every reader are left out.
    :param media: that the credit names.
    """

    text: str
    pictures: tuple[str, ...]
    securities: tuple[Security, ...]
    media: str | None

    @property
    def pictures_json(self) -> str:
        """The pictures as a JSON array, which is how the catalog has them."""
        return json.dumps(self.pictures)


def read_body(html: str) -> BodyFacts:
    """Read a body. Takes any text; markup that makes no sense is read as browsers would."""
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
    """Whether two bodies differ in nothing that a publisher edits.

    That is in adverts, in the parameters of charts, and, beside these, in white space around
    blocks. Bodies without adverts and charts are the same only where every character is.
    """
    if one == other:
        return True
    first, second = _Essence.of(one), _Essence.of(other)
    return first.html == second.html and (first.varies or second.varies)


@dataclass(frozen=True, slots=True)
class _Essence:
    """What of a body stays from request to request.

    :param varies: the body holds something besides.
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
