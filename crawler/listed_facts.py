"""What a list states of an article that could not be archived, for the crawl that tries it again.

The list will have moved on by then, and the share API may not give title, time and media itself.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Self

from pydantic import TypeAdapter, ValidationError

from archive.capture import Capture
from crawler.declarations import Entry
from crawler.pages.facts import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """What a list states of an article, and where the answer that states it is stored."""

    captures: tuple[Capture, ...]

    def as_json(self, placed: Callable[[Iterable[Capture]], tuple[Capture, ...]]) -> str:
        """Write it for `of_json`.

        :param placed: a function that returns captures with the places where they are stored.
        """
        written = replace(self, captures=placed(self.captures))
        return _adapter(type(self)).dump_json(written).decode()

    @classmethod
    def of_json(cls, text: str) -> Self | None:
        """Read what `as_json` wrote; None when another class or release of finews wrote it."""
        try:
            listed: Self = _adapter(cls).validate_json(text)
        except ValidationError:
            return None
        return listed


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFacts(_Listed):
    """The facts of an article of Eastmoney's."""

    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEntry(_Listed):
    """The entry of an article in a list of a declared source.

    :param source: the name of the declaration.
    :param list: the name of the list in it.
    :param address: of the page of the list.
    """

    source: str
    list: str
    address: str
    entry: Entry


_adapter: Callable[[type], TypeAdapter[Any]] = cache(TypeAdapter)
