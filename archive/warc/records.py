"""WARC records as bytes: whole gzip members, ready to be appended to a file."""

import io
import json
import re
from base64 import b32encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha1
from http.client import responses as reasons
from string import printable
from typing import Any
from urllib.parse import quote

from isal import isal_zlib
from warcio.recordbuilder import RecordBuilder
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.capture import Capture
from archive.warc.names import SOFTWARE

Headers = Sequence[tuple[str, str]]

_RECORDS = RecordBuilder(warc_version="1.1")
_GZIP = 31
"""Of zlib's `wbits`. ISA-L, which knows the same, takes a third of zlib's time; of what sites send
compressed it makes 1 % more bytes."""

MOST_BYTES = 128 << 20
"""Of a record. One that unpacks to more is not read, so that memory stays bounded."""

_ALGORITHM = "sha1:"
_DIGEST = re.compile("sha1:[A-Z2-7]{32}", re.ASCII)
_DIGITS = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHIJKLMNOPQRSTUV")
"""From the digits of RFC 4648, section 6, to those that Python reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and what came back, as sent: a compressed body is still compressed.

    :param received: when the response was complete; aware.
    :param address: IP address of the server; None where a proxy was asked instead.
    """

    url: str
    method: str
    request_headers: Headers
    status: int
    response_headers: Headers
    body: bytes
    received: datetime
    address: str | None = None

    @property
    def target(self) -> str:
        """The address without its fragment, which was never sent."""
        return self.url.partition("#")[0]


def warcinfo_record(file: str) -> bytes:
    """The record that a file begins with.

    :param file: its name when it is finished.
    """
    info = {"software": SOFTWARE, "format": "WARC File Format 1.1"}
    return _as_member(_RECORDS.create_warcinfo_record(file, info))


def _http(first_line: str, headers: Headers, **kind: Any) -> StatusAndHeaders:
    """warcio makes ASCII of what else sites send, but of a value in parts, such as ``a=0;é``, not
    of all of it, and then fails.
    """
    made = StatusAndHeaders(first_line, list(headers), **kind)
    made.percent_encode_non_ascii_headers()
    made.headers = [(_ascii(name), _ascii(value)) for name, value in made.headers]
    return made


def _ascii(text: str) -> str:
    return text if text.isascii() else quote(text, safe=printable)


def exchange_records(exchange: Exchange, digest: str, first: Capture | None) -> bytes:
    """A ``response`` and its ``request``.

    :param digest: of the body, see `payload_digest`.
    :param first: capture of the same body; the response is then a ``revisit`` of that.
    """
    date = iso_microseconds(exchange.received)
    headers = _http(
        f"{exchange.status} {reasons.get(exchange.status, 'Unknown')}",
        exchange.response_headers,
        protocol="HTTP/1.1",
    )
    _, _, path = exchange.target.partition("://")
    asked = _http(
        f"{exchange.method} /{path.partition('/')[2]} HTTP/1.1",
        exchange.request_headers,
        is_http_request=True,
    )
    warc_headers = {"WARC-Date": date}
    if exchange.address is not None:
        warc_headers["WARC-IP-Address"] = exchange.address
    if first is None:
        response = _RECORDS.create_warc_record(
            exchange.target,
            "response",
            payload=io.BytesIO(exchange.body),
            length=len(exchange.body),
            http_headers=headers,
            warc_headers_dict=warc_headers | {"WARC-Payload-Digest": digest},
        )
    else:
        response = _RECORDS.create_revisit_record(
            exchange.target, digest, first.url, first.fetched, headers, warc_headers
        )
    number = response.rec_headers.get_header("WARC-Record-ID")
    request = _RECORDS.create_warc_record(
        exchange.target,
        "request",
        http_headers=asked,
        warc_headers_dict={"WARC-Date": date, "WARC-Concurrent-To": number},
    )
    return _as_member(response) + _as_member(request)


def metadata_record(about: str, facts: Mapping[str, Any], now: datetime) -> bytes:
    """A ``metadata`` record with a JSON object.

    :param about: the record's target, a URI.
    """
    payload = json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode()
    return _resource(about, "metadata", "application/json", payload, now)


def conversion_record(about: str, post: bytes, now: datetime) -> bytes:
    """A post, which was made of captured responses, as a ``conversion`` record."""
    return _resource(about, "conversion", "text/markdown; charset=utf-8", post, now)


def _resource(about: str, kind: str, media_type: str, data: bytes, now: datetime) -> bytes:
    record = _RECORDS.create_warc_record(
        about,
        kind,
        payload=io.BytesIO(data),
        length=len(data),
        warc_content_type=media_type,
        warc_headers_dict={"WARC-Date": iso_microseconds(now)},
    )
    return _as_member(record)


def _as_member(record: ArcWarcRecord) -> bytes:
    """A record as a gzip member.

    :raises ValueError: when it is larger than any that is read.
    """
    plain = io.BytesIO()
    WARCWriter(plain, gzip=False).write_record(record)
    if plain.tell() > MOST_BYTES:
        raise ValueError(f"its record would have more than {MOST_BYTES >> 20} MB")
    return isal_zlib.compress(plain.getvalue(), wbits=_GZIP)


def payload_digest(payload: bytes) -> str:
    """A digest as WARC writes it: SHA-1 in base 32."""
    return _ALGORITHM + b32encode(sha1(payload, usedforsecurity=False).digest()).decode()


def has_digest(payload: bytes | memoryview, digest: str) -> bool:
    """Whether `digest` is what `payload_digest` gives; Python reads base 32 in a sixth of the time
    that it takes to write it.
    """
    if not _DIGEST.fullmatch(digest):
        return False
    told = int(digest.removeprefix(_ALGORITHM).encode().translate(_DIGITS), 32)
    return told == int.from_bytes(sha1(payload, usedforsecurity=False).digest())


def iso_microseconds(time: datetime) -> str:
    """A time as a WARC-Date."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
