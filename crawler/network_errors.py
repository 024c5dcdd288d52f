"""Errors of requests that got no answer, and the reason as the end of a sentence."""

from collections.abc import Sequence

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from service_identity import VerificationError
from twisted.internet.error import ConnectionClosed
from twisted.web._newclient import ParseError

from crawler.headers import HeadersTooLarge

_WHY = {
    CannotResolveHostError: "its host has no address",
    DownloadConnectionRefusedError: "its host refuses connections",
    DownloadTimeoutError: "the whole answer did not come in time",
    DownloadCancelledError: "the answer is larger than DOWNLOAD_MAXSIZE",
    ResponseDataLossError: "the answer ended before its end",
}

_NO_HTTP = (ParseError, ValueError, LookupError)
"""What Twisted makes of a status or a header that it cannot read."""


class HostBlocked(IgnoreRequest):
    """Raised for a request to a host that is not asked for a while.

    :param refused: it refused this machine; else it gave no answer.
    """

    def __init__(self, sentence: str, *, refused: bool) -> None:
        super().__init__(sentence)
        self.refused = refused


def is_cut(error: BaseException) -> bool:
    """Whether the host broke the connection off before it answered."""
    if isinstance(error, ResponseDataLossError):
        return False
    return any(isinstance(cause, ConnectionClosed) for cause in _causes(error))


def why(error: BaseException) -> str:
    """What kept an answer from coming, as the end of a sentence."""
    causes = _causes(error)
    if any(
        isinstance(cause, VerificationError) or "certificate verify failed" in str(cause)
        for cause in causes
    ):
        return "its certificate is out of date, another host's or of an issuer not trusted here"
    if too_large := [cause for cause in causes if isinstance(cause, HeadersTooLarge)]:
        return str(too_large[0])
    for kind, told in _WHY.items():
        if isinstance(error, kind):
            return told
    if any(isinstance(cause, ConnectionClosed) for cause in causes):
        return "its host broke the connection off"
    if any(isinstance(cause, _NO_HTTP) for cause in causes):
        return "its answer is not HTTP"
    return str(error)


def _causes(error: BaseException) -> Sequence[BaseException]:
    """Twisted's own error, which Scrapy's stands for, has those of the connection as reasons."""
    return [reason.value for reason in getattr(error.__cause__, "reasons", ())]
