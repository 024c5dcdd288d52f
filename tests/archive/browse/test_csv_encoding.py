"""CSV to download, as spreadsheets read it."""

import asyncio
import csv
import io
from typing import Any

from archive.browse.csv_encoding import for_spreadsheets


def test_no_cell_of_a_csv_to_download_is_a_formula() -> None:
    formulas = ["=1+1", "+5%涨幅", "-跨境电商", "@稀土, 碳中和", "\t=x", '=HYPERLINK("x")']
    texts = ["-5", "-0.3%", "+1,234", "a=b", "央行\r\n=降准", "", "x" * 100_000, "'", '"=x"']
    sent: list[bytes] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "headers": [(b"content-type", b"text/csv")]})
        for row in (formulas, texts):
            csv.writer(written := io.StringIO()).writerow(row)
            await send({"type": "http.response.body", "body": written.getvalue().encode()})

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    asyncio.run(for_spreadsheets(application)({}, None, send))
    rows = csv.reader(io.StringIO(b"".join(sent).decode("utf-8-sig"), newline=""))
    assert list(rows) == [[f"'{text}" for text in formulas], texts]
