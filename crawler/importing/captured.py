"""A captured response: as it was sent, as it is read, and as the archive stores it."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from archive.errors import Refused
from archive.warc import Exchange, Record
from crawler.checking.answers import response_of as response_of_file
from crawler.declarations import Answer, Declaration
from crawler.declarations.redaction import storable
from crawler.declared_answers import answer_of
from crawler.reparse import response_of
from crawler.scrapy_internals import DECOMPRESSION_ERRORS

_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
_OF_THE_BODY = frozenset({"content-encoding", "content-length", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Captured:
    """A captured response.

    :param record: with the payload as it was sent, but without chunks; None for a saved file, which
        is not stored.
    :param date: of the capture; aware.
    :param response: as page objects read it.
    """

    record: Record | None
    date: datetime
    response: Response

    @property
    def url(self) -> str:
        """The address that it came from."""
        return str(self.response.url)

    @property
    def answer(self) -> Answer:
        """The response as declarations read it."""
        return answer_of(self.response, self.date)

    def exchange(self, declaration: Declaration | None) -> Exchange | None:
        """Return the response as it is stored, without what its source's declaration removes.

        :returns: None for a saved file.
        """
        if self.record is None:
            return None
        exchange = Exchange(
            url=self.record.url,
            method="GET",
            request_headers=None,
            status=self.response.status,
            response_headers=self.record.headers,
            body=self.record.payload,
            received=self.date,
            response_head=self.record.heading + b"\r\n",
        )
        if declaration is None or not declaration.redaction.removes_anything:
            return exchange
        kept = storable(declaration, self.answer).body
        if kept == self.response.body:
            return exchange
        headers = [one for one in self.record.headers if one[0].lower() not in _OF_THE_BODY]
        return replace(
            exchange,
            body=kept,
            response_headers=[*headers, ("Content-Length", str(len(kept)))],
            response_head=b"",
            redacted=f"{'fields' if kept else 'payload'}; declaration={declaration.name}",
        )


def captured(record: Record, compression: HttpCompressionMiddleware) -> Captured:
    """Return a record's response.

    :raises Refused: when its date or its payload cannot be read.
    """
    chunked = any(
        name.lower() == "transfer-encoding" and "chunked" in value.lower()
        for name, value in record.headers
    )
    if chunked:
        record = replace(record, payload=without_chunks(record.payload))
    try:
        response = response_of(record, compression)
    except IgnoreRequest as error:
        raise Refused(f"{record.url} unpacks to more than DOWNLOAD_MAXSIZE allows") from error
    except DECOMPRESSION_ERRORS as error:
        if not _is_plain(record.payload):
            raise Refused(f"{record.url} has a body that cannot be unpacked: {error}") from error
        # Some programs unpack bodies, and leave the header as it was.
        lines = record.heading.split(b"\r\n")
        kept = [line for line in lines if not line.lower().startswith(b"content-encoding:")]
        record = replace(record, heading=b"\r\n".join(kept))
        response = response_of(record, compression)
    if encoding := response.headers.get("Content-Encoding"):
        name = encoding.decode("latin-1")
        raise Refused(f"{record.url} is compressed with {name}, for which no library is installed")
    return Captured(record, date_of(record), response)


def _is_plain(payload: bytes) -> bool:
    """Report whether a payload begins as HTML, XML or JSON does."""
    return payload.lstrip()[:1] in {b"<", b"{", b"["}


def captured_file(answer: Answer, now: datetime) -> Captured:
    """Return a saved answer as a response, which was received at the time of its file.

    :param now: replaces a time that is not known, or not yet there; aware.
    """
    response = response_of_file(answer.address, answer.body, content_type=answer.content_type)
    return Captured(None, min(answer.fetched or now, now), response)


def date_of(record: Record) -> datetime:
    """Return the time of a capture; aware.

    :raises Refused: when the record has none.
    """
    try:
        date = datetime.fromisoformat(record.date)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refused(f"{record.url} has the WARC-Date {record.date!r}, which is none") from error


def without_chunks(payload: bytes) -> bytes:
    """Return a payload without its transfer encoding; as it is, where that was removed before.

    :raises Refused: when it ends within a chunk.
    """
    parts: list[bytes] = []
    position = 0
    while match := _CHUNK_SIZE.match(payload, position):
        size = int(match[1], 16)
        if size == 0:
            return b"".join(parts)
        begin = match.end()
        if payload[begin + size : begin + size + 2] != b"\r\n":
            break
        parts.append(payload[begin : begin + size])
        position = begin + size + 2
    if parts:
        raise Refused(f"its chunks end after {position:,} bytes, before the last one")
    return payload
