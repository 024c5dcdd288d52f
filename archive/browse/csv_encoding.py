"""Mark CSV as UTF-8 for spreadsheets."""

from codecs import BOM_UTF8
from collections.abc import MutableMapping
from typing import Any

from archive.browse.security_headers import Application, Message, Send


def with_byte_order_mark(application: Application) -> Application:
    """Wrap an ASGI application so that every CSV to download begins with a byte order mark.

    Without one, Excel reads CSV in the encoding of the system, and shows Chinese text garbled.
    """

    async def wrapped(scope: MutableMapping[str, Any], receive: Any, send: Send) -> None:
        mark = b""

        async def send_with_mark(message: Message) -> None:
            nonlocal mark
            if message["type"] == "http.response.start":
                headers = dict(message.get("headers", ()))
                if headers.get(b"content-type", b"").startswith(b"text/csv"):
                    mark = BOM_UTF8
            elif message["type"] == "http.response.body" and message.get("body"):
                message = {**message, "body": mark + message["body"]}
                mark = b""
            await send(message)

        await application(scope, receive, send_with_mark)

    return wrapped
