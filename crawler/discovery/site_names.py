"""The name of a site, as its pages and feeds give it."""

import re

from crawler.declarations.answers import Answer, document_in, text_of
from crawler.declarations.formats import Format
from crawler.declarations.paths import PathError, find_all

_PLACES = (
    (Format.HTML, "meta[property='og:site_name']::attr(content)"),
    (Format.RSS, "/rss/channel/title/text()"),
    (Format.ATOM, "/feed/title/text()"),
    (Format.HTML, "head > title::text"),
)
_PARTS = re.compile(r"\s*[-_|｜–—]+\s*")
_LONGEST = 40


def site_name(answer: Answer) -> str | None:
    """Return the name of the site that an answer is of; None where it gives none."""
    try:
        text = text_of(answer)
    except PathError:
        return None
    for form, path in _PLACES:
        try:
            found = find_all(document_in(text, form), path)
        except PathError:
            continue
        parts = _PARTS.split(" ".join(str(found[0]).split())) if found else []
        name = next((part for part in reversed(parts) if part), "")
        if name and len(name) <= _LONGEST:
            return name
    return None
