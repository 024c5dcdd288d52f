"""The plugin that teaches Datasette to search posts.

Datasette finds it by its entry point, so that a plain ``datasette catalog.db``, without the dress,
finds what a dressed one does. It leaves databases alone that are no catalog of an archive. A folder
of its own, because from Python 3.12 on Datasette takes the templates beside a plugin's module.
"""

import sqlite3
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from datasette import hookimpl
from datasette.utils import sqlite_timelimit

from archive.search import register

# Datasette imports its plugins while it is being imported itself.
if TYPE_CHECKING:
    from datasette.app import Datasette
    from datasette.filters import FilterArguments
    from datasette.utils.asgi import Request


@hookimpl(trylast=True)
def prepare_connection(conn: sqlite3.Connection) -> None:
    """The search's SQL functions. Last, because Datasette has an ``escape_fts`` of its own."""
    if _has_posts(conn):
        register(conn)


@hookimpl(trylast=True)
def filters_from_request(
    request: "Request", database: str, table: str, datasette: "Datasette"
) -> "Callable[[], Awaitable[FilterArguments | None]] | None":
    """The search of posts, and those that name a security. Last, because Datasette, which knows no
    index of theirs, would tell the template that there is no search."""
    from archive.browse.filters import read_filters

    if table != "posts":
        return None
    arguments = {name: request.args[name] for name in request.args}

    def read(connection: sqlite3.Connection) -> "FilterArguments | None":
        with sqlite_timelimit(connection, datasette.sql_time_limit_ms):
            return read_filters(connection, arguments) if _has_posts(connection) else None

    return lambda: datasette.get_database(database).execute_fn(read)


def _has_posts(connection: sqlite3.Connection) -> bool:
    named = "SELECT count(*) FROM sqlite_master WHERE name IN ('posts', 'posts_search')"
    (found,) = connection.execute(named).fetchone()
    return bool(found == 2)
