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
from datasette.utils.asgi import Base400, Forbidden, Request, Response
from datasette.views.base import DatasetteError
from markupsafe import Markup

from archive import words
from archive.browse import (
    api,
    operations,
    pages,
    reader_pages,
    table_search,
    template_filters,
)
from archive.browse.base_url import with_base_url
from archive.browse.csv_encoding import for_spreadsheets
from archive.browse.metadata import table_title
from archive.browse.past import PRESENT_ONLY, at_present, moment_shown, with_past
from archive.browse.post_list import card_of
from archive.browse.preferences import DENSITY, with_preferences
from archive.browse.readers import Readers
from archive.browse.security_headers import Application, read_only, with_security_headers
from archive.browse.site import API_RATE, Site
from archive.catalog import is_running
from archive.errors import ArchiveError
from archive.sentences import translated
from archive.storage import holder_of
from archive.translation import N_, current_catalogue, current_language, gettext

T = TypeVar("T")

#: Columns with times, ISO 8601.
_TIMES = frozenset(
    (
        *("at", "checked", "ended", "fetched", "first", "first_seen", "gone", "gone_from"),
        *("gone_until", "newest", "published", "revised", "seen_from", "seen_until", "started"),
        "superseded",
    )
)

_CODE = r"(?P<code>[^/]+)"
_ROUTES: tuple[tuple[str, pages.View], ...] = (
    (r"/$", pages.front),
    (rf"{PRESENT_ONLY}$", pages.present_only),
    (r"/news$", pages.news),
    (r"/news\.atom$", pages.news_feed),
    (r"/changes\.atom$", pages.changes_feed),
    (r"/media$", pages.media),
    (r"/reader$", reader_pages.stars),
    (r"/reader/stars\.(?P<suffix>zip|epub)$", reader_pages.stars_file),
    (rf"/reader/{_CODE}$", reader_pages.mark),
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
    readers: Readers | None = None,
    api_rate: int = API_RATE,
    metrics: bool = False,
) -> Site:
    """Return the site of an archive, ready to be served; see `Site`.

    :param metrics: whether the site has ``/healthz``, ``/metrics`` and ``/status``.
    :raises FinewsError: when `metrics` needs a package that is not installed.

    :raises ArchiveError: when there is no catalog in the folder.
    """
    for plugin, name in ((sys.modules[__name__], "finews"), (table_search, "finews-search")):
        if not pm.is_registered(plugin):
            pm.register(plugin, name)
    routes = operations.routes() if metrics else ()
    return Site(
        folder, sql=sql, base_url=base_url, readers=readers, api_rate=api_rate, routes=routes
    )


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
    """Add the translations, filters, tests and variables that the templates use."""
    env.add_extension("jinja2.ext.i18n")
    env.install_gettext_callables(
        lambda message: current_catalogue().gettext(message),
        lambda *messages: current_catalogue().ngettext(*messages),
        newstyle=True,
    )
    functions = (
        *(template_filters.ago, template_filters.clock, template_filters.day),
        *(template_filters.market, template_filters.moment, template_filters.month),
        *(template_filters.number, template_filters.published, template_filters.words),
        *(words.accepted_words, words.column_title, words.failure, words.operator, words.word),
        *(at_present, pages.in_language, table_title, translated),
    )
    env.filters |= {function.__name__: function for function in functions} | {"card": card_of}
    env.tests["coded"] = words.is_coded
    env.tests["web"] = template_filters.is_web_address
    env.globals["title_of_site"] = datasette.metadata("title")
    env.globals["language_of_page"] = current_language


@hookimpl
@_for_sites
def extra_template_vars(
    template: str, request: Request | None, datasette: Site
) -> Callable[[], Awaitable[dict[str, Any]]]:
    """Return the time of the page, the reader, the chosen density, and the article.

    The article is for the row page of a post.
    """

    async def variables() -> dict[str, Any]:
        values: dict[str, Any] = {"as_of": template_filters.as_of(moment_shown(request))}
        if request is None:
            return values
        reader = await reader_pages.reader_of(request, datasette)
        values |= {"compact": request.scope.get(DENSITY) == "compact", "reader": reader}
        if template == "row-catalog-posts.html":
            values |= await pages.article_variables(request, datasette)
            await reader_pages.note_reading(datasette, reader, values["article"])
        return values

    return variables


@hookimpl
@_for_sites
def render_cell(
    row: sqlite3.Row, value: object, column: str, table: str | None, datasette: Site
) -> Markup | None:
    """Show a cell of Datasette's tables as the site's own pages do.

    Titles and codes are links, codes of the catalog words, and times those of Shanghai. A crawl
    without an end is named as running or interrupted.
    """
    columns = row.keys()
    if (table, column, value) == ("crawls", "ended", None) and "started" in columns:
        running = is_running(row, holder_of(datasette.folder))
        return Markup.escape(gettext("running") if running else gettext("interrupted"))
    if isinstance(value, dict) and value["label"] is None:  # a security without a name
        value = value["value"]
    if not isinstance(value, str):
        return None
    if words.is_coded(column):
        return Markup.escape(words.word(value))
    if column == "verdict":
        return Markup.escape(translated(value))
    if column in _TIMES and (shown := template_filters.moment(value)) != value:
        return Markup('<time datetime="{}">{}</time>').format(value, shown)
    if table == "posts" and column == "info_code":
        return None
    path = {"info_code": "/catalog/posts/", "security": "/security/"}.get(column)
    key = value
    if column == "title" and "info_code" in columns:
        path, key = "/catalog/posts/", row["info_code"]
    if path is None:
        return None
    return Markup('<a href="{}">{}</a>').format(datasette.urls.path(f"{path}{key}"), value)


@hookimpl
@_for_sites
def asgi_wrapper(datasette: Site) -> Callable[[Application], Application]:
    """Refuse writing methods, add security headers, read preferences, mark CSV.

    The path prefix is handled as well.
    """
    base_url, marks = datasette.setting("base_url"), datasette.readers is not None

    def wrapper(application: Application) -> Application:
        preferred = with_preferences(with_past(for_spreadsheets(application)), base_url)
        prefixed = with_base_url(read_only(preferred, marks=marks), base_url)
        return with_security_headers(prefixed, scripts=marks)

    return wrapper


@hookimpl
@_for_sites
def forbidden(
    datasette: Site, request: Request, message: str
) -> Callable[[], Awaitable[Response]] | None:
    """Answer what is not allowed with the site's error page."""
    return _error_page(datasette, request, Forbidden(message))


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
        detail = ""
        if status == 400 and isinstance(exception, DatasetteError):
            detail = "" if exception.message_is_html else str(exception.message)
        if request.path.endswith(".json"):
            error = {"ok": False, "error": detail or message, "status": status}
            return Response.json(error, status=status)
        variables = {"status": status, "error": message, "detail": detail}
        html = await datasette.render_template("error.html", variables, request=request)
        return Response.html(html, status=status)

    return response


def _status_and_message(request: Request, exception: Exception) -> tuple[int, str]:
    """Return the HTTP status and the message for an exception.

    An invalid query string is an error of the client; Datasette 0.65 would answer some with 500.
    """
    if isinstance(exception, QueryInterrupted) or exception.args == ("interrupted",):
        return 503, gettext("This query takes too long and was stopped.")
    if isinstance(exception, (Base400, DatasetteError)) and exception.status < 500:
        # The sentences of this project end with a full stop; those of Datasette are in English.
        sentence = translated(str(exception))
        if sentence[-1:] not in _ENDS:
            sentence = gettext(_SENTENCES.get(exception.status, _SENSELESS))
        return exception.status, sentence
    if isinstance(exception, ArchiveError):
        print(exception, file=sys.stderr)
        return 503, gettext(
            "The catalog of the archive (catalog.db) cannot be read now; this page works again as"
            " soon as it is back."
        )
    if isinstance(exception, OSError) and exception.errno == errno.ENAMETOOLONG:
        return 404, gettext("There is no such file.")
    if isinstance(exception, _NO_ROW) and request.url_vars.get("table", "posts") != "posts":
        return 404, gettext("There is no such row.")
    if isinstance(exception, _INVALID_QUERY) and request.query_string:
        return 400, gettext(_SENSELESS)
    traceback.print_exception(exception)
    return 500, gettext("The details are in the server's log.")


_ENDS = (".", "。")


#: The sentences for errors that Datasette found, by their status.
_SENTENCES = {
    403: N_("This site does not allow it."),
    404: N_("There is nothing at this address."),
}
_SENSELESS = N_("The parameters in the address make no sense.")


#: Errors of Datasette 0.65 for a key with too few parts, or for a row of SQLite's own tables
#: (https://github.com/simonw/datasette/issues/2811).
_NO_ROW = (LookupError, sqlite3.ProgrammingError)

#: Errors of Datasette 0.65 for parameters of an address that make no sense.
_INVALID_QUERY = (DatasetteError, ValueError, LookupError, TypeError, OverflowError, sqlite3.Error)
