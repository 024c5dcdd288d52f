"""The Datasette plugin that searches posts in Datasette's own tables.

Datasette finds it by its entry point, so that a plain ``datasette catalog.db`` finds the same posts
as `finews browse`. It does nothing with databases that are no catalog. It has its own folder,
because from Python 3.12 on Datasette uses the templates next to a plugin's module.
"""

import sqlite3
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from datasette import hookimpl
from datasette.utils import sqlite_timelimit

from archive.search import register

# Datasette imports its plugins during its own import: importing it here would be circular.
if TYPE_CHECKING:
    from datasette.app import Datasette
    from datasette.filters import FilterArguments
    from datasette.utils.asgi import Request


@hookimpl(trylast=True)
def prepare_connection(conn: sqlite3.Connection) -> None:
    """Register the SQL functions of the search; last, to replace Datasette's ``escape_fts``."""
    if _has_posts(conn):
        register(conn)


@hookimpl(trylast=True)
def filters_from_request(
    request: "Request", database: str, table: str, datasette: "Datasette"
) -> "Callable[[], Awaitable[FilterArguments | None]] | None":
    """Filter posts by a query and by a security.

    Called last, because Datasette does not know the index of posts and would report to the
    template that there is no search.
    """
    from archive.browse.filters import read_filters, read_past_filters

    arguments = {name: request.args[name] for name in request.args}
    if table == "post_states":

        async def past() -> "FilterArguments":
            return read_past_filters(arguments)

        return past
    if table != "posts":
        return None

    def read(connection: sqlite3.Connection) -> "FilterArguments | None":
        with sqlite_timelimit(connection, datasette.sql_time_limit_ms):
            return read_filters(connection, arguments) if _has_posts(connection) else None

    return lambda: datasette.get_database(database).execute_fn(read)


def _has_posts(connection: sqlite3.Connection) -> bool:
    named = "SELECT count(*) FROM sqlite_master WHERE name IN ('posts', 'posts_search')"
    (found,) = connection.execute(named).fetchone()
    return bool(found == 2)
