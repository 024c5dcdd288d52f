"""Facts about the fields of a JSON answer, with the certainty of each.

A fact that a recorded answer shows has the mark `A`, one that several independent clients of the
interface agree on `B`, one that a single client shows `C`, and a guess `D`.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Any


class Mark(StrEnum):
    """How certain a fact is."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


@dataclass(frozen=True, slots=True)
class Deviation:
    """A fact that an answer contradicts.

    :param sentence: the difference, without a full stop.
    :param mark: the certainty of the fact.
    """

    sentence: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a value in a JSON answer.

    :param name: its name with the article, such as "a text".
    :param fits: a function that returns whether a value has the form.
    """

    name: str
    fits: Callable[[Any], bool]


def _is_time(template: str) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        try:
            return bool(datetime.strptime(value, template))  # noqa: DTZ007 (of Shanghai, and not stored)
        except (TypeError, ValueError):
            return False

    return fits


def _matches(pattern: str) -> Callable[[Any], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _is_json(value: Any) -> bool:
    try:
        return isinstance(json.loads(value), list) if isinstance(value, str) and value else False
    except (ValueError, RecursionError):
        return False


def exactly(value: object) -> Form:
    """Return the form of one value."""
    shown = json.dumps(value)
    return Form(shown, lambda given: type(given) is type(value) and given == value)


def one_of(*values: object) -> Form:
    """Return the form of any of some values."""
    forms = [exactly(value) for value in values]
    name = " or ".join(form.name for form in forms)
    return Form(name, lambda given: any(form.fits(given) for form in forms))


TEXT = Form("a text", lambda value: isinstance(value, str))
FILLED = Form(
    "a text that is not empty", lambda value: isinstance(value, str) and bool(value.strip())
)
NUMBER = Form("a number", lambda value: isinstance(value, int) and not isinstance(value, bool))
DIGITS = Form("digits in a text", _matches(r"\d+"))
CURSOR = Form("digits in a text, or an empty one", _matches(r"\d*"))
CODE = Form("a text of 15 to 20 digits", _matches(r"\d{15,20}"))
TIME = Form("a time such as 2026-09-19 01:09:08", _is_time("%Y-%m-%d %H:%M:%S"))
SLASHED_TIME = Form("a time such as 2026/09/19 01:09:08", _is_time("%Y/%m/%d %H:%M:%S"))
ADDRESS = Form("an address", _matches(r"https?://\S+"))
LIST = Form("a list", lambda value: isinstance(value, list))
ENTRIES = Form(
    "a list of objects",
    lambda value: isinstance(value, list) and all(isinstance(entry, dict) for entry in value),
)
SECURITIES = Form(
    "a list of texts such as 1.600519",
    lambda value: (
        isinstance(value, list)
        and all(isinstance(code, str) and re.fullmatch(r"\d+\.\S+", code) for code in value)
    ),
)
JSON_LIST = Form("a list as JSON in a text", _is_json)


@dataclass(frozen=True, slots=True)
class Fact:
    """A field of a JSON answer.

    :param path: names joined by dots; ``[]`` after the name of a list stands for each entry.
    :param everywhere: each entry has the field; otherwise at least one has it.
    """

    path: str
    form: Form
    mark: Mark
    everywhere: bool = True

    def deviations(self, answer: Any) -> Iterator[Deviation]:
        """Compare an answer with the fact."""
        parents, _, name = self.path.rpartition(".")
        holders = [holder for holder in values_at(answer, parents) if isinstance(holder, dict)]
        having = [holder[name] for holder in holders if name in holder]
        if len(having) < len(holders) and (self.everywhere or not having):
            without = [holder for holder in holders if name not in holder]
            share = f" in {len(without)} of {len(holders)} entries" if "[]" in self.path else ""
            alike = get_close_matches(name, without[0], n=1)
            there = f"; `{quoted(alike[0])}` is there" if alike else ""
            yield Deviation(f"`{self.path}` is missing{share}{there}", self.mark)
        wrong = [value for value in having if not self.form.fits(value)]
        if wrong:
            share = f" in {len(wrong)} of {len(having)} entries" if "[]" in self.path else ""
            yield Deviation(
                f"`{self.path}` is {_shown(wrong[0])}{share} in place of {self.form.name}",
                self.mark,
            )


def values_at(value: Any, path: str) -> list[Any]:
    """Return the values at a path; a path through lists has several."""
    found = [value]
    for name in filter(None, path.split(".")):
        bare = name.removesuffix("[]")
        found = [holder[bare] for holder in found if isinstance(holder, dict) and bare in holder]
        if bare != name:
            found = [entry for entries in found if isinstance(entries, list) for entry in entries]
    return found


def _shown(value: object) -> str:
    """Return a value of the answer, short and safe in a line of Markdown."""
    text = json.dumps(value, ensure_ascii=False)
    return f"`{quoted(text)}`"


def quoted(text: str, most: int = 60) -> str:
    """Return a text of an answer in one line, without the characters that end code or a cell."""
    line = " ".join(text.encode(errors="replace").decode().split())
    line = line.replace("`", "'").replace("|", "¦")
    return line if len(line) <= most else f"{line[:most]}…"
