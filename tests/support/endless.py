"""Texts of the largest allowed size, on which a careless parser never ends."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: Number of characters of a text: with quadratic time a parser takes minutes.
SIZE = 120_000


def filled(unit: str, size: int = SIZE) -> str:
    """Return a text of a repeated unit."""
    return unit * (size // len(unit))


def many_attributes(form: str, size: int = SIZE) -> str:
    """Return a tag with as many different attributes as fit."""
    return f"<p {' '.join(form.format(number) for number in range(size // 9))}>"


FRAGMENTS = {
    "nested": filled("<b>"),
    "nested blocks": filled("<div>"),
    "tags": filled("<p>"),
    "links": filled("<a href='/x'>"),
    "list in list": filled("<ul><li><a href='x'>"),
    "securities in securities": filled('<span id="stock_1.600160">'),
    "tables in tables": filled("<table><tr><td>"),
    "attributes": many_attributes("a{}"),
    "attributes with values": many_attributes('a{}=">"'),
    "attributes that are tags": many_attributes("<a{} "),
    "quotes": filled('<p a="'),
    "comments": filled("<!--"),
    "entities": filled("&amp;&#0;&x"),
    "brackets": filled("<"),
    "white space": filled(" \n"),
    "wrappers": filled('<div class="wrapper">'),
    "sections": filled("<section>"),
    "sections and ends": filled("<section></section>"),
    "ends": filled("</section>" + " " * 500),
    "headings": filled("<h1>"),
    "digests": filled("<blockquote>"),
    "media": filled("（文章来源："),
    "media without an end": "（文章来源：" + filled("）"),
    "media and white space": "（文章来源：x）</p>" + filled(" ") + "x",
    "ways back": "\n\n<http://x>\n\n[返回" + filled("](") + "x",
    "ways back and home": "\n\n<http://x>\n\n[返回" + filled("](a)｜[返回首页](") + "x",
    "ends of ways back": "\n\n<http://x>\n\n[返回](a)｜[返回首页](x" + filled(")") + "x",
    "links alone": filled("\n\n<a"),
    "fences": filled("---\n"),
    "sequences": filled("["),
    "sequences in lines": filled("- "),
    "mappings": filled("{a: "),
    "keys": filled("? "),
    "long line": 'a: "' + filled(" ") + "x",
    "digits": filled("9"),
    "slashes": filled("/2021/12/29/"),
    "days": filled("2021-12-29-"),
}


@contextmanager
def in_time(seconds: int = 10) -> Iterator[None]:
    """Interrupt a block, and let it fail, when it takes far more processor time than allowed."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"not done after {seconds} seconds")

    before = signal.signal(signal.SIGVTALRM, interrupt)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
