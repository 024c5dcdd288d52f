"""Which posts a list shows: a search, a media, a security, a stretch of time, or all of these."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Self
from urllib.parse import urlencode

from archive.grams import match_expression

_LONGEST = 200
"""Characters of a parameter that are looked at."""
_FREQUENT = 20
"""A search that one post in this many matches is frequent."""
_MATCHING = "FROM posts_search WHERE posts_search MATCH :q"
_MATCHES = f"SELECT rowid {_MATCHING}"
_NAMING = "SELECT info_code FROM mentions WHERE security = :security"
NAMES_SECURITY = f"info_code IN ({_NAMING})"
"""Condition on ``posts``, with the parameter ``security``."""
BY_SECURITY = "_security"
"""Parameter of Datasette's own pages of posts. Its ``_through`` would do, if it did not give its
SQL parameter the name of another filter's."""


@dataclass(frozen=True, slots=True)
class Hits:
    """The posts of a selection in SQL.

    :param tables: what follows FROM; posts are named ``p``.
    :param conditions: joined with AND.
    :param published: the column to sort by; the one whose index leads to the posts.
    """

    tables: str
    conditions: tuple[str, ...]
    published: str
    parameters: Mapping[str, str]

    @property
    def counted(self) -> str:
        """What follows SELECT where they are only counted; the search's index alone can do that."""
        only_searched = self.parameters.keys() == {"q"}
        return _MATCHING if only_searched else f"FROM {self.tables} {self.where()}"

    def where(self, *more: str) -> str:
        """The conditions and `more` as a WHERE clause; empty where there are none."""
        conditions = (*self.conditions, *more)
        return f"WHERE {' AND '.join(conditions)}" if conditions else ""


@dataclass(frozen=True, slots=True)
class Selection:
    """Parameters of a list as its address has them; an empty one does not restrict.

    :param q: words, as typed into the search box.
    :param month: such as ``2021-12``.
    :param day: such as ``2021-12-29``.
    :param source: where the body came from.
    """

    q: str = ""
    media: str = ""
    security: str = ""
    month: str = ""
    day: str = ""
    source: str = ""

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> Self:
        """Read the parameters of an address; others are passed over."""
        return cls(
            **{
                field.name: (arguments.get(field.name) or "").strip()[:_LONGEST]
                for field in fields(cls)
            }
        )

    @property
    def parameters(self) -> dict[str, str]:
        """Those that restrict."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name))}

    def query_string(self, **more: str) -> str:
        """The parameters and `more` as in an address, with its question mark; empty if none."""
        parameters = {**self.parameters, **more}
        return f"?{urlencode(parameters)}" if parameters else ""

    def changed(self, **values: str) -> "Selection":
        """The same with other values."""
        return replace(self, **values)

    def hits(self, connection: sqlite3.Connection) -> Hits:
        """The selection in SQL. Times are compared as texts: all are written in +08:00."""
        tables, published = "posts p", "p.published"
        conditions: list[str] = []
        parameters = self.parameters
        rare = False
        if self.q:
            parameters["q"] = match_expression(self.q)
            rare = not is_frequent(connection, _MATCHING, parameters)
            if not rare:  # enough hits are met on a walk through all posts by time
                conditions.append(f"+p.id IN ({_MATCHES})")
        if rare:
            tables = f"({_MATCHES}) s CROSS JOIN posts p INDEXED BY posts_facts ON p.id = s.rowid"
            if self.security:
                conditions.append(f"p.{NAMES_SECURITY}")
        elif self.security:
            tables = "mentions m CROSS JOIN posts p ON p.info_code = m.info_code"
            published = "m.published"
            conditions.append("m.security = :security")
        if self.media:
            conditions.append("p.media = :media")
        if self.source:  # the plus keeps its index out, where another leads to fewer posts
            alone = not (self.q or self.media or self.security)
            conditions.append(f"{'' if alone else '+'}p.body_source = :source")
        for stretch in ("month", "day"):
            if stretch in parameters:  # "~" sorts behind whatever continues a time
                conditions.append(f"{published} BETWEEN :{stretch} AND :{stretch} || '~'")
        return Hits(tables, tuple(conditions), published, parameters)

    def in_datasette(self) -> dict[str, str]:
        """The same posts as parameters of Datasette's own table page, for its JSON and CSV."""
        parameters = {}
        if self.q:
            parameters["_search"] = self.q
        if self.media:
            parameters["media"] = self.media
        if self.source:
            parameters["body_source"] = self.source
        if self.security:
            parameters[BY_SECURITY] = self.security
        if stretch := self.day or self.month:
            parameters["published__gte"] = stretch
            parameters["published__lt"] = f"{stretch}~"
        return parameters


def is_frequent(
    connection: sqlite3.Connection, matching: str, parameters: Mapping[str, str]
) -> bool:
    """Whether so many posts match that sorting them would take longer than to meet some.

    :param matching: what follows SELECT, with its parameters.
    """
    (matches,) = connection.execute(f"SELECT count(*) {matching}", parameters).fetchone()
    (posts,) = connection.execute("SELECT max(id) FROM posts").fetchone()
    return bool(matches * _FREQUENT > (posts or 0))
