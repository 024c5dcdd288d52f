"""Saved answers, and the documents in them."""

import codecs
import json
import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from html.entities import html5
from typing import Any

from parsel import Selector
from w3lib.encoding import (
    html_body_declared_encoding,
    html_to_unicode,
    http_content_type_encoding,
    resolve_encoding,
)

from archive.html_limits import in_xml, without_overloaded_tags
from crawler.declarations.formats import Format
from crawler.declarations.paths import Node, PathError, find_all, parse_json

#: The most bytes of an answer after decompression.
MOST_BYTES = 64 * 1024 * 1024

#: Bytes in which an answer states its encoding.
_BEGINNING = 8_192

#: Four Chinese characters in a row.
_CHINESE_IN_UTF_8 = re.compile(rb"(?:[\xe4-\xe9][\x80-\xbf]{2}){4}")

_CHINESE = re.compile("[\u4e00-\u9fff]")
_LEAST_CHINESE = 20

_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31
_SCRIPT = re.compile(
    r"""
    (?:\s|(?>/\*.*?\*/)|//[^\n]*+\n)*+                           # comments
    (?:\)\]\}'?,?|while\s*\(1\)\s*;|for\s*\(\s*;\s*;\s*\)\s*;)?\s*  # against inclusion elsewhere
    (?:try\s*\{\s*)?
    (?:typeof\s+[\w$.]+\s*={2,3}\s*["']function["']\s*&&\s*|[\w$.]+\s*&&\s*)?
    (?:(?:(?:var|let|const)\s+)?[\w$.]+(?:\[[^\]]*\])?\s*=\s*     # var ajaxResult={…};
      |[\w$.]+\s*\(\s*)?                                          # JSONP: callback({…});
    (?=[{\[])
    """,
    re.VERBOSE | re.DOTALL,
)
_AFTER_SCRIPT = re.compile(r"\s*\)?\s*(?:;|\}|//|/\*|\Z)")
_REFERENCE = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&(?:(\#\w+|\w+);)?", re.DOTALL
)
_ENDS_PAGE = re.compile(r"</(?:body|html)\s*>", re.I)
_HIDDEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<script\b.*?</script\s*>|<style\b.*?</style\s*>", re.I | re.S
)
_ROOT = re.compile(r"<((?:\w+:)?(?:rss|feed|RDF|urlset|sitemapindex))\b(?![^>]*/>)")
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of a site, as it was saved.

    :param address: that was asked for, or that a redirection led to.
    :param content_type: its header of this name.
    :param fetched: when it was asked for.
    """

    address: str
    body: bytes
    content_type: str = ""
    status: int = 200
    fetched: datetime | None = None


def text_of(answer: Answer, encoding: str | None = None) -> str:
    """Decode an answer by what it states of itself: its first bytes, header, or beginning.

    Where these disagree, the first that its bytes fit is right, and then UTF-8. No character is
    guessed: one that is lost here would be lost in the archive.

    :param encoding: that it has in spite of what it states.
    :raises PathError: when it has another encoding, or no text.
    """
    return decoded(answer, encoding)[0]


def decoded(answer: Answer, encoding: str | None = None) -> tuple[str, str]:
    """Decode an answer as `text_of` does, and return its encoding, too."""
    body = _unpacked(answer.body)
    if not body.strip():
        raise PathError("it is empty")
    stated = _encoding_of(body, answer.content_type)
    header = http_content_type_encoding(answer.content_type)
    others = [stated, header, html_body_declared_encoding(body[:_BEGINNING]), "utf-8"]
    if _CHINESE_IN_UTF_8.search(body):
        others.insert(0, "utf-8")  # as GBK, these bytes would be words that nobody writes
    if encoding:
        others = [resolve_encoding(encoding)]  # gb18030 for gb2312 and gbk, as browsers read them
    for known in filter(None, others):
        try:
            text = codecs.decode(body, known)
        except (UnicodeDecodeError, LookupError):
            continue
        return text.removeprefix("\ufeff"), known.removesuffix("-sig")
    raise PathError(f"its text is not in {(encoding or stated).removesuffix('-sig')}")


def looks_like_gb18030(answer: Answer) -> bool:
    """Report whether the bytes of an answer are Chinese that states no encoding.

    Nearly all characters of Chinese texts are in GB 2312, into which other encodings hardly fit.
    """
    body = _unpacked(answer.body)
    text = body.decode("gb2312", "replace")
    chinese = len(_CHINESE.findall(text))
    return chinese >= _LEAST_CHINESE and text.count("\ufffd") <= chinese / 20


def _unpacked(body: bytes) -> bytes:
    """Unpack a file that was packed with gzip, as sitemaps are."""
    if not body.startswith(_GZIP):
        return body
    unpacking = zlib.decompressobj(_GZIP_WINDOW)
    try:
        unpacked = unpacking.decompress(body, MOST_BYTES)
    except zlib.error as error:
        raise PathError("it is no whole gzip file") from error
    if unpacking.unconsumed_tail:
        raise PathError(f"it is larger than {MOST_BYTES:,} bytes when it is unpacked")
    if not unpacking.eof:
        raise PathError("it is no whole gzip file")
    return unpacked


def _encoding_of(body: bytes, content_type: str) -> str:
    if body.lstrip()[:1] in {b"{", b"["}:
        return json.detect_encoding(body)
    encoding, _ = html_to_unicode(content_type, body[:_BEGINNING], default_encoding="utf-8")
    return "utf-8-sig" if encoding == "utf-8" else encoding


def document_in(text: str, form: Format, inside: str | None = None) -> Node:
    """Parse an answer's text.

    :param inside: where the JSON is in a page of HTML.
    :raises PathError: when it is not of that format.
    """
    if inside:
        scripts = find_all(_html(text), inside)
        if not scripts:
            raise PathError(f"it has no {inside}")
        return json_in(scripts[0] if isinstance(scripts[0], str) else scripts[0].get())
    if form in {Format.JSON, Format.JSON_FEED}:
        return json_in(text)
    if form.is_xml:
        return _xml(text)
    return _html(text)


def is_json(text: str) -> bool:
    """Report whether a text begins as JSON does, bare or in a script."""
    return _SCRIPT.match(text) is not None


def json_in(text: str) -> Any:
    """Parse JSON, bare, in a call of a function (JSONP) or assigned to a variable.

    :raises PathError: when there is none.
    """
    script = _SCRIPT.match(text)
    if script is None or not script[0].strip():
        return parse_json(text)
    try:
        value, end = json.JSONDecoder().raw_decode(text, script.end())
    except (ValueError, RecursionError) as error:
        raise PathError(f"it has no JSON in its script ({error})") from error
    if not _AFTER_SCRIPT.match(text, end):
        raise PathError("it has more than JSON in its script")
    return value


def _as_xml(found: re.Match[str]) -> str:
    """Return a reference that XML has, for a bare ampersand and for names that only HTML has."""
    name = found[1] or ""
    if found[0].startswith("<") or name.startswith("#") or name in _OF_XML:
        return found[0]
    characters = html5.get(f"{name};")
    if characters is None:
        return f"&amp;{found[0][1:]}"
    return "".join(f"&#{ord(each)};" for each in characters)


def _html(text: str) -> Selector:
    if "<" not in text:
        raise PathError("it is not HTML")
    if _ENDS_PAGE.search(text) is None and _is_open(text):
        raise PathError("it is cut off: it ends within its elements")
    return Selector(text=without_overloaded_tags(in_xml(text)), type="html")


def _is_open(text: str) -> bool:
    """Report whether elements are open at the end of a page that every page has to close."""
    shown = _HIDDEN.sub("", text)
    return any(
        len(re.findall(rf"<{tag}\b", shown, re.I)) > len(re.findall(rf"</{tag}\b", shown, re.I))
        for tag in ("div", "article", "section", "table", "ul", "script")
    )


def _xml(text: str) -> Selector:
    """Parse XML, and take the prefixes off its names.

    Feeds with errors are read as far as they can be.
    """
    root = _ROOT.search(text)
    if root and f"</{root[1]}" not in text:
        raise PathError(f"it is cut off: its {root[1]} does not end")
    if not re.match(r"\s*<[?!a-zA-Z]", text) or re.match(r"\s*<!doctype html|\s*<html", text, re.I):
        raise PathError("it is not XML")
    page = Selector(text=in_xml(_REFERENCE.sub(_as_xml, text)), type="xml")
    page.remove_namespaces()
    return page
