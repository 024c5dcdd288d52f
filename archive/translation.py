"""Translate messages into the language of a reader or an operator.

Messages are written in English in the code and the templates. ``locale/zh.po`` has the Chinese
half of each; ``pytest tests/archive/test_translation.py --write-golden`` adds new messages to it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

CATALOGUES = Path(__file__).with_name("locale")


class Language(StrEnum):
    """The languages of the product, as in ``lang`` and ``Accept-Language``."""

    CHINESE = "zh"
    ENGLISH = "en"


_current: ContextVar[Language] = ContextVar("language", default=Language.ENGLISH)

_RANGE = re.compile(r"\s*([a-z]{2,3}|\*)(?:-[a-z0-9-]+)?\s*(?:;\s*q\s*=\s*([01](?:\.\d*)?)\s*)?")

# The variables that name the language of messages, the most important first.
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


def N_(message: str) -> str:
    """Return a message unchanged, and mark it as one that `gettext` translates later."""
    return message


def gettext(message: str, /, **values: object) -> str:
    """Return a message in the current language, with its ``%(name)s`` replaced by `values`.

    A percent sign of the message is doubled, as in Jinja's templates.
    """
    return current_catalogue().gettext(message) % values


def ngettext(singular: str, plural: str, number: int, /, **values: object) -> str:
    """Return one of two messages for a number, as `gettext` does; ``%(num)s`` is the number."""
    message = current_catalogue().ngettext(singular, plural, number)
    return message % {"num": number, **values}


def current_language() -> Language:
    """Return the current language of this task or thread; English unless one is set."""
    return _current.get()


def current_catalogue() -> NullTranslations:
    """Return the translations into the current language, with their placeholders."""
    return catalogue_of(_current.get())


def set_language(language: Language) -> None:
    """Set the language of this task or thread, and of the tasks that it starts later."""
    _current.set(language)


@contextmanager
def language(chosen: Language) -> Iterator[None]:
    """Set the current language for a block."""
    token = _current.set(chosen)
    try:
        yield
    finally:
        _current.reset(token)


def language_of(name: str) -> Language | None:
    """Return the language with a name such as ``zh``, ``zh_CN.UTF-8`` or ``en-GB``, if any."""
    primary = re.split(r"[-_.@]", name.strip().lower())[0]
    return Language(primary) if primary in list(Language) else None


def negotiate(accept_language: str) -> Language:
    """Return the language that a client prefers; Chinese for one that names neither.

    :param accept_language: value of the header; see RFC 9110, section 12.5.4.
    """
    qualities: dict[str, float] = {}
    for part in accept_language.lower().split(",")[:50]:
        if match := _RANGE.fullmatch(part):
            quality = min(1.0, float(match[2] or 1))
            qualities[match[1]] = max(quality, qualities.get(match[1], 0.0))
    anything = qualities.get("*", 0.0)
    best = max(Language, key=lambda each: qualities.get(each, anything))
    return best if qualities.get(best, anything) > 0 else Language.CHINESE


def language_of_environment(environment: Mapping[str, str]) -> Language:
    """Return the language that the variables of the environment name; English for others."""
    value = next((value for name in _VARIABLES if (value := environment.get(name))), "")
    return language_of(value) or Language.ENGLISH


@cache
def catalogue_of(language: Language) -> NullTranslations:
    """Return the translations into a language, with their placeholders."""
    if language is Language.ENGLISH:  # the language of the messages themselves
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, _read(language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def messages_of(language: Language) -> Sequence[str]:
    """Return the messages of the code that are translated into a language, without plurals."""
    return [
        each.id
        for each in _read(language)
        if isinstance(each.id, str) and any(path.endswith(".py") for path, _ in each.locations)
    ]


@cache
def _read(language: Language) -> Catalog:
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)
