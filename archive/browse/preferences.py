"""Answer as a reader prefers: in one of the languages, with excerpts or with titles only."""

from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode

from archive.browse.security_headers import Application, Headers, Scope, Send, with_headers
from archive.translation import Language, language, language_of, negotiate
from archive.words import with_codes

#: Key of the scope with the density that a reader has chosen.
DENSITY = "finews.density"

#: Parameters of an address, and cookies, with a choice, and what makes one of a value.
_CHOICES: Mapping[str, Callable[[str], str | None]] = MappingProxyType(
    {
        "lang": language_of,
        "density": lambda value: value if value in ("compact", "roomy") else None,
    }
)

#: Seconds for which a browser keeps a choice.
MAX_AGE = 365 * 24 * 60 * 60

#: Endings of addresses of data; there, ``lang`` is a column.
_DATA = (".json", ".csv", ".blob")

#: Beginnings of media types that are the same for every reader.
_SAME_FOR_ALL = (b"image/", b"text/css", b"text/csv", b"text/javascript")


def with_preferences(application: Application, base_url: str) -> Application:
    """Wrap an ASGI application so that it answers as the reader prefers.

    ``?lang=en`` and ``?density=compact`` choose, and a cookie keeps the choice. The application
    receives the address without it, and with codes where the address has words that pages show.

    :param base_url: path prefix below which a proxy serves the site.
    """

    async def wrapped(scope: Scope, receive: object, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        headers = dict(scope["headers"])
        query = with_codes(scope.get("query_string", b"").decode("latin-1"))
        chosen: dict[str, str] = {}
        if not scope["path"].endswith(_DATA):
            query, chosen = _choices(query)
        kept = _kept(headers.get(b"cookie", b"").decode("latin-1")) | chosen
        accepted = headers.get(b"accept-language", b"").decode("latin-1")
        spoken = language_of(kept.get("lang", "")) or negotiate(accepted)

        def marked(headers: Headers) -> Headers:
            return _marked(headers, spoken, chosen, base_url)

        inner = {**scope, "query_string": query.encode(), DENSITY: kept.get("density")}
        with language(spoken):
            await application(inner, receive, with_headers(send, marked))

    return wrapped


def _choices(query: str) -> tuple[str, dict[str, str]]:
    """Return a query string without the choices in it, and the choices."""
    values = parse_qsl(query, keep_blank_values=True)
    chosen = {name: choice for name, value in values if (choice := _choice(name, value))}
    if not chosen:
        return query, {}
    return urlencode([pair for pair in values if not _choice(*pair)]), chosen


def _choice(name: str, value: str) -> str | None:
    return _CHOICES[name](value) if name in _CHOICES else None


def _kept(header: str) -> dict[str, str]:
    """Return the choices in a header with cookies."""
    try:
        cookies = SimpleCookie(header)
    except CookieError:
        return {}
    return {name: value for name in cookies if (value := _choice(name, cookies[name].value))}


def _marked(
    headers: Headers, spoken: Language, chosen: Mapping[str, str], base_url: str
) -> Headers:
    """Return the headers of a response with those about the reader's preferences."""
    kind = next((value for name, value in headers if name.lower() == b"content-type"), b"")
    if kind.startswith(_SAME_FOR_ALL):
        return headers
    vary = [value for name, value in headers if name.lower() == b"vary"]
    headers = [
        *((name, value) for name, value in headers if name.lower() != b"vary"),
        (b"Vary", b", ".join([*vary, b"Accept-Language", b"Cookie"])),
    ]
    if kind.startswith(b"text/html"):
        headers.append((b"Content-Language", spoken.encode()))
    attributes = f"Path={base_url}; Max-Age={MAX_AGE}; SameSite=Lax; HttpOnly"
    for name, value in chosen.items():
        headers.append((b"Set-Cookie", f"{name}={value}; {attributes}".encode()))
    return headers
