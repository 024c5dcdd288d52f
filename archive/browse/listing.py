"""Lists of posts: one page of cards, newest first, and the facets beside it.

A page is found from the post that it follows, never by counting rows, so the last one costs what
the first does. Facets look at the newest `SAMPLE` posts of a list at most.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Self

from archive.browse.chart import months_between
from archive.browse.selection import Hits, Selection
from archive.snippet import snippet

PAGE = 20
SAMPLE = 5_000
_SNIPPET = 100
_FACET_VALUES = 12
_MOST_MONTHS = 1_200
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
class Place:
    """Where a page of a list begins: after or before a post, or at the list's end."""

    after: tuple[str, int] | None = None
    before: tuple[str, int] | None = None
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


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value that posts of a list have, and how many of them."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Facet:
    """One way to narrow a list.

    :param name: the parameter of the selection.
    :param sampled: the counts are of the newest `SAMPLE` posts only.
    """

    name: str
    values: Sequence[FacetValue]
    sampled: bool = False


def believed(selection: Selection, hits: Hits) -> tuple[str, ...]:
    """The condition, with the parameter ``until``, on the posts of a list. A list of a month or a
    day has all that are dated so."""
    return () if selection.month or selection.day else (f"{hits.published} <= :until",)


def read_page(
    connection: sqlite3.Connection, selection: Selection, place: Place, until: str
) -> Page:
    """The page of `selection` that begins at `place`.

    :param until: posts that are dated later are left out; see `archive.browse.horizon`.
    """
    backwards = place.last or place.before is not None
    hits = selection.hits(connection)
    position = place.before if backwards else place.after
    order, comparison = ("ASC", ">") if backwards else ("DESC", "<")
    beyond = f"({hits.published}, p.id) {comparison} (:published, :id)" if position else "true"
    published, post = position or ("", 0)
    found = connection.execute(
        f"""
        SELECT p.id, {hits.published} FROM {hits.tables}
        {hits.where(beyond, *believed(selection, hits))}
        ORDER BY {hits.published} {order}, p.id {order} LIMIT {PAGE + 1}
        """,  # noqa: S608 (made of our own words; what visitors say is in the parameters)
        {**hits.parameters, "published": published, "id": post, "until": until},
    ).fetchall()
    more = len(found) > PAGE
    found = found[:PAGE]
    if backwards:
        found.reverse()
    if not found:
        return Page((), None, None)
    newest, oldest = (f"{row[1]}~{row[0]}" for row in (found[0], found[-1]))
    has_newer = more if backwards else position is not None
    has_older = not place.last if backwards else more
    cards = read_cards(connection, [row[0] for row in found], selection.q)
    return Page(
        [(day, list(of_day)) for day, of_day in groupby(cards, key=lambda card: card.day)],
        {"before": newest} if has_newer else None,
        {"after": oldest} if has_older else None,
    )


def _position(text: str | None) -> tuple[str, int] | None:
    published, _, post = (text or "").rpartition("~")
    if not published or not (post.isascii() and post.isdigit()) or len(post) > 18:
        return None
    return published, int(post)


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


def count(connection: sqlite3.Connection, selection: Selection) -> int:
    """How many posts a list has."""
    hits = selection.hits(connection)
    (posts,) = connection.execute(f"SELECT count(*) {hits.counted}", hits.parameters).fetchone()
    return int(posts)


def read_future(
    connection: sqlite3.Connection, selection: Selection, until: str
) -> list[tuple[str, int]]:
    """The months of the posts that a list leaves out because they are dated after `until`, and how
    many there are of each."""
    hits = selection.hits(connection)
    if not believed(selection, hits):
        return []
    rows = connection.execute(
        f"""
        SELECT substr({hits.published}, 1, 7) AS month, count(*)
        FROM {hits.tables} {hits.where(f"{hits.published} > :until")} GROUP BY month ORDER BY month
        """,  # noqa: S608 (made of our own words; what visitors say is in the parameters)
        {**hits.parameters, "until": until},
    )
    return [(row[0], row[1]) for row in rows]


def read_facets(connection: sqlite3.Connection, selection: Selection) -> list[Facet]:
    """The facets of a list; those that leave no choice are left out."""
    hits = selection.hits(connection)
    newest = f"""
        SELECT p.id FROM {hits.tables} {hits.where()}
        ORDER BY {hits.published} DESC, p.id DESC LIMIT {SAMPLE}
    """  # noqa: S608 (made of our own words; what visitors say is in the parameters)
    rows = connection.execute(
        f"""
        SELECT substr(published, 1, 7), media, body_source, info_code
        FROM posts INDEXED BY posts_facts WHERE id IN ({newest})
        """,  # noqa: S608
        hits.parameters,
    ).fetchall()
    sampled = len(rows) == SAMPLE
    months, media, sources = (Counter(row[column] for row in rows) for column in range(3))
    securities = connection.execute(
        f"""
        SELECT code, coalesce(name, symbol), mentioned FROM (
            SELECT security, count(*) AS mentioned FROM mentions
            WHERE info_code IN (SELECT value FROM json_each(?))
            GROUP BY security ORDER BY mentioned DESC, security LIMIT {_FACET_VALUES}
        ) JOIN securities ON code = security ORDER BY mentioned DESC, code
        """,  # noqa: S608
        [json.dumps([row["info_code"] for row in rows])],
    ).fetchall()
    counted = _months(connection, hits) if sampled and not selection.q else None
    months = months if counted is None else counted
    facets = (
        Facet("month", _newest_first(months), sampled and counted is None),
        Facet("media", _most_common(media), sampled),
        Facet("security", [FacetValue(*row) for row in securities], sampled),
        Facet("source", _most_common(sources), sampled),
    )
    chosen = selection.parameters
    return [facet for facet in facets if len(facet.values) > 1 or facet.name in chosen]


def _months(connection: sqlite3.Connection, hits: Hits) -> Counter[str] | None:
    """Months and their posts, which an index has; None where wrong dates make too many of them.

    SQLite counts a stretch of an index far faster than it groups one.
    """
    source = f"FROM {hits.tables} {hits.where()}"
    first, last = connection.execute(
        f"SELECT (SELECT min({hits.published}) {source}), (SELECT max({hits.published}) {source})",
        hits.parameters,
    ).fetchone()
    labels = months_between(first, last)
    if len(labels) > _MOST_MONTHS:
        return None
    of_month = f"{hits.published} BETWEEN month.value AND month.value || '~'"
    posts = connection.execute(
        f"""
        SELECT value, (SELECT count(*) FROM {hits.tables} {hits.where(of_month)})
        FROM json_each(:months) month
        """,  # noqa: S608
        {**hits.parameters, "months": json.dumps(labels)},
    )
    return Counter({month: number for month, number in posts if number})


def _newest_first(months: Counter[str]) -> list[FacetValue]:
    return [FacetValue(month, month, posts) for month, posts in sorted(months.items())[::-1]]


def _most_common(values: Counter[str | None]) -> list[FacetValue]:
    return [
        FacetValue(value, value, posts)
        for value, posts in values.most_common(_FACET_VALUES + 1)
        if value is not None
    ][:_FACET_VALUES]
