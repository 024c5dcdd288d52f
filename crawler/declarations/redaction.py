"""Remove from an answer what is never kept, because it is about readers or members of staff."""

import json
import re
from dataclasses import replace
from typing import Any

from crawler.declarations.answers import Answer, document_in, text_of
from crawler.declarations.formats import Format
from crawler.declarations.model import Declaration, Redaction
from crawler.declarations.paths import PathError


def redacted(declaration: Declaration, answer: Answer) -> Answer:
    """Return an answer without what its declaration says is never kept.

    The same answer comes back where there is nothing to remove, so that a capture can state
    whether it is what the source sent. So does one that cannot be decoded: nothing can be read
    in it.
    """
    redaction = declaration.redaction
    if not (redaction.keys or redaction.patterns):
        return answer
    try:
        text = text_of(answer)
    except PathError:
        return answer
    kept = _without_patterns(_without_keys(text, redaction), redaction)
    return answer if kept == text else replace(answer, body=kept.encode())


def _without_keys(text: str, redaction: Redaction) -> str:
    if not any(f'"{key}"' in text for key in redaction.keys):
        return text
    try:
        document = document_in(text, Format.JSON)
    except PathError:  # a page, which patterns are for
        return text
    if not _remove(document, frozenset(redaction.keys)):
        return text
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _remove(document: Any, keys: frozenset[str]) -> bool:
    """Remove keys at any depth, and report whether there were any."""
    removed = False
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            for key in keys & node.keys():
                del node[key]
                removed = True
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    return removed


def _without_patterns(text: str, redaction: Redaction) -> str:
    for pattern in redaction.patterns:
        text = re.sub(
            pattern, lambda match: match[0].replace(match[match.lastindex or 0], ""), text
        )
    return text
