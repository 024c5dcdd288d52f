"""Edits as readers see them: securities by name, not by code."""

import json
import sqlite3
from dataclasses import replace

from archive.catalog import edits_from
from archive.edits import Edit, EditClass
from archive.search import NAME_THEN
from archive.translation import gettext

_NAMED = f"""
    SELECT symbol, {NAME_THEN} AS name
    FROM json_each(:codes) AS named JOIN securities ON code = named.value ORDER BY named.key
"""  # noqa: S608 (our own words)


def shown_edits(connection: sqlite3.Connection, edits: str, at: str = "~") -> list[Edit]:
    """Return the edits in a column of the catalog.

    :param at: when the names of securities were known, ISO 8601, UTC; at present by default.
    """
    return [
        replace(
            each,
            before=_names(connection, each.before, at),
            after=_names(connection, each.after, at),
        )
        if each.edit_class is EditClass.SECURITIES
        else each
        for each in edits_from(edits)
    ]


def _names(connection: sqlite3.Connection, codes: str, at: str) -> str:
    values = {"codes": json.dumps(codes.split()), "as_of": at}
    named = connection.execute(_NAMED, values).fetchall()
    return gettext(", ").join(
        symbol if name == symbol else f"{name} {symbol}" for symbol, name in named
    )
