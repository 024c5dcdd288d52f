"""Stores every request and its response, with the bytes that were sent."""

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Headers, Response
from scrapy.utils.httpobj import urlparse_cached

from archive.capture import Capture
from archive.errors import ArchiveError
from archive.warc import Exchange, payload_digest
from crawler.middlewares.redaction import ResponseRedaction
from crawler.request_meta import LIST, PAYLOAD, PICTURE, WIRE_HEAD
from crawler.session import Component

#: Key of `Request.meta`: the `Capture` of the response.
_CAPTURE = "finews_capture"
#: Headers of requests that are not stored.
_SECRET = {b"proxy-authorization", b"authorization", b"cookie"}


class NotStored(IgnoreRequest):
    """The archive could not store a response; the crawl ends."""


class CaptureMiddleware(Component):
    """Stores responses next to the network, where a compressed body is still compressed.

    What a declaration never stores is removed before. ``FINEWS_WARC=False`` switches captures off.
    Pictures are not captured: they are stored as files of their own, under their hashes.
    """

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("FINEWS_WARC"):
            raise NotConfigured
        super().__init__(crawler)
        self._redaction = ResponseRedaction(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        """Return the response as it is; its request's meta names where it is stored."""
        if PICTURE in request.meta:
            return response
        proxied = "proxy" in request.meta
        host = urlparse_cached(request).netloc.rpartition("@")[2]
        stored, redacted = self._redaction.apply(request, response)
        head = request.meta.pop(WIRE_HEAD, b"")
        exchange = Exchange(
            url=request.url,
            method=request.method,
            request_headers=[("Host", host), *_plain(request.headers)],
            status=stored.status,
            response_headers=_plain(stored.headers),
            body=stored.body,
            received=self.session.now(),
            address=None if proxied or response.ip_address is None else str(response.ip_address),
            response_head=head if redacted is None else b"",
            unchanged=request.meta.get(PAYLOAD),
            redacted=redacted,
        )
        if LIST in request.meta and not exchange.is_unchanged:
            request.meta[PAYLOAD] = payload_digest(stored.body)
        try:
            request.meta[_CAPTURE] = self.session.archive.capture(exchange)
        except ArchiveError as error:
            self.session.storage_failed(error)
            raise NotStored("its response could not be stored") from error
        return response


def capture_of(response: Response) -> tuple[Capture, ...]:
    """Return where a response is stored; empty when captures are off."""
    capture: Capture | None = response.meta.get(_CAPTURE)
    return (capture,) if capture else ()


def _plain(headers: Headers) -> list[tuple[str, str]]:
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in headers.items()
        if name.lower() not in _SECRET
        for value in values
    ]
