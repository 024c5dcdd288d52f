"""Recognise answers with which a source refuses a visitor, by the signs that its declaration has.

The signs that all sites have in common are in `crawler.refusals`.
"""

from crawler.declarations.answers import Answer, json_in
from crawler.declarations.model import Declaration
from crawler.declarations.paths import PathError, find_all


def refused(declaration: Declaration, answer: Answer, text: str) -> str | None:
    """Return how an answer refuses, as the end of a sentence; None for all others.

    Words count in HTML alone, never in JSON, whose entries may write about them.
    """
    signs = declaration.refusal
    if answer.status in signs.statuses:
        return f"the source refuses with the status {answer.status}"
    if text.lstrip().startswith("<"):
        word = next((word for word in signs.words if word in text), None)
        return f"the source asks for a captcha ({word})" if word else None
    if signs.when:
        try:
            if any(find_all(json_in(text), signs.when)):
                return f"the source refuses ({signs.when})"
        except PathError:  # it is no JSON, which its reader reports
            return None
    return None
