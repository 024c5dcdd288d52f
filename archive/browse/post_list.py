"""Read pages of posts, newest first, as cards."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Self

from archive.search import (
    EVERYTHING,
    MOST_RANKED,
    Hit,
    Query,
    count_by_month,
    find,
    find_relevant,
    latest_publication,
    moment_of,
    names_meant,
    snippet,
)

#: Number of posts on a page.
PAGE = 20

#: Characters of an excerpt.
_SNIPPET = 100

#: Characters at the beginning of a text that are searched for hits to mark.
_MAX_SEARCHED = 100_000

#: Pieces of a text, each with whether it is a hit.
Marked = Sequence[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Card:
    """A post in a list.

    :param known: since when, and until when, it was the present version; None where all cards show
        versions of one time.
    """

    id: int
    info_code: str
    title: Marked
    published: str
    precision: str
    media: str | None
    excerpt: Marked
    version: int
    gone: str | None
    known: tuple[str, str | None] | None = None

    @property
    def day(self) -> str:
        """The date of publication."""
        return self.published[:10]


@dataclass(frozen=True, slots=True)
class ListPosition:
    """The position where a page of a list begins: after or before a post, or the last page."""

    after: Hit | None = None
    before: Hit | None = None
    last: bool = False

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> Self:
        """Return the position that an address names; the first page for an invalid one."""
        return cls(
            after=_parse_hit(arguments.get("after")),
            before=_parse_hit(arguments.get("before")),
            last=arguments.get("page") == "last",
        )


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    :param days: days of publication, each with its cards.
    :param newer: parameters of the page with newer posts; None on the first page.
    :param older: parameters of the page with older posts; None on the last page.
    """

    days: Sequence[tuple[str, Sequence[Card]]]
    newer: Mapping[str, str] | None
    older: Mapping[str, str] | None

    @property
    def cards(self) -> list[Card]:
        """All cards of the page, in order."""
        return [card for _, cards in self.days for card in cards]


def without_future(query: Query, until: str) -> Query:
    """Return a query without posts dated in the future; see `archive.catalog.future_dates`.

    A query for a month or a day is returned unchanged.
    """
    if query.month or query.day:
        return query
    return query.changed(until=min(query.until or until, until))


def read_page(
    connection: sqlite3.Connection, query: Query, position: ListPosition, until: str
) -> Page:
    """Return the page of a list that begins at `position`.

    :param until: latest publication time; see `archive.catalog.future_dates`.
    """
    backwards = position.last or position.before is not None
    found = find(
        connection,
        without_future(query, until),
        after=position.before if backwards else position.after,
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
    has_newer = more if backwards else position.after is not None
    has_older = not position.last if backwards else more
    cards = read_cards(connection, [hit.id for hit in found], query)
    return Page(
        [(day, list(of_day)) for day, of_day in groupby(cards, key=lambda card: card.day)],
        {"before": newest} if has_newer else None,
        {"after": oldest} if has_older else None,
    )


def read_relevant(
    connection: sqlite3.Connection, query: Query, until: str, newest_first: bool
) -> list[Card]:
    """Return the cards of the most relevant posts of a query, the best first.

    :param until: latest publication time; see `archive.catalog.future_dates`.
    :param newest_first: see `archive.search.find_relevant`.
    """
    query_until = without_future(query, until)
    hits = find_relevant(connection, query_until, limit=MOST_RANKED, newest_first=newest_first)
    return read_cards(connection, [hit.id for hit in hits], query)


def _parse_hit(text: str | None) -> Hit | None:
    published, _, post = (text or "").rpartition("~")
    if not published or not (post.isascii() and post.isdigit()) or len(post) > 18:
        return None
    return Hit(published, int(post))


def read_cards(
    connection: sqlite3.Connection, ids: Sequence[int], query: Query = EVERYTHING
) -> list[Card]:
    """Return the cards of posts in the order of `ids`, with the hits of `query` marked.

    :param query: whose hits they are.
    """
    known = ""
    if query.every_version:
        known = ", known_from, iif(known_until <= :as_of, known_until, NULL) AS known_until"
    rows = connection.execute(
        f"""
        SELECT id, info_code, title, published, precision, media, digest, version, gone,
            substr(text, 1, {_MAX_SEARCHED}) AS text {known}
        FROM {query.tables.rows} WHERE id IN (SELECT value FROM json_each(:ids))
        """,  # noqa: S608 (a number and our own names)
        {"ids": json.dumps(list(ids)), "as_of": moment_of(query.as_of) if query.as_of else "~"},
    )
    names = list(chain.from_iterable(names_meant(connection, query.q).values()))
    cards = {
        row["id"]: card_of(
            row,
            query.q,
            names,
            (row["known_from"], row["known_until"]) if query.every_version else None,
        )
        for row in rows
    }
    return [cards[post] for post in ids if post in cards]


def card_of(
    row: sqlite3.Row,
    query: str = "",
    names: Sequence[str] = (),
    known: tuple[str, str | None] | None = None,
) -> Card:
    """Return the card of a row of ``posts``, with the hits of `query` marked.

    :param names: of securities whose codes or initials are terms of `query`; marked as well.
    :param known: see `Card`.
    """
    return Card(
        id=row["id"],
        info_code=row["info_code"],
        title=_marked(row["title"], query, names),
        published=row["published"],
        precision=row["precision"],
        media=row["media"],
        excerpt=_excerpt(row, query, names),
        version=row["version"],
        gone=row["gone"],
        known=known,
    )


def _marked(text: str, query: str, names: Sequence[str]) -> Marked:
    return snippet(text, query, None, names) if query else ((text, False),)


def _excerpt(row: sqlite3.Row, query: str, names: Sequence[str]) -> Marked:
    if query:
        return snippet((row["text"] or "")[:_MAX_SEARCHED], query, _SNIPPET, names)
    beginning = " ".join((row["digest"] or (row["text"] or "")[: 2 * _SNIPPET]).split())
    return ((beginning[:_SNIPPET] + "…" * (len(beginning) > _SNIPPET), False),)


def read_future(connection: sqlite3.Connection, query: Query, until: str) -> list[tuple[str, int]]:
    """Return the months of the posts that are dated after `until`, each with its number of posts.

    `read_page` leaves these posts out.
    """
    if query.month or query.day or (query.until and query.until <= until):
        return []
    future = query.changed(since=max(query.since, until))
    is_any = latest_publication(connection, query) >= future.since
    return count_by_month(connection, future) if is_any else []
