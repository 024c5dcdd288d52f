"""Serve below a path prefix, whether or not the reverse proxy removes the prefix."""

from collections.abc import Callable, MutableMapping
from typing import Any

from archive.browse.security_headers import Application, Headers, Send, with_headers


def with_base_url(base_url: str) -> Callable[[Application], Application]:
    """Return a wrapper for an ASGI application, which then receives paths without the prefix.

    Datasette 0.65 routes both forms. But it doubles the prefix in links to its JSON when a path has
    the prefix (https://github.com/simonw/datasette/issues/1619), and omits it in redirects
    (https://github.com/simonw/datasette/issues/2347).
    """
    prefix = base_url.rstrip("/")

    def prefixed(headers: Headers) -> Headers:
        return [
            (name, located(value) if name.lower() == b"location" else value)
            for name, value in headers
        ]

    def located(location: bytes) -> bytes:
        inside = location.startswith(base_url.encode()) or not location.startswith(b"/")
        return location if inside else prefix.encode() + location

    def wrapper(application: Application) -> Application:
        async def wrapped(scope: MutableMapping[str, Any], receive: Any, send: Send) -> None:
            if scope["type"] == "http" and scope["path"].startswith(base_url):
                path, raw_path = scope["path"], scope.get("raw_path")
                scope = {**scope, "path": path.removeprefix(prefix)}
                if raw_path:
                    scope["raw_path"] = raw_path.removeprefix(prefix.encode())
            await application(scope, receive, with_headers(send, prefixed))

        return wrapped

    return wrapper if prefix else lambda application: application
