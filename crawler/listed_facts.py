"""What a list states of an article that could not be archived, for the crawl that tries it again.

The list will have moved on by then, and the share API may not give title, time and media itself.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from pydantic import TypeAdapter, ValidationError

from archive.capture import Capture
from crawler.declarations import Entry
from crawler.pages.facts import Facts


@dataclass(frozen=True, slots=True)
class ListedFacts:
    """Facts of an article, and where the answer that gave them is stored."""

    facts: Facts
    captures: tuple[Capture, ...]

    def as_json(self, placed: Callable[[Iterable[Capture]], tuple[Capture, ...]]) -> str:
        """Write it for `of_json`.

        :param placed: a function that returns captures with the places where they are stored.
        """
        return _JSON.dump_json(replace(self, captures=placed(self.captures))).decode()

    @staticmethod
    def of_json(text: str) -> "ListedFacts | None":
        """Read what `as_json` wrote; None when another release of finews wrote it otherwise."""
        try:
            return _JSON.validate_json(text)
        except ValidationError:
            return None


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """The entry of an article in a list of a declared source, and where that answer is stored.

    :param source: the name of the declaration.
    :param list: the name of the list in it.
    :param address: of the page of the list.
    """

    source: str
    list: str
    address: str
    entry: Entry
    captures: tuple[Capture, ...]

    def as_json(self, placed: Callable[[Iterable[Capture]], tuple[Capture, ...]]) -> str:
        """Write it for `of_json`.

        :param placed: a function that returns captures with the places where they are stored.
        """
        return _ENTRY_JSON.dump_json(replace(self, captures=placed(self.captures))).decode()

    @staticmethod
    def of_json(text: str) -> "ListedEntry | None":
        """Read what `as_json` wrote; None where it is no such entry."""
        try:
            return _ENTRY_JSON.validate_json(text)
        except ValidationError:
            return None


_JSON = TypeAdapter(ListedFacts)
_ENTRY_JSON = TypeAdapter(ListedEntry)
