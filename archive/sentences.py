"""Translate sentences that were formatted in English: errors, verdicts, and their reasons.

An error may come from another process, and a verdict from the catalog: they are in English until
they are shown. `translated` finds the message that a sentence was formatted from, and translates
the message, and the values in it.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from archive.translation import Language, catalogue_of, current_language, messages_of

_PLACEHOLDER = re.compile(r"%\((\w+)\)[srd]")
#: Letters of a message, without its values, that make it recognisable.
_FEWEST_LETTERS = 4
#: Characters of a sentence; a longer one has a foreign text in it, and is shown as it is.
_LONGEST = 4_000
#: The beginning of a value that follows another one without any words between them.
_SUFFIX = r" \(| in | and |; |, nor "
#: What separates sentences, clauses and items outside of parentheses, in English and in Chinese.
_SEPARATORS = (
    (re.compile(r"(?<=[.?]) +(?=[A-Z'`\d])"), ""),
    (re.compile(r"; (?![^(]*\))"), "；"),
    (re.compile(r": (?![^(]*\))"), "："),
    (re.compile(r", (?![^(]*\))"), "，"),
)


def translated(sentence: str) -> str:
    """Return a sentence in the current language; unchanged where no message is known for it."""
    language = current_language()
    return sentence if language is Language.ENGLISH else _translated(sentence, language)


@lru_cache(maxsize=4096)
def _translated(text: str, language: Language) -> str:
    if " " not in text.strip() or len(text) > _LONGEST:
        return text  # a value, such as a name or a path
    whole = _translated_whole(text, language)
    return _translated_parts(text, language) if whole is None else whole


def _translated_whole(text: str, language: Language) -> str | None:
    """Translate a text by the message that all of it was formatted from.

    Of several messages, that one is the outermost whose own words begin first.
    """
    catalogue = catalogue_of(language)
    if (known := catalogue.gettext(text)) != text:
        return known
    matches = [
        (match, message)
        for pattern, message in _patterns(language)
        if (match := pattern.fullmatch(text))
    ]
    if not matches:
        return None
    match, message = min(matches, key=lambda each: len(each[0]["_"]))
    values = {name: _translated(value, language) for name, value in match.groupdict().items()}
    return catalogue.gettext(message) % values


def _translated_parts(text: str, language: Language) -> str:
    """Translate all but the full stop of a text, its clauses, or what follows its first word."""
    clause = text.removesuffix(".")
    if clause != text and (half := _translated_whole(clause, language)) is not None:
        return f"{half}。"
    for separator, joint in _SEPARATORS:
        parts = separator.split(text)
        halves = [_translated(part, language) for part in parts] if len(parts) > 1 else parts
        if halves != parts:
            return joint.join(halves)
    subject, _, predicate = clause.partition(" ")
    if " " in predicate and (half := _translated_whole(predicate, language)) is not None:
        return f"{subject} {half}" + ("。" if clause != text else "")
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
    """Return a pattern for what is formatted from a message, which matches in linear time.

    Its group ``_`` is the text before the message's own words, which is no clause.
    """
    first, *rest = _PLACEHOLDER.split(message.replace("%%", "%"))
    pattern = "(?P<_>)" + re.escape(first)
    for number, (name, literal) in enumerate(zip(rest[::2], rest[1::2], strict=True)):
        value = f"(?P<{name}>.*?)"
        if 2 * number + 2 == len(rest):
            value = f"(?P<{name}>.*)"
        elif not literal:
            value = f"(?P<{name}>(?:(?!{_SUFFIX}).)*)"
        if not first and number == 0:
            value, pattern = f"(?P<_>(?P<{name}>(?:(?![;:] ).)*?))", ""
        elif f"(?P<{name}>" in pattern:
            value = f"(?P={name})"
        pattern += f"(?>{value}{re.escape(literal)})"
    return pattern
