"""Pages as of a time: their parameter ``as_of``, the links between them, and what has no past.

All pages answer from what the archive had stored by that time, or refuse. `carried` lets every link
and form of such a page lead to pages of the same time.
"""

import re
from datetime import UTC, datetime
from html import escape, unescape
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlencode

from datasette.utils.asgi import BadRequest, Request

from archive.browse.security_headers import Application, Scope
from archive.errors import InvalidQuery
from archive.search import moment_of

PARAMETER = "as_of"
#: Path at which the pages of the site answer what has no past.
PRESENT_ONLY = "/-/present-only"

_LINK = re.compile(r'(<(?:a|link)\b[^>]*?\bhref=")([^"]*)(")')
_FORM = re.compile(r"(<form\b[^>]*>)(.*?</form>)", re.DOTALL)
_HAS_PAST = re.compile(
    r"/(news(\.atom)?|media|security(/.*)?|catalog/posts/[^/]+(/.*)?|pictures/.*|(NW)?\d{15,20}"
    r"|api/v1/(?s:.*)"
    r"|[a-z][a-z0-9]*-[A-Za-z0-9_-]+)?"
)
_ROW_AS_JSON = re.compile(r"/catalog/posts/([^/]+)\.json")


class WithdrawnThen(BadRequest):  # type: ignore[misc]
    """The error of an article that its source did not have at the time of the page."""

    status = 410


def moment_in(request: Request | None) -> str:
    """Return the time of a page as its address states it; empty for the present.

    :raises BadRequest: when it is no time, or a future one.
    """
    text = (request.args.get(PARAMETER) or "").strip() if request else ""
    try:
        if text:
            moment_of(text, datetime.now(UTC))
    except InvalidQuery as error:
        raise BadRequest(str(error)) from error
    return text


def moment_shown(request: Request | None) -> str:
    """Return the time of a page; empty for the present, and where the address states no time."""
    try:
        return moment_in(request)
    except BadRequest:
        return ""


def at_present(request: Request) -> str:
    """Return the address of the same page at present, relative to it."""
    parameters = parse_qsl(request.query_string)
    return f"?{urlencode([each for each in parameters if each[0] != PARAMETER])}"


def instant(as_of: str) -> datetime | None:
    """Return the time of a page; None for the present."""
    return datetime.fromisoformat(moment_of(as_of)) if as_of else None


def carried(html: str, as_of: str, base_url: str) -> str:
    """Let the links and forms of a page lead to pages of the same time.

    Links to other sites, to what has no past, and to the present (``data-now``) are unchanged.
    """
    parameter = urlencode({PARAMETER: as_of})

    def link(match: re.Match[str]) -> str:
        before, address, after = match.groups()
        path, _, query = unescape(address).partition("?")
        inside = path.startswith(base_url) and not path.startswith("//")
        if "data-now" in before or not inside or not _has_past(path.removeprefix(base_url[:-1])):
            return match[0]
        if PARAMETER in parse_qs(query):
            return match[0]
        separator = "&" if query else ""
        return f"{before}{escape(f'{path}?{query}{separator}{parameter}')}{after}"

    def form(match: re.Match[str]) -> str:
        begin, fields = match.groups()
        has_time = f'name="{PARAMETER}"' in fields
        hidden = f'<input type="hidden" name="{PARAMETER}" value="{escape(as_of)}">'
        return match[0] if has_time else f"{begin}{hidden}{fields}"

    return _FORM.sub(form, _LINK.sub(link, html))


def _has_past(path: str) -> bool:
    return _HAS_PAST.fullmatch(path) is not None


def with_past(application: Application) -> Application:
    """Return an application that answers requests as of a time with what was known then, or not.

    The JSON of an article is that of its state; Datasette's other tables have no past.
    """

    async def wrapped(scope: Scope, receive: Any, send: Any) -> None:
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        as_of = "".join(query.get(PARAMETER, [])).strip()
        if scope["type"] == "http" and as_of:
            path = scope["path"]
            if row := _ROW_AS_JSON.fullmatch(path):
                state = {"info_code": row[1], "_as_of": as_of, "_nocol": "known_until"}
                scope = _at(
                    scope, "/catalog/post_states.json", urlencode(state | {"_shape": "objects"})
                )
            elif not _has_past(path):
                scope = _at(scope, PRESENT_ONLY, "")
        await application(scope, receive, send)

    return wrapped


def _at(scope: Scope, path: str, query: str) -> Scope:
    return {
        **scope,
        "path": path,
        "raw_path": quote(path).encode(),
        "query_string": query.encode(),
    }
