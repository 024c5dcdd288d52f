"""Failures, counted by reason and said once, in one sentence."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.spidermiddlewares.httperror import HttpError
from service_identity import VerificationError
from twisted.internet.error import ConnectionClosed
from twisted.python.failure import Failure
from twisted.web._newclient import ParseError

from archive.article import InfoCode
from archive.errors import ArchiveError
from crawler.extensions.open_archive import archive_here, open_archive_of
from crawler.headers import HeadersTooLarge

logger = logging.getLogger(__name__)

_WHY = {
    CannotResolveHostError: "its host has no address",
    DownloadConnectionRefusedError: "its host refuses connections",
    DownloadTimeoutError: "the whole answer did not come in time",
    DownloadCancelledError: "the answer is larger than DOWNLOAD_MAXSIZE",
    ResponseDataLossError: "the answer ended before its end",
}

_NO_HTTP = (ParseError, ValueError, LookupError)
"""What Twisted makes of a status or a header that it cannot read."""

_NO_ANSWER = {"left_out", "unreachable"}
"""Reasons that say nothing of the article; such a failure is no attempt."""


class Failures:
    """What a crawl could not do, in its stats: ``article/failed/<reason>``, ``list/failed/…``,
    ``picture/failed/…``."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    def of_article(
        self, info_code: InfoCode, reason: str, sentence: str, url: str | None = None
    ) -> None:
        """An article is not archived by this crawl; a later one tries again.

        :param url: of its post page; None when it was asked for by its share link.
        """
        opened = open_archive_of(self._crawler)
        asked = opened.settle(info_code)
        if opened.archive.has(info_code):
            return  # by another way
        self._count("article", reason)
        answered = reason not in _NO_ANSWER
        with self._noting():
            opened.note_failure(info_code, asked, url, sentence, answered=answered)
        logger.warning("%s is not archived: %s", info_code, sentence)

    def stands_in(self, info_code: InfoCode, sentence: str) -> None:
        """An article is archived with a stand-in, because its own page could not be read."""
        self._add_one("article/unreadable")
        logger.error("%s is archived without its own text: %s", info_code, sentence)

    def of_list(self, url: str, reason: str, sentence: str) -> None:
        """A list could not be read; articles that only it names are missed."""
        self._count("list", reason)
        logger.warning("The list %s was not read: %s", url, sentence)

    def ends_early(self, sentence: str) -> None:
        """A list ends before what was wanted of it; articles that only it names are missed."""
        self._add_one("list/ends_early")
        logger.warning("%s", sentence)

    def of_picture(self, address: str, reason: str, sentence: str, *, answered: bool) -> None:
        """A picture is not kept by this crawl; a later one tries again. No article fails by it.

        :param answered: the host said something of it; only then it counts as an attempt.
        """
        self._count("picture", reason)
        archive = archive_here(self._crawler)
        with self._noting():
            archive.mark_picture_failed(address, sentence, answered=answered)
        logger.info("A picture is not kept: %s", sentence)

    def missing_list(self, url: str) -> None:
        """A list that posts link to is not there: the source says so, and it is no failure.

        It is asked for again whenever the lists that lead to it change.
        """
        self._add_one("list/missing")
        logger.warning("The list %s, which posts link to, is not there.", url)

    def refused(self, sentence: str, where: str) -> None:
        """Something was not taken in, by name; another crawl would refuse it again."""
        self._add_one("link/refused")
        logger.warning("A link on %s was refused: %s", where, sentence)

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """End the crawl where a failure cannot be noted: the next one would not know of it."""
        try:
            yield
        except ArchiveError as error:
            open_archive_of(self._crawler).storage_failed(error)

    def _count(self, kind: str, reason: str) -> None:
        self._add_one(f"{kind}/failed")
        self._add_one(f"{kind}/failed/{reason}")

    def _add_one(self, key: str) -> None:
        assert self._crawler.stats is not None
        self._crawler.stats.inc_value(key)


def reason_of(failure: Failure) -> tuple[str, str]:
    """A word for the statistics and a sentence for the log, for a request that got no answer."""
    error = failure.value
    assert error is not None
    if isinstance(error, HttpError):
        status = error.response.status
        return f"http_{status}", f"{error.response.url} answered with status {status}."
    url = getattr(getattr(failure, "request", None), "url", "the source")
    if isinstance(error, IgnoreRequest):
        return "left_out", f"{url} was left out ({error or 'robots.txt forbids it'})."
    return "unreachable", f"{url} could not be reached: {why(error)}."


def why(error: BaseException) -> str:
    """What kept an answer from coming, as the end of a sentence."""
    # Twisted's own error, which Scrapy's stands for, has those of the connection as its reasons.
    causes = [reason.value for reason in getattr(error.__cause__, "reasons", ())]
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
