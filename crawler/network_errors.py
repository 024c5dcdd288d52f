"""Errors of requests without an answer, and the reason as the end of a sentence."""

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

#: The reason, as the end of a sentence, by the error that Scrapy raises.
_WHY = {
    CannotResolveHostError: "its host has no address",
    DownloadConnectionRefusedError: "its host refuses connections",
    DownloadTimeoutError: "the whole answer did not come in time",
    DownloadCancelledError: "the answer is larger than DOWNLOAD_MAXSIZE",
    ResponseDataLossError: "the answer ended too early",
}

#: The errors that Scrapy raises for a request without an answer.
DOWNLOAD_ERRORS = (IgnoreRequest, DownloadFailedError, UnsupportedURLSchemeError, *_WHY)

#: The errors that Twisted raises for a status or a header that it cannot read.
_NO_HTTP = (ParseError, ValueError, LookupError)


class HostBlocked(IgnoreRequest):
    """Raised for a request to a blocked host.

    :param refused: the host refused this machine; otherwise it gave no answer.
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
        return "its host closed the connection without an answer"
    if any(isinstance(cause, _NO_HTTP) for cause in causes):
        return "its answer is not HTTP"
    return str(error)


def _causes(error: BaseException) -> Sequence[BaseException]:
    """Return the errors of the connection, which Twisted stores in the cause of an error."""
    return [reason.value for reason in getattr(error.__cause__, "reasons", ())]
