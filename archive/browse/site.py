"""The Datasette of an archive: settings, templates, and queries of the catalog."""

import sqlite3
from collections.abc import Awaitable, Callable, Hashable, Sequence
from copy import deepcopy
from pathlib import Path
from secrets import token_hex
from typing import Any, Concatenate, ParamSpec, TypeVar

from datasette.app import Datasette
from datasette.utils import sqlite_timelimit
from datasette.utils.asgi import Request, Response

from archive.browse.cache import Cache
from archive.browse.database import CatalogDatabase, InternalDatabase, close
from archive.browse.metadata import METADATA
from archive.browse.past import carried, moment_shown
from archive.browse.rate_limit import TokenBuckets
from archive.browse.readers import Readers
from archive.browse.rendering import Renderer
from archive.storage import CATALOG, open_catalog

DATABASE = "catalog"
STATIC = "-/finews"
_HERE = Path(__file__).parent

#: Requests to the API in a minute that a caller may send.
API_RATE = 300

# Requests to the API that a caller may send at once.
_API_BURST = 60

_SETTINGS = {
    "default_page_size": 20,
    "max_returned_rows": 1000,
    "sql_time_limit_ms": 2000,
    "facet_time_limit_ms": 150,
    "default_facet_size": 12,
    "suggest_facets": False,
    "allow_download": False,
    "default_cache_ttl": 5,
    "truncate_cells_html": 300,
}

P = ParamSpec("P")
T = TypeVar("T")


class Site(Datasette):
    """The Datasette of one archive, read-only; a crawl may write to the archive meanwhile.

    It is a subclass because Datasette passes itself to plugins and views, and has no place for
    their other needs. Plugins belong to the whole process; the site's do nothing for another
    Datasette. `archive.browse.plugin.open_site` opens a site.

    :param folder: the folder of the archive.
    :param sql: whether visitors may run SQL queries.
    :param base_url: path prefix below which a proxy serves the site, such as ``/news/``.
    :param readers: who mark articles; None where nothing can be marked.
    :param api_rate: requests to the API in a minute that a caller may send; 0 for any number.
    :param routes: regular expressions of further paths, each with the view that answers it.
    :raises ArchiveError: when there is no catalog in the folder.
    """

    def __init__(
        self,
        folder: Path,
        *,
        sql: bool = False,
        base_url: str = "/",
        readers: Readers | None = None,
        api_rate: int = API_RATE,
        routes: Sequence[tuple[str, Callable[..., Awaitable[Response]]]] = (),
    ) -> None:
        open_catalog(folder).close()
        self.readers = readers
        self.folder = folder
        self.api_rate = api_rate
        self.routes = routes
        self.callers = TokenBuckets(api_rate, burst=_API_BURST)
        self.renderer = Renderer(folder)
        self.cache = Cache(folder / CATALOG)
        super().__init__(
            metadata=deepcopy(METADATA),
            template_dir=str(_HERE / "templates"),
            static_mounts=[(STATIC, str(_HERE / "static"))],
            settings={**_SETTINGS, "default_allow_sql": sql, "base_url": base_url},
        )
        self.remove_database("_memory")
        self.remove_database("_internal")
        self.add_database(InternalDatabase(self, memory_name=token_hex()), name="_internal")
        self.add_database(CatalogDatabase(self, folder), name=DATABASE)

    async def render_template(
        self,
        templates: Any,
        context: Any = None,
        request: Request | None = None,
        view_name: str | None = None,
    ) -> str:
        """Render a template; the links of a page as of a time lead to pages of the same time."""
        html = str(await super().render_template(templates, context, request, view_name))
        as_of = moment_shown(request)
        return carried(html, as_of, self.setting("base_url")) if as_of else html

    async def ask(
        self,
        query: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Call `query` with a read-only connection, in a thread and within the time limit.

        :raises sqlite3.OperationalError: "interrupted", when it takes too long.
        """

        def in_time(connection: sqlite3.Connection) -> T:
            with sqlite_timelimit(connection, self.sql_time_limit_ms):
                return query(connection, *args, **kwargs)

        answer: T = await self.get_database(DATABASE).execute_fn(in_time)
        return answer

    async def ask_or_give_up(
        self,
        key: Hashable,
        query: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T | None:
        """Call `query` as `ask_cached` does; return None when it takes too long."""
        try:
            return await self.ask_cached(key, query, *args, **kwargs)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                return None
            raise

    async def ask_cached(
        self,
        key: Hashable,
        query: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Call `query` as `ask` does, unless the cache has a fresh result for `key`."""
        return await self.ask(
            lambda connection: self.cache.get(key, lambda: query(connection, *args, **kwargs))
        )

    def close(self) -> None:
        """Close every connection to the catalog, and the renderer."""
        close(self)
        self.renderer.close()
