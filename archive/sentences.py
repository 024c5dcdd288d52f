"""Translate sentences that were formatted in English: errors, verdicts, and their reasons.

An error may come from another process, and a verdict from the catalog: they are in English until
they are shown. `translated` finds the message that a sentence was formatted from, and translates
the message, and the values in it.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import islice

from archive.translation import Language, catalogue_of, current_language, messages_of

_PLACEHOLDER = re.compile(r"%\((\w+)\)[srd]")
#: A value at the end of a message, which is no reason.
_LAST = re.compile(r"(?<!: )%\((\w+)\)[srd]\.?\Z")
#: Letters of a message, without its values, that make it recognisable.
_FEWEST_LETTERS = 4
#: Characters of a sentence; a longer one has a foreign text in it, and is shown as it is.
_LONGEST = 4_000
#: The beginning of a value that follows another one without any words between them.
_SUFFIX = r" \(| in | and |; |, nor "
#: Clauses of a text; one with more is foreign.
_MOST_CLAUSES = 20
#: What separates sentences, clauses and items outside of parentheses, in English and in Chinese,
#: and at which of several separators a text is divided.
_SEPARATORS = (
    (re.compile(r"(?<=[.?]) +(?=[A-Z'`\d])"), "", 0),
    (re.compile(r"; (?![^(]*\))"), "；", -1),
    (re.compile(r": (?![^(]*\))"), "：", 0),
    (re.compile(r", (?![^(]*\))"), "，", 0),
)


def translated(sentence: str) -> str:
    """Return a sentence in the current language; unchanged where no message is known for it."""
    language = current_language()
    return sentence if language is Language.ENGLISH else _translated(sentence, language)


@lru_cache(maxsize=4096)
def _translated(text: str, language: Language) -> str:
    if " " not in text.strip() or len(text) > _LONGEST:
        return text  # a value, such as a name or a path
    clause = text.removesuffix(".")
    half = _whole(clause, language)
    if half is None:
        half = _in_parts(clause, language)
    if half == clause:
        return text
    return half.removesuffix("。") + ("。" if clause != text else "")


def _whole(clause: str, language: Language) -> str | None:
    """Translate a clause by the message that all of it was formatted from.

    Of several messages, that one is the outermost whose own words begin first.
    """
    catalogue = catalogue_of(language)
    for text in (clause, f"{clause}."):
        if (known := catalogue.gettext(text)) != text:
            return known
    matches = [
        (match, message)
        for pattern, message in _patterns(language)
        if (match := pattern.fullmatch(clause))
    ]
    if not matches:
        return None
    match, message = min(matches, key=lambda each: len(each[0]["_"]))
    if (last := _LAST.search(message)) and ": " in match[last[1]]:
        return None  # the reason behind the last value is a clause of its own
    values = {name: _translated(value, language) for name, value in match.groupdict().items()}
    return catalogue.gettext(message) % values


def _in_parts(text: str, language: Language) -> str:
    """Translate the parts of a text, or what follows its first word."""
    for separator, joint, which in _SEPARATORS:
        found = [*islice(separator.finditer(text), _MOST_CLAUSES)]
        if 0 < len(found) < _MOST_CLAUSES:
            parts = text[: found[which].start()], text[found[which].end() :]
            halves = tuple(_translated(part, language) for part in parts)
            if halves != parts:
                return joint.join(halves)
    if text.startswith(" (") and text.endswith(")"):
        return f"（{_translated(text[2:-1], language)}）"
    subject, _, predicate = text.partition(" ")
    if " " in predicate and (half := _whole(predicate, language)) is not None:
        return f"{subject} {half}"
    return text


@cache
def _patterns(language: Language) -> Sequence[tuple[re.Pattern[str], str]]:
    """Return the messages with values, and what matches them, the longest first."""
    found = []
    for message in messages_of(language):
        words = "".join(_PLACEHOLDER.split(message)[::2])
        if words != message and len(re.findall(r"\w", words)) >= _FEWEST_LETTERS:
            found.append((len(words), message))
    found.sort(reverse=True)
    return [(re.compile(_pattern(message), re.DOTALL), message) for _, message in found]


def _pattern(message: str) -> str:
    """Return a pattern for what is formatted from a message, without its full stop.

    It matches in linear time. Its group ``_`` is the text before the message's own words, which is
    no clause.
    """
    first, *rest = _PLACEHOLDER.split(message.replace("%%", "%").removesuffix("."))
    pattern = "(?P<_>)" + re.escape(first)
    begun = ""
    for number, (name, literal) in enumerate(zip(rest[::2], rest[1::2], strict=True)):
        value = f"(?P<{name}>.*{'?' if 2 * number + 2 < len(rest) else ''})"
        if not first and number == 0:
            value, pattern = f"(?P<_>(?P<{name}>(?:(?![;:] ).)*?))", ""
        elif begun:
            value = f"(?P<{name}>(?:(?:{_SUFFIX}).*{'?' if literal else ''})?)"
        elif f"(?P<{name}>" in pattern:
            value = f"(?P={name})"
        begun += value
        if literal:
            pattern, begun = f"{pattern}(?>{begun}{re.escape(literal)})", ""
    return pattern + begun
