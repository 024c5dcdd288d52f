"""Headers of responses as they come: kept for the capture, and bounded.

DOWNLOAD_MAXSIZE is of bodies alone. Twisted keeps neither order nor case of names, and Scrapy
neither the reason phrase nor what is no header, so the head of a response travels to
`wire_head_of` as one more header, which replaces any of that name that a site sends.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable

from scrapy.core.downloader.handlers.http11 import (
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from scrapy.http import Headers
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.web._newclient import STATUS, Request
from twisted.web.http import _ChunkedTransferDecoder
from twisted.web.iweb import IResponse

_MOST_BYTES = 256 * 1024
"""As in browsers."""

_WIRE_HEAD = b"X-Finews-Wire-Head"
_TRANSFER_ENCODING = b"transfer-encoding"


class HeadersTooLarge(Exception):
    """An answer has more headers than any needs."""

    def __init__(self) -> None:
        super().__init__(f"the answer has more than {_MOST_BYTES // 1024} KiB of headers")


class _PaddedChunks(_ChunkedTransferDecoder):
    """Twisted's own, for old servers too that write blanks behind the size of a chunk."""

    def _dataReceived_CHUNK_LENGTH(self) -> bool:
        end = self._buffer.find(b"\r\n")
        if end > 0:
            size, *extensions = self._buffer[:end].split(b";", 1)
            self._buffer[:end] = b";".join([size.rstrip(b" \t"), *extensions])
            self._start = 0
        return super()._dataReceived_CHUNK_LENGTH()


class _Parser(_LenientHTTPClientParser):
    """Scrapy's own, which keeps all lines of the headers that come."""

    _left = _MOST_BYTES
    _lines: list[bytes]
    _transferDecoders = {b"chunked": _PaddedChunks}  # noqa: RUF012 (as in Twisted)

    def lineReceived(self, line: bytes) -> None:
        self._left -= len(line) + 1
        if self._left < 0:
            raise HeadersTooLarge
        if self.state == STATUS:
            self._lines = []  # forgets those of a 1xx response before
        self._lines.append(line.removesuffix(b"\r"))
        super().lineReceived(line)

    def allHeadersReceived(self) -> None:
        self.headers.setRawHeaders(_WIRE_HEAD, [b64encode(_head_of(self._lines))])
        super().allHeadersReceived()  # type: ignore[no-untyped-call]


def _head_of(lines: Iterable[bytes]) -> bytes:
    """The lines, without Transfer-Encoding: its chunks are gone from the body, too."""
    kept: list[bytes] = []
    left_out = False
    for line in lines:
        if not line.startswith((b" ", b"\t")):
            left_out = line.partition(b":")[0].lower() == _TRANSFER_ENCODING
        if line.strip() and not left_out:
            kept.append(line + b"\r\n")
    return b"".join(kept)


def wire_head_of(headers: Headers) -> bytes:
    """Take the head of a response from its headers: the status line and all others, with CRLF."""
    encoded: list[bytes] = headers.pop(_WIRE_HEAD, [])
    return b"".join(map(b64decode, encoded))


class _Protocol(_LenientHTTP11ClientProtocol):
    def request(self, request: Request) -> "Deferred[IResponse]":
        answer = super().request(request)
        self._parser.__class__ = _Parser  # as Scrapy's own does
        return answer


class BoundedHeadersFactory(_LenientHTTP11ClientFactory):
    """Of connections that break off where headers do not end."""

    def buildProtocol(self, addr: IAddress | None) -> _Protocol:
        """Of one connection."""
        return _Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
