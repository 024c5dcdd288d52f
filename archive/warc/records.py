"""Build WARC records as bytes: complete gzip members, ready to be appended to a file."""

import io
import json
import re
from base64 import b32encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha1
from http.client import responses as reasons
from string import printable
from typing import Any
from urllib.parse import quote

from isal import isal_zlib
from warcio.recordbuilder import RecordBuilder
from warcio.recordloader import ArcWarcRecord
from warcio.warcwriter import WARCWriter

from archive.capture import Capture
from archive.clock import utc_iso
from archive.warc.filenames import SOFTWARE

Headers = Sequence[tuple[str, str]]

_RECORDS = RecordBuilder(warc_version="1.1")
_NOT_MODIFIED = 304
_SERVER_NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
# The `wbits` of zlib for gzip. ISA-L takes the same values and a third of zlib's time; bodies that
# sites send compressed get 1 % larger.
_GZIP = 31

#: The most bytes in a record. A larger one is neither written nor read, so that memory is bounded.
MOST_BYTES = 128 << 20

#: Field of the header of a record whose body is not the one that was sent.
REDACTED = "Finews-Redacted"

_LINE_END = b"\r\n"
_ALGORITHM = "sha1:"
_DIGEST = re.compile("sha1:[A-Z2-7]{32}", re.ASCII)
# From the base-32 digits of RFC 4648, section 6, to those that Python reads.
_DIGITS = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHIJKLMNOPQRSTUV")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its response, as sent: a compressed body is still compressed.

    :param request_headers: None where the request is not known; it has no record then.
    :param received: when the response was complete; aware.
    :param address: IP address of the server; None where a proxy was used.
    :param response_head: the status line and the header lines as received, each with CRLF; where
        it is empty, it is built from `status` and `response_headers`.
    :param unchanged: digest of the payload that the validators in the request are of; None where
        it is not known.
    :param redacted: what was removed of the body before it was stored, and by what; None for the
        body as sent.
    """

    url: str
    method: str
    request_headers: Headers | None
    status: int
    response_headers: Headers
    body: bytes
    received: datetime
    address: str | None = None
    response_head: bytes = b""
    unchanged: str | None = None
    redacted: str | None = None

    @property
    def is_unchanged(self) -> bool:
        """Whether the server states that the payload has not changed."""
        return self.status == _NOT_MODIFIED

    @property
    def target(self) -> str:
        """The address without its fragment, which was never sent."""
        return self.url.partition("#")[0]


def warcinfo_record(file: str) -> bytes:
    """Return the record with which a file begins.

    :param file: its name when it is finished.
    """
    info = {"software": SOFTWARE, "format": "WARC File Format 1.1"}
    return _as_member(_RECORDS.create_warcinfo_record(file, info))


class _Head:
    """A stand-in for warcio's HTTP headers, which would convert their bytes to ASCII."""

    def __init__(self, lines: bytes) -> None:
        self.headers_buff = lines + _LINE_END

    def compute_headers_buffer(self, _: object = None) -> None:
        """Leave the headers as they are."""


def _head_of(first_line: str, headers: Headers) -> bytes:
    lines = (first_line, *(f"{name}: {value}" for name, value in headers))
    return b"".join(line.encode("latin-1") + _LINE_END for line in lines)


def exchange_records(exchange: Exchange, digest: str, first: Capture | None) -> bytes:
    """Return the records of an exchange: the response, and its ``request`` where it is known.

    The response is a ``response`` record; or a ``revisit``, where its payload was captured before,
    or the server states that it has not changed. A replayed 304 response would be a blank page, so
    its head is in a ``metadata`` record instead.

    :param digest: of the body, see `payload_digest`.
    :param first: the first capture of the body, or of the payload that has not changed.
    """
    reason = reasons.get(exchange.status, "Unknown")
    head = exchange.response_head or _head_of(
        f"HTTP/1.1 {exchange.status} {reason}", exchange.response_headers
    )
    about = {"WARC-Date": utc_iso(exchange.received, "microseconds")}
    if exchange.address is not None:
        about["WARC-IP-Address"] = exchange.address
    if exchange.redacted is not None:
        about[REDACTED] = exchange.redacted
    records = []
    if exchange.is_unchanged:
        records.append(_not_modified(exchange.target, about, exchange.unchanged, first))
    elif first is None:
        records.append(
            _RECORDS.create_warc_record(
                exchange.target,
                "response",
                payload=io.BytesIO(exchange.body),
                length=len(exchange.body),
                http_headers=_Head(head),
                warc_headers_dict=about | {"WARC-Payload-Digest": digest},
            )
        )
    else:
        records.append(
            _RECORDS.create_revisit_record(
                exchange.target, digest, first.url, first.fetched, _Head(head), about
            )
        )
    number = records[0].rec_headers.get_header("WARC-Record-ID")
    concurrent = {"WARC-Date": about["WARC-Date"], "WARC-Concurrent-To": number}
    if exchange.request_headers is not None:
        _, _, path = exchange.target.partition("://")
        path = quote(path.partition("/")[2], safe=printable)
        request_line = f"{exchange.method} /{path} HTTP/1.1"
        records.append(
            _RECORDS.create_warc_record(
                exchange.target,
                "request",
                http_headers=_Head(_head_of(request_line, exchange.request_headers)),
                warc_headers_dict=concurrent,
            )
        )
    if exchange.is_unchanged:
        answer = head + _LINE_END + exchange.body
        records.append(_block(number.strip("<>"), "metadata", "message/http", answer, concurrent))
    return b"".join(map(_as_member, records))


def not_modified_record(target: str, date: str, digest: str | None, first: Capture | None) -> bytes:
    """Return a ``revisit`` record of a payload that a server states to be unchanged.

    :param date: the record's WARC-Date.
    :param digest: of the payload; None where it is unknown.
    :param first: the first capture of the payload.
    """
    return _as_member(_not_modified(target, {"WARC-Date": date}, digest, first))


def _not_modified(
    target: str, about: Mapping[str, str], digest: str | None, first: Capture | None
) -> ArcWarcRecord:
    headers = {**about, "WARC-Profile": _SERVER_NOT_MODIFIED, "WARC-Refers-To-Target-URI": target}
    if digest is not None and first is not None:
        headers |= {
            "WARC-Refers-To-Target-URI": first.url,
            "WARC-Refers-To-Date": first.fetched,
            "WARC-Payload-Digest": digest,
        }
    return _RECORDS.create_warc_record(target, "revisit", warc_headers_dict=headers)


def metadata_record(target: str, facts: Mapping[str, Any], now: datetime) -> bytes:
    """Return a ``metadata`` record with a JSON object.

    :param target: the record's target, a URI.
    """
    payload = json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode()
    return _record(target, "metadata", "application/json", payload, utc_iso(now, "microseconds"))


def conversion_record(target: str, post: bytes, now: datetime) -> bytes:
    """Return a ``conversion`` record with a post that was generated from captured responses."""
    media_type = "text/markdown; charset=utf-8"
    return _record(target, "conversion", media_type, post, utc_iso(now, "microseconds"))


def resource_record(target: str, media_type: str, data: bytes, date: str) -> bytes:
    """Return a ``resource`` record: bytes without the exchange that fetched them.

    :param date: the record's WARC-Date.
    """
    return _record(target, "resource", media_type, data, date)


def _record(target: str, kind: str, media_type: str, data: bytes, date: str) -> bytes:
    return _as_member(_block(target, kind, media_type, data, {"WARC-Date": date}))


def _block(
    target: str, kind: str, media_type: str, data: bytes, headers: Mapping[str, str]
) -> ArcWarcRecord:
    return _RECORDS.create_warc_record(
        target,
        kind,
        payload=io.BytesIO(data),
        length=len(data),
        warc_content_type=media_type,
        warc_headers_dict=dict(headers),
    )


def _as_member(record: ArcWarcRecord) -> bytes:
    """Return a record as a gzip member.

    :raises ValueError: when it is larger than `MOST_BYTES`.
    """
    plain = io.BytesIO()
    WARCWriter(plain, gzip=False).write_record(record)
    if plain.tell() > MOST_BYTES:
        raise ValueError(f"its record would have more than {MOST_BYTES >> 20} MB")
    return isal_zlib.compress(plain.getvalue(), wbits=_GZIP)


def payload_digest(payload: bytes) -> str:
    """Return the digest of a payload as WARC writes it: SHA-1 in base 32."""
    return _ALGORITHM + b32encode(sha1(payload, usedforsecurity=False).digest()).decode()


def has_digest(payload: bytes | memoryview, digest: str) -> bool:
    """Return whether `digest` equals `payload_digest`.

    Python reads base 32 in a sixth of the time that it takes to write it.
    """
    if not _DIGEST.fullmatch(digest):
        return False
    expected = int(digest.removeprefix(_ALGORITHM).encode().translate(_DIGITS), 32)
    return expected == int.from_bytes(sha1(payload, usedforsecurity=False).digest())
