"""Every fault of a server with the result of a crawl, and the page of the docs about them.

`test_matrix.py` tests the rows of `FAULTS`, and ``python -m tests.faults.matrix`` writes them as
``docs/faults.md``. A new kind of page is one more `Place`; a new fault is one more row.
"""

import codecs
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from demo.faults import (
    Failure,
    altered,
    bomb,
    drip,
    empty,
    ended,
    endless_headers,
    garbage,
    hang,
    large,
    redirect,
    reset,
    status,
    truncated,
    with_body,
    with_headers,
)
from tests.faults.answers import (
    as_json,
    at_another_time,
    chunked,
    encoded,
    in_capitals,
    over_https,
    with_blank_addresses,
    with_keys_twice,
    with_numbers,
    without_charset,
    without_end_tags,
)
from tests.faults.docs_page import PAGE

MEGABYTE = 1024 * 1024
LOGIN_PAGE = "<!DOCTYPE html><html><body><form action=/login>请登录</form></body></html>".encode()


class Place(Enum):
    """Where a server can fail."""

    LIST = "on a list"
    POST = "on a post page"
    SHARE = "at every share host"
    ROLLING = "on rolling news, at both hosts"
    COLUMN = "on a column"
    PAGE = "on an article's page"


#: Places in the requests of `scrapy crawl finews`.
MIRRORS = (Place.LIST, Place.POST, Place.SHARE)
#: Places in the requests of `scrapy crawl eastmoney` besides the share API: getFastNewsList,
#: getNewsByColumns and the page of an article that no share host has.
EASTMONEYS = (Place.ROLLING, Place.COLUMN, Place.PAGE)

_JSON = (Place.SHARE, Place.ROLLING, Place.COLUMN)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an answer.

    :param shown: the result, as shown in the docs.
    :param reason: the reason of a failure, as in the counts of the crawl.
    :param blocks: whether the host is blocked for a while.
    """

    shown: str
    reason: str | None = None
    blocks: bool = False


READ = Outcome("read")
MISSING = Outcome("missing")
GONE = Outcome("gone")
BLOCKS = Outcome("blocks", blocks=True)


def fails(reason: str) -> Outcome:
    """Return the outcome of a failed request, which the next crawl tries again."""
    return Outcome(f"`{reason}`", reason)


UNREACHABLE, LAYOUT, LEFT_OUT = fails("unreachable"), fails("layout"), fails("left_out")


@dataclass(frozen=True, slots=True)
class Row:
    """A fault.

    :param does: the behaviour of the server, for readers of the docs.
    :param times: number of requests with the fault; None for all.
    """

    name: str
    does: str
    failure: Failure
    outcomes: Mapping[Place, Outcome]
    times: int | None = None


def _everywhere(outcome: Outcome) -> Mapping[Place, Outcome]:
    return dict.fromkeys(Place, outcome)


def _at(pages: Outcome, answers: Outcome, lists: Outcome | None = None) -> dict[Place, Outcome]:
    """Return outcomes for all places.

    :param pages: outcome for pages of HTML.
    :param answers: outcome for answers of JSON.
    :param lists: outcome for the mirror's lists, if not that for pages.
    """
    outcomes = dict.fromkeys(Place, pages) | dict.fromkeys(_JSON, answers)
    return outcomes | {Place.LIST: lists or pages}


def _in_json(outcome: Outcome) -> Mapping[Place, Outcome]:
    return dict.fromkeys(_JSON, outcome)


def _in_html(outcome: Outcome) -> Mapping[Place, Outcome]:
    return dict.fromkeys((Place.LIST, Place.POST, Place.PAGE), outcome)


def _around_bodies(outcome: Outcome) -> Mapping[Place, Outcome]:
    """Return outcomes for the pages of HTML, except those whose bytes are the article's."""
    return dict.fromkeys((Place.LIST, Place.POST), outcome)


def _status(code: int, meaning: str, outcomes: Mapping[Place, Outcome] | None = None) -> Row:
    return Row(
        *(str(code), f"answers {code} {meaning}", status(code)),
        outcomes or _everywhere(fails(f"http_{code}")),
    )


FAULTS = (
    _status(500, "Internal Server Error"),
    _status(502, "Bad Gateway"),
    _status(503, "Service Unavailable"),
    Row(
        "503, then not",
        "answers 503 with `Retry-After: 1`, and the next time without a fault",
        status(503, {"Retry-After": "1"}),
        _everywhere(READ),
        times=1,
    ),
    Row(
        "503, long",
        "answers 503 with `Retry-After: 7200`",
        status(503, {"Retry-After": "7200"}),
        _everywhere(BLOCKS),
    ),
    _status(
        *(404, "Not Found"),
        _at(fails("http_404"), fails("http_404"), lists=MISSING) | {Place.POST: GONE},
    ),
    _status(401, "Unauthorized"),
    _status(403, "Forbidden", _everywhere(BLOCKS)),
    _status(429, "Too Many Requests", _everywhere(BLOCKS)),
    _status(304, "Not Modified to a request without a condition", _everywhere(LEFT_OUT)),
    Row(
        *("redirect, loop", "redirects to itself", redirect("")),
        _everywhere(LEFT_OUT),
    ),
    Row(
        *("redirect, host", "redirects to another host", redirect("http://elsewhere.test/")),
        _everywhere(LEFT_OUT),
    ),
    Row(*("redirect, https", "redirects to itself on https", over_https()), _everywhere(READ)),
    Row(
        "redirect, https elsewhere",
        "redirects to another host on https",
        redirect("https://elsewhere.test/"),
        _everywhere(LEFT_OUT),
    ),
    Row(
        *(
            "redirect, private",
            "redirects to a private address",
            redirect("http://169.254.169.254/"),
        ),
        _everywhere(LEFT_OUT),
    ),
    Row(
        *("redirect, this machine", "redirects to 127.0.0.1", redirect("http://127.0.0.1:22/")),
        _everywhere(LEFT_OUT),
    ),
    Row(
        *("redirect, file", "redirects to `file:///etc/passwd`", redirect("file:///etc/passwd")),
        _everywhere(fails("http_302")),
    ),
    Row(
        "redirect, data",
        "redirects to a `data:` address",
        redirect("data:text/html,<h1>x</h1>"),
        _everywhere(fails("http_302")),
    ),
    Row(
        "cut",
        "closes the connection half way, with a Content-Length",
        truncated(),
        _everywhere(UNREACHABLE),
    ),
    Row(
        "cut, no length",
        "closes the connection half way, without a Content-Length",
        ended(),
        _everywhere(LAYOUT),
    ),
    Row("reset", "resets the connection", reset(), _everywhere(UNREACHABLE)),
    Row("hang", "sends nothing", hang(), _everywhere(UNREACHABLE)),
    Row("drip", "sends a byte a second", drip(), _everywhere(UNREACHABLE)),
    Row(
        "endless",
        "sends without an end",
        large(200 * MEGABYTE, promised=False),
        _everywhere(UNREACHABLE),
    ),
    Row("headers", "sends headers without an end", endless_headers(), _everywhere(UNREACHABLE)),
    Row("200 MB", "sends 200 MB", large(200 * MEGABYTE), _everywhere(UNREACHABLE)),
    Row(
        "bomb",
        "sends 200 kB that unpack to 200 MB",
        bomb(200 * MEGABYTE),
        _everywhere(LEFT_OUT),
    ),
    Row(
        "not packed",
        "declares `Content-Encoding: gzip`, without compression",
        with_headers(Content_Encoding="gzip"),
        _everywhere(UNREACHABLE),
    ),
    Row(
        "packing unknown",
        "declares `Content-Encoding: rot13`",
        with_headers(Content_Encoding="rot13"),
        _everywhere(READ),
    ),
    Row(
        "charset, wrong",
        "declares GBK, and sends UTF-8",
        with_headers(Content_Type="text/html; charset=gbk"),
        _at(LAYOUT, READ, lists=READ),
    ),
    Row("charset, none", "declares no charset", altered(without_charset), _everywhere(READ)),
    Row(
        "GBK",
        "declares and sends GBK",
        encoded("gb18030", declared=True),
        _at(READ, LAYOUT),
    ),
    Row(
        "GBK, not declared",
        "declares UTF-8, and sends GBK",
        encoded("gb18030", declared=False),
        _at(LAYOUT, LAYOUT, lists=READ),
    ),
    Row(
        "Big5, not declared",
        "declares UTF-8, and sends Big5",
        encoded("big5", declared=False),
        _at(LAYOUT, LAYOUT, lists=READ),
    ),
    Row(
        "BOM",
        "begins with a byte order mark",
        with_body(lambda body: codecs.BOM_UTF8 + body),
        _everywhere(READ),
    ),
    Row(
        "NUL",
        "sends a NUL byte in the text",
        with_body(lambda body: body.replace(b"\xe3\x80\x82", b"\0")),
        {Place.LIST: READ, Place.POST: READ, **_in_json(LAYOUT)},
    ),
    Row(
        "lone surrogate",
        "sends half a surrogate pair in a field other than the text",
        as_json(lambda answer: {**answer, "keyword": "\ud800"}),
        _in_json(READ),
    ),
    Row(
        "half of the JSON",
        "sends half of the JSON, with the Content-Length of the half",
        with_body(lambda body: body[: len(body) // 2]),
        _in_json(LAYOUT),
    ),
    Row("a list", "sends a list instead of an object", as_json(lambda _: []), _in_json(LAYOUT)),
    Row(
        "numbers",
        "sends a number instead of the text",
        as_json(with_numbers),
        _in_json(LAYOUT),
    ),
    Row(
        "NaN",
        "sends NaN, which JSON does not have, in a field other than the text",
        as_json(lambda answer: {**answer, "score": float("nan")}),
        _in_json(READ),
    ),
    Row(
        "nesting",
        "sends JSON that is nested 10,000 deep",
        with_body(lambda _: b'{"text":' + b"[" * 10_000),
        _in_json(LAYOUT),
    ),
    Row(
        "keys twice",
        "sends every key twice; the second value is right",
        with_body(with_keys_twice),
        _in_json(READ),
    ),
    Row(
        "error page",
        "answers 200 with an error page",
        garbage(b"<html><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>"),
        _at(LAYOUT, BLOCKS),
    ),
    Row(
        *("block page", "answers 200 with a page that asks to wait", garbage()),
        _at(LAYOUT, BLOCKS),
    ),
    Row(
        *("login page", "answers 200 with a login page", garbage(LOGIN_PAGE)),
        _at(LAYOUT, BLOCKS),
    ),
    Row(
        "nothing but tags",
        "sends 3 MB of `<p>`",
        with_body(lambda body: b"<p>" * MEGABYTE + body),
        {Place.LIST: READ, Place.POST: READ, Place.PAGE: READ},
    ),
    Row(
        "time in English",
        "sends its times in Java's English form, with AM and PM",
        as_json(at_another_time),
        _in_json(READ),
    ),
    Row(
        "future",
        "declares in Last-Modified that the answer changed in 2041",
        with_headers(Last_Modified="Sat, 16 Nov 2041 19:11:00 GMT"),
        _everywhere(READ),
    ),
    Row(
        "header, bytes",
        "sends headers that are not ASCII",
        with_headers(X_Title="\xd0\xc2\xce\xc5", ETag='"\xe9\xff"'),
        _everywhere(READ),
    ),
    Row(
        "chunks, padded",
        "sends chunks, with spaces after the size of each",
        chunked(size=b"%-8x\r\n"),
        _everywhere(READ),
    ),
    Row(
        "chunks, line feeds",
        "sends chunks whose lines end with a line feed alone",
        chunked(size=b"%x\n", end=b"\n"),
        _everywhere(READ),
    ),
    Row(
        "comment behind",
        "sends a comment and NUL bytes after the end of the page",
        with_body(lambda body: body + b"\n<!-- cached -->\n\0\0"),
        _in_html(READ),
    ),
    Row(
        "script behind",
        "sends a script after the end of the page",
        with_body(lambda body: body + b"<script>var x = '</html>';</script>"),
        _in_html(READ),
    ),
    Row(
        "blanks in addresses",
        "sends addresses with white space around them",
        with_body(with_blank_addresses),
        _around_bodies(READ),
    ),
    Row(
        "no end tags",
        "leaves out the end tags that are optional",
        with_body(without_end_tags),
        _around_bodies(READ),
    ),
    Row("capitals", "sends its tags in capitals", with_body(in_capitals), _around_bodies(READ)),
    Row(
        "base elsewhere",
        "sends a `<base href>` with which all links lead to another host",
        with_body(lambda body: body.replace(b"<head>", b'<head><base href="http://x.test/">', 1)),
        {**_in_html(READ), Place.LIST: fails("leads_nowhere")},
    ),
    Row("empty", "answers 200 with nothing", empty(), _everywhere(LAYOUT)),
)


def rows_of(place: Place, *, blocking: bool = False) -> list[Row]:
    """Return the faults of a place: those that block its host, or all others."""
    return [
        row for row in FAULTS if place in row.outcomes and row.outcomes[place].blocks is blocking
    ]


def page() -> str:
    """Return the page of the docs."""
    return PAGE.format(mirrors=_table(MIRRORS), eastmoneys=_table(EASTMONEYS))


def _table(places: Sequence[Place]) -> str:
    lines = [["a server that …", *(place.value for place in places)], ["---"] * (1 + len(places))]
    for row in FAULTS:
        shown = [row.outcomes[place].shown if place in row.outcomes else "" for place in places]
        lines += [[row.does, *shown]] if any(shown) else []
    return "\n".join(
        f"| {' | '.join(line)} |".replace("|  |", "| |").replace("|  |", "| |") for line in lines
    )


if __name__ == "__main__":
    sys.stdout.write(page())
