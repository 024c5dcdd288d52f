"""Every fault of a server, what the crawl makes of it, and the page of the docs that says so.

`FAULTS` is what `test_matrix.py` tries out and what ``python -m tests.faults.matrix`` writes as
``docs/faults.md``. A new kind of page is one more `Place`; a new fault is one more row.
"""

import codecs
import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from demo.exchange import Answer
from demo.faults import (
    Failure,
    altered,
    bomb,
    drip,
    empty,
    ended,
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

MEGABYTE = 1024 * 1024
LOGIN_PAGE = "<!DOCTYPE html><html><body><form action=/login>请登录</form></body></html>".encode()


class Place(Enum):
    """Where a server can fail."""

    LIST = "a list"
    POST = "a post page"
    SHARE = "the share API"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of an answer.

    :param reason: the word for it in the crawl's figures, where it has failed.
    :param blocks: its host is left alone.
    """

    shown: str
    reason: str | None = None
    blocks: bool = False


READ = Outcome("read")
MISSING = Outcome("missing")
BLOCKS = Outcome("blocks", blocks=True)


def fails(reason: str) -> Outcome:
    """The answer is no use; what it was asked for is asked for again by the next crawl."""
    return Outcome(f"`{reason}`", reason)


UNREACHABLE, LAYOUT, LEFT_OUT = fails("unreachable"), fails("layout"), fails("left_out")


@dataclass(frozen=True, slots=True)
class Row:
    """A fault.

    :param does: what the server does, for readers of the docs.
    :param times: how often it does so; None is always.
    """

    name: str
    does: str
    failure: Failure
    outcomes: Mapping[Place, Outcome]
    times: int | None = None


def _everywhere(outcome: Outcome) -> Mapping[Place, Outcome]:
    return dict.fromkeys(Place, outcome)


def _at(post: Outcome, share: Outcome, lists: Outcome | None = None) -> Mapping[Place, Outcome]:
    return {Place.LIST: lists or post, Place.POST: post, Place.SHARE: share}


def _at_share(outcome: Outcome) -> Mapping[Place, Outcome]:
    return {Place.SHARE: outcome}


def _status(code: int, meaning: str, outcomes: Mapping[Place, Outcome] | None = None) -> Row:
    return Row(
        *(str(code), f"answers {code} {meaning}", status(code)),
        outcomes or _everywhere(fails(f"http_{code}")),
    )


def _encoded(encoding: str, *, said: bool) -> Failure:
    def change(answer: Answer) -> Answer:
        body = answer.body.decode().encode(encoding, errors="replace")
        headers = dict(answer.headers)
        if said:
            kind = headers["Content-Type"].partition(";")[0]
            headers["Content-Type"] = f"{kind}; charset={encoding}"
            body = body.replace(b'charset="utf-8"', f'charset="{encoding}"'.encode())
        return replace(answer, body=body, headers=headers)

    return altered(change)


def _json(change: Callable[[dict[str, Any]], object]) -> Failure:
    return with_body(lambda body: json.dumps(change(json.loads(body))).encode())


def _without_charset(answer: Answer) -> Answer:
    kind = answer.headers["Content-Type"].partition(";")[0]
    body = re.sub(rb'<meta charset="?utf-8"?>', b"", answer.body, flags=re.IGNORECASE)
    return replace(answer, body=body, headers={**answer.headers, "Content-Type": kind})


def _twice(body: bytes) -> bytes:
    return b'{"text": "another text", ' + body.lstrip().removeprefix(b"{")


FAULTS = (
    _status(500, "Internal Server Error"),
    _status(502, "Bad Gateway"),
    _status(503, "Service Unavailable"),
    Row(
        "503, then not",
        "answers 503 with `Retry-After: 1`, and well the next time",
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
    _status(404, "Not Found", _at(fails("http_404"), fails("http_404"), lists=MISSING)),
    _status(401, "Unauthorized"),
    _status(403, "Forbidden", _everywhere(BLOCKS)),
    _status(429, "Too Many Requests", _everywhere(BLOCKS)),
    Row(
        *("redirect, loop", "redirects to itself", redirect("")),
        _everywhere(LEFT_OUT),
    ),
    Row(
        *("redirect, host", "redirects to another host", redirect("http://elsewhere.test/")),
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
        "ends half way, with a Content-Length",
        truncated(),
        _everywhere(UNREACHABLE),
    ),
    Row("cut, no length", "ends half way, without one", ended(), _everywhere(LAYOUT)),
    Row("reset", "resets the connection", reset(), _everywhere(UNREACHABLE)),
    Row("hang", "says nothing", hang(), _everywhere(UNREACHABLE)),
    Row("drip", "sends a byte a second", drip(), _everywhere(UNREACHABLE)),
    Row(
        "endless",
        "sends without an end",
        large(200 * MEGABYTE, promised=False),
        _everywhere(UNREACHABLE),
    ),
    Row("200 MB", "sends 200 MB", large(200 * MEGABYTE), _everywhere(UNREACHABLE)),
    Row(
        "bomb",
        "sends 200 kB that unpack to 200 MB",
        bomb(200 * MEGABYTE),
        _everywhere(LEFT_OUT),
    ),
    Row(
        "not packed",
        "says `Content-Encoding: gzip`, and it is not",
        with_headers(Content_Encoding="gzip"),
        _everywhere(UNREACHABLE),
    ),
    Row(
        "packing unknown",
        "says `Content-Encoding: rot13`",
        with_headers(Content_Encoding="rot13"),
        _everywhere(READ),
    ),
    Row(
        "charset, wrong",
        "says GBK, and it is UTF-8",
        with_headers(Content_Type="text/html; charset=gbk"),
        _at(LAYOUT, READ, lists=READ),
    ),
    Row("charset, none", "says no charset", altered(_without_charset), _everywhere(READ)),
    Row(
        "GBK",
        "sends GBK, and says so",
        _encoded("gb18030", said=True),
        _at(READ, LAYOUT),
    ),
    Row(
        "GBK, not said",
        "sends GBK, and says UTF-8",
        _encoded("gb18030", said=False),
        _at(LAYOUT, LAYOUT, lists=READ),
    ),
    Row(
        "Big5, not said",
        "sends Big5, and says UTF-8",
        _encoded("big5", said=False),
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
        _at(READ, LAYOUT),
    ),
    Row(
        "lone surrogate",
        "sends half a surrogate pair beside the text",
        _json(lambda answer: {**answer, "keyword": "\ud800"}),
        _at_share(READ),
    ),
    Row(
        "half of the JSON",
        "sends half of the JSON, with the length of the half",
        with_body(lambda body: body[: len(body) // 2]),
        _at_share(LAYOUT),
    ),
    Row("a list", "sends a list where an object was due", _json(lambda _: []), _at_share(LAYOUT)),
    Row(
        "numbers",
        "sends a number where the text was due",
        _json(lambda answer: {**answer, "text": 5}),
        _at_share(LAYOUT),
    ),
    Row(
        "NaN",
        "sends NaN, which JSON does not have, beside the text",
        _json(lambda answer: {**answer, "score": float("nan")}),
        _at_share(READ),
    ),
    Row(
        "nesting",
        "sends JSON that is nested 10,000 deep",
        with_body(lambda _: b'{"text":' + b"[" * 10_000),
        _at_share(LAYOUT),
    ),
    Row("keys twice", "sends keys twice; the last ones hold", with_body(_twice), _at_share(READ)),
    Row(
        "error page",
        "answers 200 with a page that tells of an error",
        garbage(b"<html><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>"),
        _at(LAYOUT, BLOCKS),
    ),
    Row(
        *("block page", "answers 200 with a page that tells us to wait", garbage()),
        _at(LAYOUT, BLOCKS),
    ),
    Row(
        *("login page", "answers 200 with a page to log in", garbage(LOGIN_PAGE)),
        _at(LAYOUT, BLOCKS),
    ),
    Row(
        "nothing but tags",
        "sends 3 MB of `<p>`",
        with_body(lambda body: b"<p>" * MEGABYTE + body),
        {Place.LIST: READ, Place.POST: READ},
    ),
    Row("empty", "answers 200 with nothing", empty(), _everywhere(LAYOUT)),
)


def rows_of(place: Place, *, blocking: bool = False) -> list[Row]:
    """The faults of a place, those that make its host be left alone, or all others."""
    return [
        row for row in FAULTS if place in row.outcomes and row.outcomes[place].blocks is blocking
    ]


_PAGE = """# What a server can do, and what becomes of it

Made by `python -m tests.faults.matrix` from the list that the tests try out, one by one, on the
made-up site (`tests/faults/test_matrix.py`). In every case the crawl goes on with all the rest,
ends in bounded time and memory, and puts nothing into the archive that is not the article; and
the next crawl with a server that works makes the archive whole, as if nothing had happened.

| a server that … | on a list | on a post page | at every share host |
| --- | --- | --- | --- |
{rows}

- **read**: nothing is lost; the crawl does not even mention it.
- a **word** such as `http_500` is the reason under which the crawl counts the failure. The log
  names the address and what happened in one sentence.
  - On a list: “The list … was not read: …”. What other lists name is archived. Exit status 3, for
    articles may be missed. All lists are read anew by the next crawl.
  - On a post page: “… is not archived: …”, and the summary says how many failed. Exit status 0 up
    to a tenth of the articles, 6 beyond it (4 where most of those failed for their layout). `finews
    stats` names the article, and the next crawls try it again, ever more rarely.
  - At every share host: the mirror's rendering is archived, marked as a stand-in. Exit status 0.
    The next looks ask for the article's own bytes, which become its next version. Where just one
    share host fails, the next one is asked, and nothing is missing.
- **missing**: some categories that posts link to do not exist. The log says so; exit status 0. The
  page is asked for again whenever the lists that lead to it have changed.
- **blocks**: the host is left alone at once, for ten minutes or as long as it asks, up to a day;
  the log and `finews stats` say until when. The mirror: exit status 3. A share host: as above.

`unreachable` and `left_out` say nothing about an article, and count as no attempt at it. A request
that fails for a status of 500 or more, or for the connection, is made twice more before.

The same is tried out (`tests/faults/test_network.py`) with names that cannot be resolved,
connections that are refused, and certificates that have expired, are another host's or of an issuer
that is not trusted, where whole sites are gone: exit status 3, and nothing changes.

## What content can do

`tests/faults/test_hostile.py` crawls a site of hostile codes, titles and bodies. What it says is
archived as text, every post is YAML, a real `jekyll build --strict_front_matter` of the archive
succeeds, no file is written outside of it, and no host but those of the source is asked. Refused by
name, in the log and in `finews stats`: codes that are none, addresses of more than 2,000
characters, times beyond the calendar, bodies that are nested deeper than 500 tags or 100 marks of
Markdown (Jekyll would die of them). Categories that lie behind category after category are not
followed.

Jekyll's Markdown takes the square of some texts, such as 5,000 opening brackets outside of all
tags: half a minute, and an archive with many of them builds slowly.

## Input made by chance

`make fuzz` feeds every reader with input that [atheris](https://github.com/google/atheris) makes,
guided by what it has reached so far, and demands that it is read or refused by name, that what is
read makes a post, that the post is YAML and reads the same. Every run of the tests does it for a
second each, and tries again what broke something once (`tests/fuzz/crashes/`). In November 2026:

| reader | inputs |
| --- | ---: |
| codes in addresses | 7,637,420 |
| post pages | 5,193,109 |
| share answers | 980,322 |
| lists | 501,482 |
| feeds | 343,386 |
| Eastmoney's columns | 336,351 |
| Eastmoney's rolling news | 193,415 |
| post files | 144,853 |
| search queries | 138,383 |
| Eastmoney's pages of articles | 43,908 |
"""


def page() -> str:
    """The page of the docs."""
    return _PAGE.format(rows="\n".join(map(_line, FAULTS)))


def _line(row: Row) -> str:
    shown = [row.outcomes[place].shown if place in row.outcomes else "" for place in Place]
    return f"| {row.does} | {' | '.join(shown)} |".replace("|  |", "| |").replace("|  |", "| |")


if __name__ == "__main__":
    sys.stdout.write(page())
