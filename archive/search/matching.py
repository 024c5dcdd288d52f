"""Which of some articles a query finds."""

import json
import sqlite3
from collections.abc import Collection

from archive.search.conditions import PRESENT
from archive.search.query import conditions_here, rows

_LISTED = "SELECT value FROM json_each(:codes)"


def matching(connection: sqlite3.Connection, q: str, info_codes: Collection[str]) -> set[str]:
    """Return those of some articles that a query in the language of the search box finds.

    The index is asked about each article, so the time depends on their number alone.

    :raises InvalidQuery: when the query cannot be understood.
    """
    found = conditions_here(connection, q)
    conditions = [*([PRESENT.probe] if found.match else []), *found.others]
    where = " AND ".join(f"+({each})" for each in conditions) or "true"
    sql = f"SELECT info_code FROM posts WHERE info_code IN ({_LISTED}) AND {where}"  # noqa: S608
    values = {**found.values, "q": found.match, "codes": json.dumps(list(info_codes))}
    return {info_code for (info_code,) in rows(connection, sql, values)}
