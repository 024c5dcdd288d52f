"""Names of securities, with the time in which each name was one's own."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from archive.content.securities import SECURITY_CODE, Security
from archive.errors import Refused

_SHORTEST, _LONGEST = 2, 20
_SECTOR = 90
_COLUMNS = ("code", "name", "since", "until")


class InvalidLexicon(Refused):
    """A file of names is wrong."""


@dataclass(frozen=True, slots=True)
class NamedSecurity:
    """A name of a security.

    :param since: the first day on which it had that name; None where it is not known.
    :param until: the last such day.
    """

    name: str
    market: int
    symbol: str
    since: date | None = None
    until: date | None = None

    def had_it_on(self, day: date | None) -> bool:
        """Report whether it had the name on a day, as far as that is known."""
        if day is None:
            return True
        return (self.since is None or self.since <= day) and (
            self.until is None or day <= self.until
        )


class Lexicon:
    """Names of securities that a text can be searched for."""

    def __init__(self, names: Iterable[NamedSecurity] = ()) -> None:
        self._by_name: dict[str, list[NamedSecurity]] = defaultdict(list)
        self._by_symbol: dict[str, set[int]] = defaultdict(set)
        self._name_of: dict[tuple[int, str], str] = {}
        self._by_beginning: dict[str, list[str]] = defaultdict(list)
        for one in dict.fromkeys(names):
            if _SHORTEST <= len(one.name) <= _LONGEST and one.market != _SECTOR:
                if one.name not in self._by_name:
                    self._by_beginning[one.name[:_SHORTEST]].append(one.name)
                self._by_name[one.name].append(one)
                self._by_symbol[one.symbol].add(one.market)
                self._name_of[one.market, one.symbol] = one.name
        for beginning in self._by_beginning.values():
            beginning.sort(key=len, reverse=True)

    def __len__(self) -> int:
        return len(self._by_name)

    def __iter__(self) -> Iterator[NamedSecurity]:
        for names in self._by_name.values():
            yield from names

    def named(self, name: str, day: date | None = None) -> Security | None:
        """Return the security that alone had a name on a day; None where none or several had."""
        found = {
            (one.market, one.symbol) for one in self._by_name.get(name, ()) if one.had_it_on(day)
        }
        return Security(*found.pop(), name) if len(found) == 1 else None

    def name_at(self, text: str, place: int) -> str | None:
        """Return the longest name that a text has at a place."""
        names = self._by_beginning.get(text[place : place + _SHORTEST], ())
        return next((name for name in names if text.startswith(name, place)), None)

    def name_of(self, market: int, symbol: str) -> str | None:
        """Return the name of a security that came last; None where it has none here."""
        return self._name_of.get((market, symbol))

    def market_of(self, symbol: str) -> int | None:
        """Return the only market that has a symbol; None where none or several have."""
        markets = self._by_symbol.get(symbol, set())
        return next(iter(markets)) if len(markets) == 1 else None

    def completed(self, path: Path | None) -> "Lexicon":
        """Return a lexicon that has the names in a CSV file, too; the same without a file.

        :raises InvalidLexicon: when the file is wrong.
        """
        return Lexicon((*self, *read_lexicon(path))) if path else self

    @classmethod
    def learnt(cls, marked_up: Iterable[tuple[Security, date]]) -> "Lexicon":
        """Learn names from mark-up, each from the first to the last day on which it was met.

        :param marked_up: securities with the names in their mark-up, and the day of the article.
        """
        days: dict[tuple[str, int, str], list[date]] = defaultdict(list)
        for security, day in marked_up:
            if security.name:
                days[security.name, security.market, security.symbol].append(day)
        holders: dict[str, set[tuple[int, str]]] = defaultdict(set)
        for name, market, symbol in days:
            holders[name].add((market, symbol))
        return cls(
            # An only holder may have had the name always.
            NamedSecurity(*key, *((min(met), max(met)) if len(holders[key[0]]) > 1 else ()))
            for key, met in days.items()
        )


def read_lexicon(path: Path) -> Iterator[NamedSecurity]:
    """Read names from a CSV file with the columns code, name, since and until.

    :raises InvalidLexicon: when it has others, or a line is wrong.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if not {"code", "name"} <= set(rows.fieldnames or ()) <= set(_COLUMNS):
            raise InvalidLexicon(f"{path} should have the columns {', '.join(_COLUMNS)}.")
        for row in rows:
            yield _named_in(row, path, rows.line_num)


def _named_in(row: Mapping[str, str | None], path: Path, line: int) -> NamedSecurity:
    code = SECURITY_CODE.fullmatch((row["code"] or "").strip())
    name = (row["name"] or "").strip()
    if not code or not name:
        raise InvalidLexicon(
            f"{path}, line {line}: code should be a market and a symbol, such as 1.600519, "
            "and name should not be empty."
        )
    since, until = (_day(row.get(column), path, line) for column in ("since", "until"))
    return NamedSecurity(name, int(code["market"]), code["symbol"], since, until)


def _day(text: str | None, path: Path, line: int) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text and text.strip() else None
    except ValueError:
        raise InvalidLexicon(
            f"{path}, line {line}: since and until should be days such as 2021-12-29, "
            f"and {text!r} is none."
        ) from None
