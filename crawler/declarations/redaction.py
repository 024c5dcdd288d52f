"""Remove from an answer what is never stored, because it is about readers or members of staff."""

import json
import re
from dataclasses import replace
from typing import Any

from archive.capture import is_text
from crawler.declarations.answers import Answer, decoded, document_in
from crawler.declarations.formats import Format
from crawler.declarations.model import Declaration, Redaction
from crawler.declarations.paths import PathError, objects_in


def redacted(declaration: Declaration, answer: Answer) -> Answer:
    """Return an answer without what its declaration excludes from storage.

    The same answer comes back where there is nothing to remove, so that a capture can state
    whether it is what the source sent. So does one that cannot be decoded: nothing can be read
    in it.
    """
    if not declaration.redaction.removes_anything:
        return answer
    try:
        text, encoding = decoded(answer)
    except PathError:
        return answer
    written = _without_keys(text, declaration.redaction)
    if written != text:
        encoding = "utf-8"
    kept = _without_patterns(written, declaration.redaction)
    return answer if kept == text else replace(answer, body=kept.encode(encoding))


def storable(declaration: Declaration, answer: Answer) -> Answer:
    """Return an answer as it may be stored: redacted, or without a body where that is not sure.

    It is not sure of text that cannot be decoded, nor of JSON with a key to remove that cannot be
    parsed, such as one that is cut off.
    """
    kept = redacted(declaration, answer)
    if kept.body and declaration.redaction.removes_anything and not _is_sure(declaration, kept):
        return replace(kept, body=b"")
    return kept


def _is_sure(declaration: Declaration, kept: Answer) -> bool:
    try:
        text, _ = decoded(kept)
    except PathError:
        return False
    if text.lstrip().startswith("<") or not _names_a_key(text, declaration.redaction):
        return True
    try:
        document_in(text, Format.JSON)
    except PathError:
        return False
    return True


def _names_a_key(text: str, redaction: Redaction) -> bool:
    return any(f'"{key}"' in text for key in redaction.keys)


def _without_keys(text: str, redaction: Redaction) -> str:
    if not _names_a_key(text, redaction):
        return text
    try:
        document = document_in(text, Format.JSON)
    except PathError:  # a page, which patterns are for
        return text
    if not _remove(document, frozenset(redaction.keys)):
        return text
    written = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return written if is_text(written) else json.dumps(document, separators=(",", ":"))


def _remove(document: Any, keys: frozenset[str]) -> bool:
    """Remove keys at any depth, and report whether there were any."""
    removed = False
    for node in objects_in(document):
        for key in keys & node.keys():
            del node[key]
            removed = True
    return removed


def _without_patterns(text: str, redaction: Redaction) -> str:
    for pattern in redaction.patterns:
        text = re.sub(
            pattern, lambda match: match[0].replace(match[match.lastindex or 0], ""), text
        )
    return text
