"""Read what revisits found, and which articles they may request next."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from archive.catalog.events import PUBLISHERS
from archive.revisits import Candidate, RevisitedArticle
from archive.storage import named_rows

#: Days of observations from which edits are learnt.
_LEARNT_FROM = 30

#: Columns of ``posts`` for `candidates_of`; ages are in hours since the publication, or since the
#: arrival of an article that is dated ahead.
FACTS = """
    info_code, source, media, substr(published, 12, 2) / 4 AS part_of_day,
    coalesce(category = 'emnews', 0) OR flags LIKE '%"important"%' AS breaking,
    (julianday(checked) - min(julianday(published), julianday(first_seen))) * 24 AS age_checked,
    (julianday(:now) - min(julianday(published), julianday(first_seen))) * 24 AS age_now
"""

_REVISITED = f"""
    SELECT {FACTS}, min(julianday(published), julianday(first_seen)) AS born,
        (julianday(first_seen) - min(julianday(published), julianday(first_seen))) * 24 AS arrived
    FROM posts
    WHERE published >= datetime(:now, '-{_LEARNT_FROM} days') AND checked > first_seen
    AND age_checked > arrived ORDER BY id
"""  # noqa: S608 (our own columns)
_EDITS = f"""
    SELECT info_code, julianday(at) FROM events
    WHERE {PUBLISHERS} AND event <> 'returned' ORDER BY info_code, at
"""  # noqa: S608


@dataclass(slots=True)
class RevisitQueue:
    """The revisits of a source that are due.

    :param edits: that they are expected to find, by what earlier ones found.
    """

    articles: int = 0
    edits: float = 0.0

    def add(self, edits: float) -> None:
        """Count a revisit."""
        self.articles += 1
        self.edits += edits


def read_revisited(connection: sqlite3.Connection, now: str) -> Iterator[RevisitedArticle]:
    """Yield what revisits found of the articles of the last days.

    :param now: ISO 8601, UTC.
    """
    edits: defaultdict[str, list[float]] = defaultdict(list)
    for info_code, day in connection.execute(_EDITS):
        edits[info_code].append(day)
    for row in named_rows(connection, _REVISITED, now=now):
        edited = [(day - row["born"]) * 24 for day in edits.get(row["info_code"], ())]
        yield RevisitedArticle(_groups_of(row), row["arrived"], row["age_checked"], edited)


def candidates_of(rows: Iterable[sqlite3.Row]) -> list[Candidate]:
    """Return the articles of rows with the columns `FACTS`, in their order."""
    return [
        Candidate(row["info_code"], _groups_of(row), row["age_checked"], row["age_now"])
        for row in rows
    ]


def _groups_of(row: sqlite3.Row) -> tuple[str, ...]:
    kinds = ("source", "media", "part_of_day", "breaking")
    return tuple(f"{kind} {row[kind]}" for kind in kinds)
