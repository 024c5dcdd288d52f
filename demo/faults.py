"""Generate faults on demand: each kind of fault is a function.

Each function takes its parameters and returns a Failure, which applies the fault to an
Exchange. A Fault states where and how often. To add a way of failing, write one more function and
name it in `WAYS`, if the command line should know it.
"""

import gzip
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from demo.exchange import Answer, Exchange, Request

Failure = Callable[[Exchange], None]

_BLOCK_PAGE = (
    "<!DOCTYPE html><html><head><title>安全验证</title></head>"
    "<body><h1>访问过于频繁</h1><p>请稍后再试。</p></body></html>"
)
_FOREVER = 3600.0
_CHUNK = b"<p>" * 20_000


@dataclass(slots=True, eq=False)
class Fault:
    """A failure that strikes some requests.

    `host` is matched whole ("*" is every known host). `path` is matched with the path and query:
    a string must begin it, a compiled pattern may match anywhere in it. After `times` strikes
    the fault is spent; None is never. `struck` counts the strikes.
    """

    host: str
    path: str | re.Pattern[str] = ""
    failure: Failure = field(kw_only=True)
    times: int | None = field(default=None, kw_only=True)
    struck: int = field(default=0, init=False)

    def matches(self, request: Request) -> bool:
        """Return whether the fault applies to this request now."""
        if self.host not in ("*", request.host):
            return False
        if self.times is not None and self.struck >= self.times:
            return False
        if isinstance(self.path, str):
            return request.target.startswith(self.path)
        return self.path.search(request.target) is not None


def status(code: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Failure:
    """Answer with a status (and headers, such as Retry-After) instead of the page."""
    answer = Answer(code, body, {"Content-Type": "text/html; charset=utf-8", **(headers or {})})
    return lambda exchange: exchange.send(answer)


def redirect(location: str, code: int = 302) -> Failure:
    """Send the client elsewhere."""
    return status(code, {"Location": location})


def empty() -> Failure:
    """Answer 200 with no body at all."""
    return status(200)


def garbage(body: bytes = _BLOCK_PAGE.encode()) -> Failure:
    """Answer 200 with another body than the requested one: a block page, by default."""
    return status(200, body=body)


def truncated(keep: float = 0.5) -> Failure:
    """Promise the whole body, send its first part (the fraction `keep`) and close."""

    def fail(exchange: Exchange) -> None:
        answer = exchange.answer()
        exchange.begin(answer, length=len(answer.body) + 1)
        exchange.write(answer.body[: int(len(answer.body) * keep)])
        exchange.close()

    return fail


def ended(keep: float = 0.5) -> Failure:
    """Promise no length, send the first part of the body (the fraction `keep`) and close."""

    def fail(exchange: Exchange) -> None:
        answer = exchange.answer()
        exchange.begin(answer, length=None)
        exchange.write(answer.body[: int(len(answer.body) * keep)])
        exchange.close()

    return fail


def drip(seconds: float = 1.0) -> Failure:
    """Send the body byte by byte, with seconds in between, until the client closes."""

    def fail(exchange: Exchange) -> None:
        answer = exchange.answer()
        exchange.begin(answer, length=len(answer.body))
        for place in range(len(answer.body)):
            if exchange.wait(seconds):
                break
            exchange.write(answer.body[place : place + 1])
        exchange.close()

    return fail


def large(size: int, *, promised: bool = True) -> Failure:
    """Answer with so many bytes, whose number is promised or not.

    Some claim to be an answer that never ends: the client has to end it.
    """

    def fail(exchange: Exchange) -> None:
        exchange.begin(exchange.answer(), length=size if promised else None)
        for _ in range(size // len(_CHUNK)):
            if exchange.wait(0):
                break
            exchange.write(_CHUNK)
        exchange.close()

    return fail


def endless_headers() -> Failure:
    """Begin an answer, and send headers without end: the client must close."""
    lines = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 100) for number in range(1000))

    def fail(exchange: Exchange) -> None:
        exchange.write(b"HTTP/1.1 200 OK\r\n")
        while not exchange.wait(0):
            exchange.write(lines)
        exchange.close()

    return fail


def altered(change: Callable[[Answer], Answer]) -> Failure:
    """Answer with the result of `change` for the site's own answer."""
    return lambda exchange: exchange.send(change(exchange.answer()))


def with_headers(**headers: str) -> Failure:
    """Answer with wrong headers; ``_`` in their names becomes ``-``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return altered(lambda answer: replace(answer, headers={**answer.headers, **named}))


def with_body(change: Callable[[bytes], bytes]) -> Failure:
    """Answer with another body under the same headers, those of the length excepted."""
    return altered(lambda answer: replace(answer, body=change(answer.body)))


def bomb(size: int) -> Failure:
    """Answer with a small body that unpacks to this number of bytes."""
    body = gzip.compress(bytes(size), compresslevel=1)
    packed = {"Content-Encoding": "gzip"}
    return altered(lambda answer: replace(answer, body=body, headers={**answer.headers, **packed}))


def reset() -> Failure:
    """Cut the connection without an answer."""
    return lambda exchange: exchange.reset()


def hang(seconds: float = _FOREVER) -> Failure:
    """Send nothing for some seconds, then close without an answer."""

    def fail(exchange: Exchange) -> None:
        exchange.wait(seconds)
        exchange.close()

    return fail


def delay(seconds: float) -> Failure:
    """Answer after a delay in seconds."""

    def fail(exchange: Exchange) -> None:
        exchange.wait(seconds)
        exchange.send(exchange.answer())

    return fail


#: The faults of the command line; each function reads the text after the colon.
WAYS: Mapping[str, Callable[[str], Failure]] = {
    "status": lambda value: status(int(value)),
    "redirect": lambda value: redirect(_given(value)),
    "empty": lambda value: empty(),
    "garbage": lambda value: garbage(),
    "truncated": lambda value: truncated(float(value or 0.5)),
    "ended": lambda value: ended(float(value or 0.5)),
    "drip": lambda value: drip(float(value or 1)),
    "large": lambda value: large(int(value)),
    "headers": lambda value: endless_headers(),
    "bomb": lambda value: bomb(int(value)),
    "reset": lambda value: reset(),
    "hang": lambda value: hang(float(value or _FOREVER)),
    "delay": lambda value: delay(float(value)),
}

_FAULT = re.compile(
    r"(?P<host>[^/~=\s]+)(?:~(?P<pattern>.+?)|(?P<prefix>/.*?))?"
    r"=(?P<way>[a-z]+)(?::(?P<value>.*?))?(?:\*(?P<times>\d+))?"
)


def parse_fault(text: str) -> Fault:
    """Parse a fault: `HOST[/PATH or ~REGEX]=WAY[:VALUE][*TIMES]`.

    `finews.zning.xyz=status:503`, `finews.withounder.com/category/=hang:5*2`,
    `*~\\.html$=reset`. Raises ValueError with one clear sentence.
    """
    match = _FAULT.fullmatch(text)
    if match is None:
        raise ValueError(f"the fault {text!r} is not HOST[/PATH]=WAY[:VALUE][*TIMES]")
    way = match["way"]
    if way not in WAYS:
        raise ValueError(f"the fault {text!r} fails in no known way: {', '.join(WAYS)}")
    value = match["value"] or ""
    try:
        failure = WAYS[way](value)
    except ValueError:
        raise ValueError(f"the fault {text!r}: {way} cannot use the value {value!r}") from None
    try:
        path = re.compile(match["pattern"]) if match["pattern"] else match["prefix"] or ""
    except re.error as error:
        raise ValueError(f"the fault {text!r} has a bad regular expression: {error}") from None
    times = int(match["times"]) if match["times"] else None
    return Fault(match["host"].lower(), path, failure=failure, times=times)


def _given(value: str) -> str:
    if not value:
        raise ValueError("a value is needed")
    return value
