"""Errors of requests that got no answer, and the reason as the end of a sentence."""

from collections.abc import Sequence

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from service_identity import VerificationError
from twisted.internet.error import ConnectionClosed

from crawler.scrapy_internals import HeadersTooLarge, ParseError

_WHY = {
    CannotResolveHostError: "its host has no address",
    DownloadConnectionRefusedError: "its host refuses connections",
    DownloadTimeoutError: "the whole answer did not come in time",
    DownloadCancelledError: "the answer is larger than DOWNLOAD_MAXSIZE",
    ResponseDataLossError: "the answer ended before its end",
}

#: What Scrapy raises for a request that got no answer.
DOWNLOAD_ERRORS = (IgnoreRequest, DownloadFailedError, UnsupportedURLSchemeError, *_WHY)

#: What Twisted makes of a status or a header that it cannot read.
_NO_HTTP = (ParseError, ValueError, LookupError)


class HostBlocked(IgnoreRequest):
    """Raised for a request to a host that is not asked for a while.

    :param refused: it refused this machine; else it gave no answer.
    """

    def __init__(self, sentence: str, *, refused: bool) -> None:
        super().__init__(sentence)
        self.refused = refused


def is_cut(error: BaseException) -> bool:
    """Return whether the host cut the connection before it answered."""
    if isinstance(error, ResponseDataLossError):
        return False
    return any(isinstance(cause, ConnectionClosed) for cause in _causes(error))


def why(error: BaseException) -> str:
    """Return the reason why no answer came, as the end of a sentence."""
    causes = _causes(error)
    if any(
        isinstance(cause, VerificationError) or "certificate verify failed" in str(cause)
        for cause in causes
    ):
        return "its certificate is out of date, another host's or of an issuer not trusted here"
    if too_large := [cause for cause in causes if isinstance(cause, HeadersTooLarge)]:
        return str(too_large[0])
    for kind, reason in _WHY.items():
        if isinstance(error, kind):
            return reason
    if any(isinstance(cause, ConnectionClosed) for cause in causes):
        return "its host broke the connection off"
    if any(isinstance(cause, _NO_HTTP) for cause in causes):
        return "its answer is not HTTP"
    return str(error)


def _causes(error: BaseException) -> Sequence[BaseException]:
    """Return the errors of the connection, which are the reasons of the Twisted error behind."""
    return [reason.value for reason in getattr(error.__cause__, "reasons", ())]
