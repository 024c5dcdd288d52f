"""Serve the API: read the parameters from an address, and answer with JSON or with a problem."""

import math
import re
import sqlite3
from collections.abc import Sequence
from importlib.metadata import version

from datasette.utils.asgi import Request, Response
from pydantic import ValidationError

from archive.api.endpoints import ENDPOINTS, Endpoint
from archive.api.openapi import BASE, openapi
from archive.api.opened import OpenedArchive
from archive.api.problems import PROBLEM_TYPE, ProblemDetails, WrongParameter, wrong_parameters
from archive.browse.conditional import conditional
from archive.browse.pages import View
from archive.browse.site import Site
from archive.errors import InvalidQuery, NotArchived
from archive.translation import Language, language
from archive.validation import in_one_sentence

_TITLES = {
    400: "Wrong parameters",
    404: "Not in the archive",
    429: "Too many requests",
    503: "Not available now",
}
# Seconds for which a client may use an answer again.
_MAX_AGE = 5


def routes() -> list[tuple[str, View]]:
    """Return the routes of the API, of its OpenAPI document and of its documentation."""
    return [
        (rf"{BASE}/openapi\.json$", document),
        (rf"{BASE}(/docs)?/?$", documentation),
        *((_pattern(endpoint), _view(endpoint)) for endpoint in ENDPOINTS),
        (rf"{BASE}/.*$", nothing),
    ]


def is_api(path: str) -> bool:
    """Return whether a path belongs to the API, whose errors are problems in JSON."""
    return path.startswith(f"{BASE}/")


def problem(
    status: int,
    detail: str,
    parameters: Sequence[WrongParameter] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """Return an error as problem details (RFC 9457)."""
    body = ProblemDetails(
        title=_TITLES.get(status, "Error"),
        status=status,
        detail=detail,
        parameters=list(parameters),
    )
    return Response(
        body.model_dump_json(), status=status, headers=headers or {}, content_type=PROBLEM_TYPE
    )


async def document(request: Request, datasette: Site) -> Response:
    """Answer ``/api/v1/openapi.json``."""
    return Response.json(openapi(version("finews-archive")))


async def documentation(request: Request, datasette: Site) -> Response:
    """Answer ``/api/v1/docs``."""
    variables = {"document": openapi(version("finews-archive")), "per_minute": datasette.api_rate}
    return Response.html(await datasette.render_template("api.html", variables, request=request))


async def nothing(request: Request, datasette: Site) -> Response:
    """Answer 404 for every other path of the API."""
    return problem(404, f"There is no such address; {BASE}/docs describes those that there are.")


def _pattern(endpoint: Endpoint) -> str:
    return BASE + re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", endpoint.path) + "$"


def _view(endpoint: Endpoint) -> View:
    async def view(request: Request, datasette: Site) -> Response:
        with language(Language.ENGLISH):  # whatever the client prefers: it is a program
            return await _answer(endpoint, request, datasette)

    return view


async def _answer(endpoint: Endpoint, request: Request, datasette: Site) -> Response:
    address, _ = request.scope.get("client") or ("", 0)
    if wait := datasette.callers.take(address):
        seconds = math.ceil(wait)
        return problem(
            429,
            f"This address has sent too many requests; try again in {seconds} seconds.",
            headers={"Retry-After": str(seconds)},
        )
    given = {name: request.args[name] for name in request.args}
    try:
        parameters = endpoint.parameters.model_validate(given | request.url_vars)
        answer = await datasette.ask(
            lambda connection: endpoint.function(
                OpenedArchive(datasette.folder, connection), parameters
            )
        )
    except ValidationError as error:
        return problem(400, in_one_sentence(error), wrong_parameters(error))
    except InvalidQuery as error:
        return problem(400, str(error), [WrongParameter(name="q", reason=str(error))])
    except NotArchived as error:
        return problem(404, str(error))
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return problem(503, "The question takes too long; ask for less.")
    body = await datasette.renderer.run(lambda: answer.model_dump_json().encode())
    return await datasette.renderer.run(
        conditional, request, body, "application/json", modified=None, max_age=_MAX_AGE
    )
