"""CSV as spreadsheets read it."""

import re
from codecs import BOM_UTF8
from typing import Any

from archive.browse.security_headers import Application, Message, Scope, Send

_CELL = re.compile(r'"(?:[^"]|"")*+"|[^",\r\n]++')
_FORMULA = re.compile(r'("?)(?![-+]?[\d.,]+%?"?\Z)(?=[=+\-@\t\r])', re.ASCII)


def for_spreadsheets(application: Application) -> Application:
    """Wrap an ASGI application so that spreadsheets show every CSV to download as it is.

    Without a byte order mark, Excel reads CSV in the encoding of the system, and shows Chinese text
    garbled. A text that begins as a formula does would be calculated, so an apostrophe marks it as
    text. The application sends whole rows.
    """

    async def wrapped(scope: Scope, receive: Any, send: Send) -> None:
        csv_begins = is_csv = False

        async def send_marked(message: Message) -> None:
            nonlocal csv_begins, is_csv
            if message["type"] == "http.response.start":
                headers = dict(message.get("headers", ()))
                is_csv = csv_begins = headers.get(b"content-type", b"").startswith(b"text/csv")
            elif is_csv and message.get("body"):
                rows = _CELL.sub(_as_text, message["body"].decode()).encode()
                message = {**message, "body": BOM_UTF8 + rows if csv_begins else rows}
                csv_begins = False
            await send(message)

        await application(scope, receive, send_marked)

    return wrapped


def _as_text(cell: re.Match[str]) -> str:
    """Put an apostrophe before a cell that spreadsheets would calculate."""
    return _FORMULA.sub(r"\1'", cell[0], count=1) if _FORMULA.match(cell[0]) else cell[0]
