"""Faults that change the answers of a site."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from demo.exchange import Answer, Exchange
from demo.faults import Failure, altered, redirect, with_body


def over_https() -> Failure:
    """Redirect to the same address on https, which answers without a fault."""

    def fail(exchange: Exchange) -> None:
        request = exchange.request
        if request.scheme == "https":
            exchange.send(exchange.answer())
        else:
            redirect(f"https://{request.host}{request.target}")(exchange)

    return fail


def encoded(encoding: str, *, declared: bool) -> Failure:
    """Answer in another encoding.

    :param declared: whether the answer declares that encoding.
    """

    def change(answer: Answer) -> Answer:
        body = answer.body.decode().encode(encoding, errors="replace")
        headers = dict(answer.headers)
        if declared:
            kind = headers["Content-Type"].partition(";")[0]
            headers["Content-Type"] = f"{kind}; charset={encoding}"
            body = body.replace(b'charset="utf-8"', f'charset="{encoding}"'.encode())
        return replace(answer, body=body, headers=headers)

    return altered(change)


def as_json(change: Callable[[dict[str, Any]], object]) -> Failure:
    """Answer with the result of `change` for the JSON object."""
    return with_body(lambda body: json.dumps(change(json.loads(body))).encode())


def without_charset(answer: Answer) -> Answer:
    """Answer without an encoding, neither in a header nor in the page."""
    kind = answer.headers["Content-Type"].partition(";")[0]
    body = re.sub(rb'<meta charset="?utf-8"?>', b"", answer.body, flags=re.IGNORECASE)
    return replace(answer, body=body, headers={**answer.headers, "Content-Type": kind})


def with_keys_twice(body: bytes) -> bytes:
    """Return a JSON object with every key twice; the first value is wrong."""
    others = ", ".join(f'{json.dumps(key)}: "another"' for key in json.loads(body))
    return f"{{{others}, ".encode() + body.lstrip().removeprefix(b"{")


def chunked(size: bytes = b"%x\r\n", end: bytes = b"\r\n") -> Failure:
    """Answer in chunks.

    :param size: form of the line with the size of a chunk.
    :param end: of every other line.
    """

    def fail(exchange: Exchange) -> None:
        answer = exchange.answer()
        exchange.begin(
            replace(answer, headers={**answer.headers, "Transfer-Encoding": "chunked"}),
            length=None,
        )
        for start in range(0, len(answer.body), 1024):
            chunk = answer.body[start : start + 1024]
            exchange.write(size % len(chunk) + chunk + end)
        exchange.write(size % 0 + end)

    return fail


def with_blank_addresses(page: bytes) -> bytes:
    """Return HTML whose addresses have white space around them."""
    return re.sub(rb'(href|src)="([^"]*)"', rb'\1="\n \2\t "', page)


def without_end_tags(page: bytes) -> bytes:
    """Return HTML without the optional end tags of `html`, `body`, `li` and `p`."""
    return re.sub(rb"</(html|body|li|p)>", b"", page)


def in_capitals(page: bytes) -> bytes:
    """Return HTML with its tags in capitals."""
    return re.sub(rb"</?[a-z][a-z0-9]*", lambda tag: tag[0].upper(), page)


def at_another_time(answer: Any) -> Any:
    """Replace the times at any depth by Java's English form."""
    if isinstance(answer, dict):
        return {
            key: _in_java(value)
            if key in {"showtime", "showTime", "datetime"}
            else at_another_time(value)
            for key, value in answer.items()
        }
    return list(map(at_another_time, answer)) if isinstance(answer, list) else answer


def _in_java(time: str) -> str:
    return datetime.fromisoformat(time).strftime("%b %d, %Y %I:%M:%S %p")


def with_numbers(answer: Any) -> Any:
    """Replace the texts and times at any depth by a number."""
    if isinstance(answer, dict):
        return {
            key: 5 if key in {"text", "showTime"} else with_numbers(value)
            for key, value in answer.items()
        }
    return list(map(with_numbers, answer)) if isinstance(answer, list) else answer
