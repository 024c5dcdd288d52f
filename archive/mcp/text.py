"""Write answers as compact text for agents, with everything that others wrote as quotations."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape

from pydantic import BaseModel

from archive.errors import shortened

# Characters of a quotation that is no body, and entries of a list.
_MOST_CHARACTERS, _MOST_ENTRIES = 300, 100

# Fields that the archive writes itself, and what they may contain; all other texts are quotations.
_OWN_FIELDS = frozenset(
    """
    id edition cause event sha256 path file precision source body_source body_format code day field
    fetched next
    """.split()  # noqa: SIM905
)
_OWN_TEXT = re.compile(r"[A-Za-z0-9:/+.~_-]*")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def as_text(answer: BaseModel) -> str:
    """Return an answer as text: a line for each field, and for each entry of a list.

    What sources wrote is between ``<quoted>`` and ``</quoted>``. In it, ``&``, ``<`` and ``>`` are
    escaped as in XML, so that no article can end its quotation.
    """
    return "\n".join(_lines(answer))


def _lines(answer: BaseModel) -> Iterator[str]:
    for name, value in _stated(answer):
        if isinstance(value, list):
            yield f"{name}:"
            yield from (f"- {_text(name, entry)}" for entry in value[:_MOST_ENTRIES])
            if len(value) > _MOST_ENTRIES:
                yield f"- {len(value) - _MOST_ENTRIES} more; ask for less"
        else:
            yield f"{name}: {_text(name, value)}"


def _stated(model: BaseModel) -> Iterator[tuple[str, object]]:
    """Yield the fields that have a value."""
    return ((name, value) for name, value in model if value not in (None, "", [], False))


def _text(name: str, value: object) -> str:
    if isinstance(value, BaseModel):
        return "; ".join(f"{field} {_text(field, each)}" for field, each in _stated(value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{' | '.join(_text(name, each) for each in value[:_MOST_ENTRIES])}]"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    text = str(value)
    if not isinstance(value, str) or (name in _OWN_FIELDS and _OWN_TEXT.fullmatch(text)):
        return text
    if name != "body":
        text = shortened(text, _MOST_CHARACTERS)
    return f"<quoted>{escape(_CONTROL.sub(' ', text), quote=False)}</quoted>"
