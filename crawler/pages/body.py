"""What can be read in the body of an article, whoever served it."""

import re

_MEDIA = re.compile(r"（文章来源：([^<>\r\n]+)）\s*</p>\s*\Z")


def media_named_in(body: str) -> str | None:
    """The media that a body's closing line names: ``（文章来源：财联社）``."""
    match = _MEDIA.search(body)
    return (match[1].strip() or None) if match else None
