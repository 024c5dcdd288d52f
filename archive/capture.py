"""Where a response is kept: the provenance of a version."""

import json
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A response in one of the archive's WARC files.

    :param file: name in ``warc/``, as it is when the file is finished.
    :param offset: of the record's gzip member, in bytes.
    :param fetched: ISO 8601, UTC; also the record's WARC-Date.
    """

    url: str
    file: str
    offset: int
    fetched: str


_FIELDS = {each.name for each in fields(Capture)}
_MOST = 2**63
"""Offsets are below it in SQLite."""


def is_capture(url: object, file: object, offset: object, fetched: object) -> bool:
    """Whether these can be the fields of a capture."""
    return (
        isinstance(url, str)
        and isinstance(file, str)
        and isinstance(fetched, str)
        and type(offset) is int
        and 0 <= offset < _MOST
        and "/" not in file
        and is_text(url + file + fetched)
    )


def captures_from(text: object) -> list[Capture] | None:
    """The captures in a JSON array; None where one of them is none, or all is something else."""
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
    """Whether it can be written as UTF-8, which surrogates cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
