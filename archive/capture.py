"""The capture: the place of a stored response, and so the provenance of a version."""

import json
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """The place of a response in one of the archive's WARC files.

    :param url: that was requested.
    :param file: name of the finished file in ``warc/``.
    :param offset: of the record's gzip member, in bytes.
    :param fetched: time of the response, ISO 8601, UTC; also the record's WARC-Date.
    """

    url: str
    file: str
    offset: int
    fetched: str


_FIELDS = {each.name for each in fields(Capture)}
# Offsets are below this number of bytes, because SQLite stores no larger integers.
_OFFSET_LIMIT = 2**63


def is_capture(url: object, file: object, offset: object, fetched: object) -> bool:
    """Return whether four values can be the fields of a capture."""
    return (
        isinstance(url, str)
        and isinstance(file, str)
        and isinstance(fetched, str)
        and type(offset) is int
        and 0 <= offset < _OFFSET_LIMIT
        and "/" not in file
        and is_text(url + file + fetched)
    )


def captures_from(text: object) -> list[Capture] | None:
    """Return the captures in a JSON array; None where the text is not an array of captures."""
    if text == "[]":
        return []
    try:
        entries = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(entries, list):
        return None
    captures = []
    for entry in entries:
        if not (isinstance(entry, dict) and entry.keys() == _FIELDS and is_capture(**entry)):
            return None
        captures.append(Capture(**entry))
    return captures


def is_text(text: str) -> bool:
    """Return whether a text can be written as UTF-8: it contains no surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
