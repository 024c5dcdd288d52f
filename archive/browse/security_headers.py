"""What every request and response goes through, so that neither visitors nor articles do harm."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from datasette.utils.asgi import Response

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Any, Send], Awaitable[None]]

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self' http: https:",  # pictures that are not kept are where they were
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_METHODS = ("GET", "HEAD", "OPTIONS")
_HEADERS = {
    b"content-security-policy": _POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=()",
}


def with_safety_headers(application: Application) -> Application:
    """Wrap an ASGI application so that every response, errors too, has headers that make whatever
    stands in an article powerless, also where our templates err."""

    async def wrapped(scope: MutableMapping[str, Any], receive: Any, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                others = [
                    (name, value)
                    for name, value in message.get("headers", ())
                    if name.lower() not in _HEADERS
                ]
                message = {**message, "headers": [*others, *_HEADERS.items()]}
            await send(message)

        await application(scope, receive, send_safely)

    return wrapped


def read_only(application: Application) -> Application:
    """Wrap an ASGI application so that it is only asked for pages.

    There is nothing to write to, and Datasette 0.65 answers some other methods with status 500: a
    POST to a table, a TRACE.
    """

    async def wrapped(scope: MutableMapping[str, Any], receive: Any, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _METHODS:
            refusal = Response.text("", status=405, headers={"Allow": ", ".join(_METHODS)})
            await refusal.asgi_send(send)
        else:
            await application(scope, receive, send)

    return wrapped
