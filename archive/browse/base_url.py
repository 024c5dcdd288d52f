"""Serve below a path prefix, whether or not the reverse proxy removes the prefix."""

from typing import Any

from archive.browse.security_headers import Application, Headers, Scope, Send, with_headers


def with_base_url(application: Application, base_url: str) -> Application:
    """Wrap an ASGI application so that it receives paths without a prefix.

    Datasette 0.65 routes both forms. But it doubles the prefix in links to its JSON when a path has
    the prefix (https://github.com/simonw/datasette/issues/1619), and omits it in redirects
    (https://github.com/simonw/datasette/issues/2347).

    :param base_url: the prefix, with a slash at its end.
    """
    prefix = base_url.rstrip("/")
    if not prefix:
        return application

    def located(location: bytes) -> bytes:
        inside = location.startswith(base_url.encode()) or not location.startswith(b"/")
        return location if inside else prefix.encode() + location

    def prefixed(headers: Headers) -> Headers:
        return [
            (name, located(value) if name.lower() == b"location" else value)
            for name, value in headers
        ]

    async def wrapped(scope: Scope, receive: Any, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(base_url):
            path, raw_path = scope["path"], scope.get("raw_path")
            scope = {**scope, "path": path.removeprefix(prefix)}
            if raw_path:
                scope["raw_path"] = raw_path.removeprefix(prefix.encode())
        await application(scope, receive, with_headers(send, prefixed))

    return wrapped
