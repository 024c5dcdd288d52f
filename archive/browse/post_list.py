"""Lists of posts: one page of cards, newest first."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Self

from archive.search import Hit, Query, count_by_month, find
from archive.search.snippet import snippet

PAGE = 20
_SNIPPET = 100
_MOST_CHARACTERS = 100_000
"""Of a text that hits are looked for in, to be shown."""

Marked = Sequence[tuple[str, bool]]
"""Pieces of text, and whether each is a hit."""


@dataclass(frozen=True, slots=True)
class Card:
    """A post in a list."""

    info_code: str
    title: Marked
    published: str
    media: str | None
    excerpt: Marked
    version: int
    gone: str | None

    @property
    def day(self) -> str:
        """The date of publication."""
        return self.published[:10]


@dataclass(frozen=True, slots=True)
class ListPosition:
    """Where a page of a list begins: after or before a post, or at the list's end."""

    after: Hit | None = None
    before: Hit | None = None
    last: bool = False

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> Self:
        """Read an address; one that makes no sense is the first page."""
        return cls(
            after=_position(arguments.get("after")),
            before=_position(arguments.get("before")),
            last=arguments.get("page") == "last",
        )


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    :param days: the cards by day of publication.
    :param newer: parameters of the page with newer posts; None on the first.
    :param older: of the page with older ones; None on the last.
    """

    days: Sequence[tuple[str, Sequence[Card]]]
    newer: Mapping[str, str] | None
    older: Mapping[str, str] | None

    @property
    def cards(self) -> list[Card]:
        """All cards in order."""
        return [card for _, cards in self.days for card in cards]


def believed(query: Query, until: str) -> Query:
    """Return a query without posts that are dated ahead; see `archive.catalog.future_dates`.

    A query for a month or a day keeps all that are dated so.
    """
    if query.month or query.day:
        return query
    return query.changed(until=min(query.until or until, until))


def read_page(
    connection: sqlite3.Connection, query: Query, place: ListPosition, until: str
) -> Page:
    """Return the page of a list that begins at `place`.

    :param until: posts that are dated later are left out; see `archive.catalog.future_dates`.
    """
    backwards = place.last or place.before is not None
    found = find(
        connection,
        believed(query, until),
        after=place.before if backwards else place.after,
        limit=PAGE + 1,
        oldest_first=backwards,
    )
    more = len(found) > PAGE
    found = found[:PAGE]
    if backwards:
        found.reverse()
    if not found:
        return Page((), None, None)
    newest, oldest = (f"{hit.published}~{hit.id}" for hit in (found[0], found[-1]))
    has_newer = more if backwards else place.after is not None
    has_older = not place.last if backwards else more
    cards = read_cards(connection, [hit.id for hit in found], query.q)
    return Page(
        [(day, list(of_day)) for day, of_day in groupby(cards, key=lambda card: card.day)],
        {"before": newest} if has_newer else None,
        {"after": oldest} if has_older else None,
    )


def _position(text: str | None) -> Hit | None:
    published, _, post = (text or "").rpartition("~")
    if not published or not (post.isascii() and post.isdigit()) or len(post) > 18:
        return None
    return Hit(published, int(post))


def read_cards(connection: sqlite3.Connection, ids: Sequence[int], query: str = "") -> list[Card]:
    """The cards of posts in the order of `ids`, with the hits of `query` marked."""
    rows = connection.execute(
        f"""
        SELECT id, info_code, title, published, media, digest, version, gone,
            substr(text, 1, {_MOST_CHARACTERS}) AS text
        FROM posts WHERE id IN ({", ".join("?" * len(ids))})
        """,  # noqa: S608 (question marks and a number)
        ids,
    )
    cards = {row["id"]: card_of(row, query) for row in rows}
    return [cards[post] for post in ids if post in cards]


def card_of(row: sqlite3.Row, query: str = "") -> Card:
    """The card of a row of ``posts``."""
    return Card(
        info_code=row["info_code"],
        title=_marked(row["title"], query),
        published=row["published"],
        media=row["media"],
        excerpt=_excerpt(row, query),
        version=row["version"],
        gone=row["gone"],
    )


def _marked(text: str, query: str) -> Marked:
    return snippet(text, query, None) if query else ((text, False),)


def _excerpt(row: sqlite3.Row, query: str) -> Marked:
    if query:
        return snippet(row["text"][:_MOST_CHARACTERS], query, _SNIPPET)
    beginning = " ".join((row["digest"] or row["text"][: 2 * _SNIPPET]).split())
    return ((beginning[:_SNIPPET] + "…" * (len(beginning) > _SNIPPET), False),)


def read_future(connection: sqlite3.Connection, query: Query, until: str) -> list[tuple[str, int]]:
    """Return the months of the posts that a list leaves out because they are dated after `until`,
    and how many there are of each."""
    if query.month or query.day or (query.until and query.until <= until):
        return []
    return count_by_month(connection, query.changed(since=max(query.since, until)))
