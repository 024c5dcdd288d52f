"""The one module that uses private parts of Scrapy 2.19 and Twisted.

Each part names the upstream thread about it. `tests/crawler/test_scrapy_internals.py` fails when
Scrapy or Twisted changes one of these parts or no longer needs it.

- Heads of responses. ``DOWNLOAD_MAXSIZE`` limits bodies alone
  (https://github.com/scrapy/scrapy/pull/7813). Twisted keeps neither order nor case of names
  (https://github.com/scrapy/scrapy/issues/2803, https://github.com/scrapy/scrapy/issues/2711), and
  Scrapy neither the reason phrase nor lines that are no header. So the head of a response travels
  to `wire_head_of` as one more header, which replaces any of that name that a site sends.
- Downloads outside of the scheduler, as media pipelines make them: the engine may close before what
  they fetched is stored (https://github.com/scrapy/scrapy/issues/6206).
- The cache of media pipelines, which grows all crawl long
  (https://github.com/scrapy/scrapy/issues/939).
- Bodies that cannot be decompressed: each library has an error of its own, and Scrapy lets it pass.
"""

import re
import struct
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from scrapy import Request as ScrapyRequest
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from scrapy.core.engine import ExecutionEngine, _Slot
from scrapy.http import Headers
from scrapy.pipelines.media import MediaPipeline
from scrapy.utils._compression import brotli, zstd  # type: ignore[attr-defined]
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.web._newclient import STATUS, ParseError, Request
from twisted.web.http import _ChunkedTransferDecoder
from twisted.web.iweb import IResponse

__all__ = [
    "DECOMPRESSION_ERRORS",
    "HeadersTooLarge",
    "ParseError",
    "bound_headers",
    "forget_media",
    "is_closing",
    "kept_open",
    "wire_head_of",
]

#: What decompressing a damaged body raises.
DECOMPRESSION_ERRORS = (
    *(zlib.error, EOFError, OSError, ValueError, struct.error),
    *(brotli.error, zstd.ZstdError),
)

#: The most bytes of the head of a response, as in browsers.
_MAX_BYTES = 256 * 1024

_WIRE_HEAD = b"X-Finews-Wire-Head"
_TRANSFER_ENCODING = b"transfer-encoding"

# The version in a status line such as "HTTP/2 200", which some servers and proxies send.
_WITHOUT_MINOR = re.compile(rb"^(HTTP/[0-9]) ")


class HeadersTooLarge(Exception):
    """An answer has more bytes of headers than the limit."""

    def __init__(self) -> None:
        super().__init__(f"the answer has more than {_MAX_BYTES // 1024} KiB of headers")


class _LenientChunks(_ChunkedTransferDecoder):
    """Twisted's decoder, which also accepts what old servers write.

    That is blanks after a chunk's size, and lines that end with a line feed alone.
    """

    def _dataReceived_CHUNK_LENGTH(self) -> bool:
        self._complete_line()
        end = self._buffer.find(b"\r\n")
        if end > 0:
            size, *extensions = self._buffer[:end].split(b";", 1)
            self._buffer[:end] = b";".join([size.rstrip(b" \t"), *extensions])
            self._start = 0
        return super()._dataReceived_CHUNK_LENGTH()

    def _dataReceived_CRLF(self) -> bool:
        self._complete_line()
        return super()._dataReceived_CRLF()

    def _dataReceived_TRAILER(self) -> bool:
        self._complete_line()
        return super()._dataReceived_TRAILER()

    def _complete_line(self) -> None:
        """Insert the carriage return that the end of the first line lacks."""
        end = self._buffer.find(b"\n")
        if end >= 0 and self._buffer[end - 1 : end] != b"\r":
            self._buffer[end:end] = b"\r"
            self._start = 0


class _Parser(_LenientHTTPClientParser):
    """Scrapy's parser, which also stores all lines of the head, up to a limit."""

    _left = _MAX_BYTES
    _lines: list[bytes]
    _transferDecoders = {b"chunked": _LenientChunks}  # noqa: RUF012 (as in Twisted)

    def lineReceived(self, line: bytes) -> None:
        self._left -= len(line) + 1
        if self._left < 0:
            raise HeadersTooLarge
        if self.state == STATUS:
            self._lines = []  # forgets those of a 1xx response before
        self._lines.append(line.removesuffix(b"\r"))
        if self.state == STATUS:
            line = _WITHOUT_MINOR.sub(rb"\1.0 ", line)
        super().lineReceived(line)

    def allHeadersReceived(self) -> None:
        self.headers.setRawHeaders(_WIRE_HEAD, [b64encode(_head_of(self._lines))])
        super().allHeadersReceived()  # type: ignore[no-untyped-call]


def _head_of(lines: Iterable[bytes]) -> bytes:
    """Join the lines without Transfer-Encoding, whose chunks the body no longer has."""
    joined: list[bytes] = []
    left_out = False
    for line in lines:
        if not line.startswith((b" ", b"\t")):
            left_out = line.partition(b":")[0].lower() == _TRANSFER_ENCODING
        if line.strip() and not left_out:
            joined.append(line + b"\r\n")
    return b"".join(joined)


def wire_head_of(headers: Headers) -> bytes:
    """Take the head of a response from its headers: the status line and all others, with CRLF."""
    encoded: list[bytes] = headers.pop(_WIRE_HEAD, [])
    return b"".join(map(b64decode, encoded))


class _Protocol(_LenientHTTP11ClientProtocol):
    def request(self, request: Request) -> "Deferred[IResponse]":
        answer = super().request(request)
        self._parser.__class__ = _Parser  # as Scrapy does
        return answer


class _Factory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: IAddress | None) -> _Protocol:
        return _Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


def bound_headers(handler: HTTP11DownloadHandler) -> None:
    """Have a download handler store heads of responses, and limit their size."""
    handler._pool._factory = _Factory


@contextmanager
def kept_open(engine: ExecutionEngine) -> Iterator[None]:
    """Prevent an engine from closing its parts; at the end, let it continue."""
    slot, placeholder = _slot_of(engine), ScrapyRequest("data:,")  # is never sent
    slot.add_request(placeholder)
    try:
        yield
    finally:
        slot.remove_request(placeholder)
        slot.nextcall.schedule()


def is_closing(engine: ExecutionEngine) -> bool:
    """Return whether the crawl is ending."""
    return _slot_of(engine).closing is not None


def _slot_of(engine: ExecutionEngine) -> _Slot:
    assert engine._slot is not None
    return engine._slot


def forget_media(info: MediaPipeline.SpiderInfo) -> None:
    """Empty a media pipeline's cache of what it fetched."""
    info.downloaded.clear()
