"""What faults make of the answers of a site."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
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


def chunked() -> Failure:
    """Answer in chunks, with blanks behind the size of each, as old servers pad it."""

    def fail(exchange: Exchange) -> None:
        answer = exchange.answer()
        exchange.begin(
            replace(answer, headers={**answer.headers, "Transfer-Encoding": "chunked"}),
            length=None,
        )
        for start in range(0, len(answer.body), 1024):
            chunk = answer.body[start : start + 1024]
            exchange.write(b"%-8x\r\n%s\r\n" % (len(chunk), chunk))
        exchange.write(b"0       \r\n\r\n")

    return fail


def with_blank_addresses(page: bytes) -> bytes:
    """HTML whose addresses have white space around them."""
    return re.sub(rb'(href|src)="([^"]*)"', rb'\1="\n \2\t "', page)


def without_end_tags(page: bytes) -> bytes:
    """HTML without the end tags of `html`, `body`, `li` and `p`, which are optional."""
    return re.sub(rb"</(html|body|li|p)>", b"", page)


def in_capitals(page: bytes) -> bytes:
    """HTML with its tags in capitals."""
    return re.sub(rb"</?[a-z][a-z0-9]*", lambda tag: tag[0].upper(), page)


def at_another_time(answer: Any) -> Any:
    """The time in Java's English form, however deep."""
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
    """A number where the text or the time was due, however deep."""
    if isinstance(answer, dict):
        return {
            key: 5 if key in {"text", "showTime"} else with_numbers(value)
            for key, value in answer.items()
        }
    return list(map(with_numbers, answer)) if isinstance(answer, list) else answer
