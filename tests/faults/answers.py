"""What faults make of the answers of a site."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from demo.exchange import Answer, Exchange
from demo.faults import Failure, altered, redirect, with_body


def over_https() -> Failure:
    """Redirect to the same on https, which answers well."""

    def fail(exchange: Exchange) -> None:
        request = exchange.request
        if request.scheme == "https":
            exchange.send(exchange.answer())
        else:
            redirect(f"https://{request.host}{request.target}")(exchange)

    return fail


def encoded(encoding: str, *, said: bool) -> Failure:
    """Answer in another encoding, whether that is said or not."""

    def change(answer: Answer) -> Answer:
        body = answer.body.decode().encode(encoding, errors="replace")
        headers = dict(answer.headers)
        if said:
            kind = headers["Content-Type"].partition(";")[0]
            headers["Content-Type"] = f"{kind}; charset={encoding}"
            body = body.replace(b'charset="utf-8"', f'charset="{encoding}"'.encode())
        return replace(answer, body=body, headers=headers)

    return altered(change)


def as_json(change: Callable[[dict[str, Any]], object]) -> Failure:
    """Answer with what `change` makes of the JSON object."""
    return with_body(lambda body: json.dumps(change(json.loads(body))).encode())


def without_charset(answer: Answer) -> Answer:
    """Neither a header nor the page says the encoding."""
    kind = answer.headers["Content-Type"].partition(";")[0]
    body = re.sub(rb'<meta charset="?utf-8"?>', b"", answer.body, flags=re.IGNORECASE)
    return replace(answer, body=body, headers={**answer.headers, "Content-Type": kind})


def with_keys_twice(body: bytes) -> bytes:
    """A JSON object that says something else before it says what it should."""
    others = ", ".join(f'{json.dumps(key)}: "another"' for key in json.loads(body))
    return f"{{{others}, ".encode() + body.lstrip().removeprefix(b"{")


def with_numbers(answer: Any) -> Any:
    """A number where the text or the time was due, however deep."""
    if isinstance(answer, dict):
        return {
            key: 5 if key in {"text", "showTime"} else with_numbers(value)
            for key, value in answer.items()
        }
    return list(map(with_numbers, answer)) if isinstance(answer, list) else answer
