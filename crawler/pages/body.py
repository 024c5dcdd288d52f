"""What can be read in the body of an article, whoever served it."""

import re

_OPENING = "（文章来源："
_MEDIA = re.compile(_OPENING + r"([^<>\r\n]+)）\s*</p>\s*")


def media_named_in(body: str) -> str | None:
    """The media that a body's closing line names: ``（文章来源：财联社）``."""
    match = _MEDIA.fullmatch(body, max(body.rfind(_OPENING), 0))
    return (match[1].strip() or None) if match else None
