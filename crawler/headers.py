"""Answers whose headers are without an end: DOWNLOAD_MAXSIZE is of bodies alone."""

from scrapy.core.downloader.handlers.http11 import (
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.web._newclient import Request
from twisted.web.iweb import IResponse

_MOST_BYTES = 256 * 1024
"""As in browsers."""


class HeadersTooLarge(Exception):
    """An answer has more headers than any needs."""

    def __init__(self) -> None:
        super().__init__(f"the answer has more than {_MOST_BYTES // 1024} KiB of headers")


class _Parser(_LenientHTTPClientParser):
    """Scrapy's own, which keeps all lines of the headers that come."""

    _left = _MOST_BYTES

    def lineReceived(self, line: bytes) -> None:
        self._left -= len(line) + 1
        if self._left < 0:
            raise HeadersTooLarge
        super().lineReceived(line)


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
