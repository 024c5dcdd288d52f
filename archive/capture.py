"""The capture: the place of a stored response, and so the provenance of a version."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

_Text = Annotated[str, Field(strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """The place of a response in one of the archive's WARC files.

    :param url: that was requested.
    :param file: name of the finished file in ``warc/``.
    :param offset: of the record's gzip member, in bytes; SQLite stores no larger integers.
    :param fetched: time of the response, ISO 8601, UTC; also the record's WARC-Date.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    url: _Text
    file: Annotated[_Text, Field(pattern=r"^[^/]*$")]
    offset: Annotated[int, Field(strict=True, ge=0, lt=2**63)]
    fetched: _Text


_CAPTURE, _CAPTURES = TypeAdapter(Capture), TypeAdapter(list[Capture])


def is_capture(values: object) -> bool:
    """Return whether values by name can be the fields of a capture."""
    try:
        _CAPTURE.validate_python(values)
    except ValidationError:
        return False
    return True


def captures_from(text: object) -> list[Capture] | None:
    """Return the captures in a JSON array; None where the text is not an array of captures."""
    try:
        return _CAPTURES.validate_json(text) if isinstance(text, str) else None
    except ValueError:  # a text with surrogates is none, either
        return None


def is_text(text: str) -> bool:
    """Return whether a text can be written as UTF-8: it contains no surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
