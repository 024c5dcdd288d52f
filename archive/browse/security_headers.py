"""Protect the site: wrap its ASGI application with security headers and a check of methods."""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from datasette.utils.asgi import Response

from archive.api.problems import PROBLEM_TYPE, ProblemDetails

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Any, Send], Awaitable[None]]

Headers = Sequence[tuple[bytes, bytes]]

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self' http: https:",  # pictures that are not stored are loaded from their source
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_METHODS = ("GET", "HEAD", "OPTIONS")
_REFUSAL = ProblemDetails(
    title="Method not allowed", status=405, detail="The site is read-only: it answers GET and HEAD."
)

#: Beginning of the paths that also receive POST, where readers can mark articles.
_MARKING = "/reader/"
_HEADERS = {
    b"content-security-policy": b"",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=()",
}


def with_headers(send: Send, change: Callable[[Headers], Headers]) -> Send:
    """Return a `send` for an ASGI application that changes the headers of each response."""

    async def changed(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": change(list(message.get("headers", ())))}
        await send(message)

    return changed


def with_security_headers(application: Application, *, scripts: bool) -> Application:
    """Wrap an ASGI application so that every response, errors too, has security headers.

    With them the content of an article can do no harm, even where a template has a mistake.

    :param scripts: whether pages may run the site's own scripts.
    """
    policy = f"{_POLICY}; script-src 'self'" if scripts else _POLICY
    security = {**_HEADERS, b"content-security-policy": policy.encode()}

    def secured(headers: Headers) -> Headers:
        others = [(name, value) for name, value in headers if name.lower() not in _HEADERS]
        return [*others, *security.items()]

    async def wrapped(scope: Scope, receive: Any, send: Send) -> None:
        await application(scope, receive, with_headers(send, secured))

    return wrapped


def read_only(application: Application, *, marks: bool) -> Application:
    """Wrap an ASGI application so that it receives only reading methods; others are answered 405.

    Datasette 0.65 answers some other methods with status 500, such as POST to a table and TRACE.

    :param marks: whether readers can mark articles.
    """

    def allowed(method: str, path: str) -> bool:
        return method in _METHODS or (marks and method == "POST" and path.startswith(_MARKING))

    async def wrapped(scope: Scope, receive: Any, send: Send) -> None:
        if scope["type"] == "http" and not allowed(scope["method"], scope["path"]):
            refusal = Response(
                _REFUSAL.model_dump_json(),
                status=405,
                headers={"Allow": ", ".join(_METHODS)},
                content_type=PROBLEM_TYPE,
            )
            await refusal.asgi_send(send)
        else:
            await application(scope, receive, send)

    return wrapped
