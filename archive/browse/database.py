"""Datasette's access to its databases, mended in three places."""

import re
import sqlite3
from typing import Any

from datasette.database import Database, Results

_FIRST_PAGE = re.compile(
    r"""
    \Aselect\ (?:\w+,\ )*\w+\ from\ posts\ (?:where\ (?:(?!\b(?:union|intersect|except)\b).)*\ )?
    order\ by\ (?!info_code)\w+(?:\ desc)?(?=\ limit\ \d+\Z)
    """,
    re.DOTALL | re.VERBOSE,
)


class Catalog(Database):
    """Sorts the posts of a table's page to the end, and keeps visitors' mistakes out of the log.

    Datasette 0.65 sorts a table's first page by one column, and those that follow by the key as
    well. Of posts that are alike in that column, such as those of one second, a reader who turns
    pages would get some twice and some never. It also prints whatever SQL fails, the visitor's
    words included; what is not their doing is printed where it is answered.
    """

    async def execute(self, sql: str, *arguments: Any, **options: Any) -> Results:
        """What Datasette asks."""
        options["log_sql_errors"] = False
        return await super().execute(sorted_to_the_end(sql), *arguments, **options)


class Names(Database):
    """Datasette's own database of tables and columns, in memory, whose connections it would leave
    open."""

    def connect(self, write: bool = False) -> sqlite3.Connection:
        """Open a connection that `close` closes."""
        connection: sqlite3.Connection = super().connect(write)
        self._all_file_connections.append(connection)
        return connection


def sorted_to_the_end(sql: str) -> str:
    """Datasette's query for the first page of posts with the key as its last term of ORDER BY;
    any other SQL as it is."""
    return _FIRST_PAGE.sub(r"\g<0>, info_code", sql)
