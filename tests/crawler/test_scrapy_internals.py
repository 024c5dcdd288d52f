"""The private parts of Scrapy and Twisted that finews uses are as they were, and still needed."""

import inspect

import pytest
from scrapy.core.downloader import Downloader
from scrapy.core.downloader.handlers import http11
from scrapy.core.engine import ExecutionEngine, _Slot
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.http import Headers
from scrapy.pipelines.media import MediaPipeline
from scrapy.settings import default_settings
from twisted.internet.testing import StringTransport
from twisted.web._newclient import HTTP11ClientProtocol, HTTPClientParser, Request
from twisted.web.http import _ChunkedTransferDecoder
from twisted.web.http_headers import Headers as TwistedHeaders

from crawler import scrapy_internals


@pytest.mark.parametrize(
    ("part", "uses"),
    [
        (http11.HTTP11DownloadHandler.__init__, "self._pool._factory = "),
        (http11._LenientHTTP11ClientProtocol.request, "self._parser.__class__ = "),
        (HTTP11ClientProtocol.__init__, "self._quiescentCallback = "),
        (HTTPClientParser.lineReceived, "if self.state == STATUS:"),
        (HTTPClientParser, "_transferDecoders = "),
        (_ChunkedTransferDecoder._dataReceived_CHUNK_LENGTH, "self._buffer.find("),
        (ExecutionEngine.download_async, "self._slot.remove_request(request)"),
        (_Slot._maybe_fire_closing, "self.closing is not None and not self.inprogress"),
        (MediaPipeline, "info.downloaded[fp] = result"),
    ],
)
def test_what_is_built_upon_is_there(part: object, uses: str) -> None:
    assert uses in inspect.getsource(part)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("part", "shortcoming"),
    [
        (RobotsTxtMiddleware.robot_parser, "await maybe_deferred_to_future(parser)"),
        (Downloader._process_queue, "_schedule_coro(self._wait_for_download("),
    ],
)
def test_what_is_made_up_for_is_still_missing(part: object, shortcoming: str) -> None:
    """When one fails, see whether finews' own class for it can go."""
    assert shortcoming in inspect.getsource(part)  # type: ignore[arg-type]


def test_scrapy_has_no_settings_for_it() -> None:
    """When it has, parts of `crawler.scrapy_internals` can go."""
    names = [name for name in vars(default_settings) if "HEADER" in name or "MEDIA" in name]
    assert names == ["DEFAULT_REQUEST_HEADERS"]


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    "sent",
    [
        b"3\r\nab\n\r\n2\r\n\r\n\r\n0\r\n\r\n",
        b"3\nab\n\n2\n\r\n\n0\n\n",
        b"3  \r\nab\n\r\n2 ;a=b\r\n\r\n\r\n0  \r\nX: 1\r\n\r\n",
        b"003\nab\n\r\n2;a\n\r\n\n0\nX: 1\n\n",
    ],
)
def test_chunks_of_old_servers_are_read(sent: bytes, at_once: bool) -> None:
    got: list[bytes] = []
    rest: list[bytes] = []
    decoder = scrapy_internals._LenientChunks(got.append, rest.append)
    for piece in [sent] if at_once else [bytes([byte]) for byte in sent]:
        decoder.dataReceived(piece)
    decoder.noMoreData()
    assert (b"".join(got), rest) == (b"ab\n\r\n", [b""])


@pytest.mark.parametrize("status_line", [b"HTTP/2 200", b"HTTP/1 200 OK", b"HTTP/1.0 200 OK"])
def test_a_version_without_its_second_number_is_read(status_line: bytes) -> None:
    parser = scrapy_internals._Parser(Request(b"GET", b"/", TwistedHeaders(), None), lambda _: None)
    parser.makeConnection(StringTransport())
    parser.dataReceived(status_line + b"\r\nContent-Length: 0\r\n\r\n")
    assert parser.response.code == 200
    head = scrapy_internals.wire_head_of(Headers(parser.response.headers.getAllRawHeaders()))
    assert head.startswith(status_line + b"\r\n")


def test_heads_of_responses_are_lines_without_transfer_encoding() -> None:
    lines = [b"HTTP/1.1 200 Fine", b"Transfer-Encoding: chunked", b"x-A: 1", b" 2", b""]
    head = scrapy_internals._head_of(lines)
    assert head == b"HTTP/1.1 200 Fine\r\nx-A: 1\r\n 2\r\n"
    assert scrapy_internals.wire_head_of(Headers()) == b""
