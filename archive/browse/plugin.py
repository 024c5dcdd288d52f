"""The Datasette plugin that adds the site's pages and templates.

Only `open_site` registers it. A plain ``datasette catalog.db`` does not find it, and shows and
searches the same data on Datasette's own pages.
"""

import errno
import sqlite3
import sys
import traceback
from collections.abc import Awaitable, Callable, Generator
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import Any, TypeVar

from datasette import hookimpl
from datasette.database import QueryInterrupted
from datasette.plugins import pm
from datasette.utils.asgi import Base400, Request, Response
from datasette.views.base import DatasetteError
from markupsafe import Markup

from archive.browse import api, operations, pages, search_plugin, template_filters
from archive.browse.base_url import with_base_url
from archive.browse.csv_encoding import with_byte_order_mark
from archive.browse.post_list import card_of
from archive.browse.security_headers import Application, read_only, with_security_headers
from archive.browse.site import API_RATE, Site
from archive.catalog import is_running
from archive.errors import ArchiveError
from archive.storage import holder_of

T = TypeVar("T")

_CODE = r"(?P<code>[^/]+)"
_ROUTES: tuple[tuple[str, pages.View], ...] = (
    (r"/$", pages.front),
    (r"/news$", pages.news),
    (r"/news\.atom$", pages.news_feed),
    (r"/changes\.atom$", pages.changes_feed),
    (r"/media$", pages.media),
    (r"/security$", pages.securities),
    (rf"/security/{_CODE}$", pages.security),
    (rf"/catalog/posts/{_CODE}/changes$", pages.changes),
    (rf"/catalog/posts/{_CODE}/versions/(?P<version>[0-9]+)$", pages.post_file),
    (r"/pictures/(?P<name>[0-9a-f]{64}\.[a-z]{3,4})$", pages.picture),
    (r"/(?P<code>(NW)?[0-9]{15,20}|[a-z][a-z0-9]*-[A-Za-z0-9_-]+)$", pages.short_address),
    (
        r"/-/(allow-debug|auth-token|databases|logout|messages|patterns|permissions|plugins|settings"
        r"|threads|versions)(\.json)?$",
        pages.hidden,
    ),
)


def open_site(
    folder: Path,
    *,
    sql: bool = False,
    base_url: str = "/",
    api_rate: int = API_RATE,
    metrics: bool = False,
) -> Site:
    """Return the site of an archive, ready to be served; see `Site`.

    :param metrics: whether the site has ``/healthz``, ``/metrics`` and ``/status``.
    :raises FinewsError: when `metrics` needs a package that is not installed.

    :raises ArchiveError: when there is no catalog in the folder.
    """
    for plugin, name in ((sys.modules[__name__], "finews"), (search_plugin, "finews-search")):
        if not pm.is_registered(plugin):
            pm.register(plugin, name)
    routes = operations.routes() if metrics else ()
    return Site(folder, sql=sql, base_url=base_url, api_rate=api_rate, routes=routes)


def _for_sites(hook: Callable[..., T]) -> Callable[..., T | None]:
    """Let a hook act on a `Site` only: plugins belong to every Datasette of the process."""
    index = list(signature(hook).parameters).index("datasette")

    @wraps(hook)
    def called(*arguments: Any) -> T | None:
        return hook(*arguments) if isinstance(arguments[index], Site) else None

    return called


@hookimpl
@_for_sites
def register_routes(datasette: Site) -> list[tuple[str, pages.View]]:
    """Return the routes of the site's own pages; they come before Datasette's."""
    return [*_ROUTES, *api.routes(), *datasette.routes]


@hookimpl
@_for_sites
def prepare_jinja2_environment(env: Any, datasette: Site) -> None:
    """Add the filters, tests and variables that the templates use."""
    names = ("ago", "clock", "day", "market", "moment", "month", "number", "published", "word")
    for name in (*names, "words"):
        env.filters[name] = getattr(template_filters, name)
    env.filters["card"] = card_of
    env.tests["web"] = template_filters.is_web_address
    env.globals["title_of_site"] = datasette.metadata("title")


@hookimpl
@_for_sites
def extra_template_vars(
    template: str, request: Request | None, datasette: Site
) -> Callable[[], Awaitable[dict[str, Any]]] | None:
    """Return the article for the row page of a post."""
    if template != "row-catalog-posts.html":
        return None

    async def variables() -> dict[str, Any]:
        return await pages.article_variables(request, datasette)

    return variables


@hookimpl
@_for_sites
def render_cell(
    row: sqlite3.Row, value: object, column: str, table: str | None, datasette: Site
) -> Markup | None:
    """Link codes in Datasette's tables to the site's pages, and name changes and crawls in Chinese.

    A crawl without an end is named as running or interrupted.
    """
    if (table, column, value) == ("crawls", "ended", None) and "started" in row.keys():  # noqa: SIM118
        running = is_running(row, holder_of(datasette.folder))
        return Markup("正在抓取" if running else "中断")  # noqa: S704 (constants)
    if not isinstance(value, str):
        return None
    if column in ("what", "cause"):
        return Markup.escape(template_filters.word(value))
    path = {"info_code": "/catalog/posts/", "security": "/security/"}.get(column)
    if path is None or (table == "posts" and column == "info_code"):
        return None
    address = datasette.urls.path(f"{path}{value}")
    return Markup('<a href="{}">{}</a>').format(address, value)


@hookimpl
@_for_sites
def asgi_wrapper(datasette: Site) -> Callable[[Application], Application]:
    """Refuse writing methods, add security headers, handle the path prefix, and mark CSV."""
    prefixed = with_base_url(datasette.setting("base_url"))
    return lambda application: with_security_headers(
        read_only(prefixed(with_byte_order_mark(application)))
    )


@hookimpl(wrapper=True)
def handle_exception(
    datasette: object, request: Request, exception: Exception
) -> Generator[None, list[object], list[object]]:
    """Answer every error with the site's error page.

    Datasette's own answer would print the local variables of every missing page to the log
    (https://github.com/simonw/datasette/issues/1416).
    """
    answers = yield
    answer = _error_page(datasette, request, exception)
    return answers if answer is None else [answer]


@_for_sites
def _error_page(
    datasette: Site, request: Request, exception: Exception
) -> Callable[[], Awaitable[Response]]:
    async def response() -> Response:
        status, message = _status_and_message(request, exception)
        if api.is_api(request.path):
            return api.problem(status, message)
        if request.path.endswith(".json"):
            return Response.json({"ok": False, "error": message, "status": status}, status=status)
        html = await datasette.render_template(
            "error.html", {"status": status, "error": message}, request=request
        )
        return Response.html(html, status=status)

    return response


def _status_and_message(request: Request, exception: Exception) -> tuple[int, str]:
    """Return the HTTP status and the message for an exception.

    An invalid query string is an error of the client; Datasette 0.65 would answer some with 500.
    """
    if isinstance(exception, QueryInterrupted) or exception.args == ("interrupted",):
        return 503, "这个查询太慢，已经停下。"
    if isinstance(exception, Base400):
        return exception.status, str(exception)
    if isinstance(exception, DatasetteError) and exception.status < 500:
        return exception.status, exception.title or str(exception.message)
    if isinstance(exception, ArchiveError):
        print(exception, file=sys.stderr)
        return 503, "现在读不到存档的目录（catalog.db）；它回来以后，这里会自动恢复。"
    if isinstance(exception, OSError) and exception.errno == errno.ENAMETOOLONG:
        return 404, "没有这个文件。"
    if isinstance(exception, _NO_ROW) and request.url_vars.get("table", "posts") != "posts":
        return 404, "没有这一行。"
    if isinstance(exception, _INVALID_QUERY) and request.query_string:
        return 400, "地址里的参数不成立。"
    traceback.print_exception(exception)
    return 500, "出错了，详情在服务器的日志里。"


#: Errors of Datasette 0.65 for a key with too few parts, or for a row of SQLite's own tables
#: (https://github.com/simonw/datasette/issues/2811).
_NO_ROW = (LookupError, sqlite3.ProgrammingError)

#: Errors of Datasette 0.65 for parameters of an address that make no sense.
_INVALID_QUERY = (DatasetteError, ValueError, LookupError, TypeError, OverflowError, sqlite3.Error)
