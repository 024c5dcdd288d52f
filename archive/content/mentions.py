"""The securities that a plain text names, by a code, a ticker or a name."""

import re
from collections.abc import Iterable
from datetime import date

from archive.content.codes_in_text import codes_in
from archive.content.lexicon import Lexicon
from archive.content.names_in_text import names_in
from archive.content.securities import Security, each_once
from archive.content.text_mention import TextMention

_ADDRESS = re.compile(r"(?:https?://|www\.)[!-~]+")


def mentions_in_text(
    text: str, lexicon: Lexicon | None = None, *, day: date | None = None
) -> tuple[TextMention, ...]:
    """Return what a text names, in its order.

    :param lexicon: names of securities; without it, codes and tickers alone are found.
    :param day: of the text; names that a security did not have then are left out.
    """
    names = lexicon or Lexicon()
    text = _ADDRESS.sub(lambda address: " " * len(address[0]), text)
    taken = bytearray(len(text))
    codes = _without_overlaps(codes_in(text, names), taken)
    coded = {(mention.market, mention.symbol) for mention in codes}
    named = _without_overlaps(names_in(text, names, day, coded), taken)
    return tuple(sorted((*codes, *named), key=lambda mention: mention.start))


def securities_in_text(text: str) -> tuple[Security, ...]:
    """Return the securities whose codes or tickers a text has, each once, in its order."""
    return each_once(filter(None, (mention.security for mention in mentions_in_text(text))))


def _without_overlaps(mentions: Iterable[TextMention], taken: bytearray) -> list[TextMention]:
    """Return mentions of which none lies over another, those that come first before the others.

    :param taken: the characters of the text that a mention lies over, which is brought up to date.
    """
    kept = []
    for mention in mentions:
        place = slice(mention.start, mention.end)
        if not any(taken[place]):
            taken[place] = bytes([1]) * (mention.end - mention.start)
            kept.append(mention)
    return kept
