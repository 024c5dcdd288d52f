"""Failures, counted by reason and logged once, in one sentence."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from scrapy.exceptions import IgnoreRequest
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from archive.article import Edition
from archive.article_id import ArticleId
from archive.crawl_state import FailedAttempt
from archive.errors import ArchiveError, FinewsError
from crawler.network_errors import HostBlocked, why
from crawler.session import Component
from crawler.tally import Fate

logger = logging.getLogger(__name__)

#: Errors that show a fault of this program.
_OWN = (ArchiveError, AssertionError, AttributeError, NameError, TypeError)

#: Reason of a failure of this program, and not of the source.
OWN_FAILURE = "bug"

#: Reasons of failures that do not count as an attempt: the source gave no answer about the article.
_NO_ANSWER = {
    *("blocked", "left_out", "robots", "silent", "unreachable", "extraction"),
    OWN_FAILURE,
}

#: Text of the exception that Scrapy's `RobotsTxtMiddleware` raises.
_FORBIDDEN = "Forbidden by robots.txt"


class Failures(Component):
    """Counts failures in the stats: ``list/failed/<reason>``, ``picture/failed/…``,
    ``post/failed/…``, and those of `crawler.tally`. ``cause/<kind>/<reason>`` is the sentence of
    the first failure of each."""

    def of_article(
        self,
        info_code: ArticleId,
        reason: str,
        sentence: str,
        url: str | None = None,
        edition: Edition | None = None,
        *,
        fate: Fate = Fate.FAILED,
    ) -> None:
        """Count an article that this crawl could not archive; a later one tries again.

        :param reason: a word for the statistics.
        :param sentence: the same for the log.
        :param url: the address of its post page; None when its share link was requested.
        :param edition: the edition that was requested; None for any.
        :param fate: `Fate.GONE` for an article that lists still name and that has no page any
            more. It is tried again, too, because sites also remove pages by mistake.
        """
        if self.session.archive.has(info_code, edition):
            self.session.settle(info_code, Fate.UNCHANGED)  # another request brought it
            return
        requested = self.session.settle(info_code, fate, reason)
        self._explain("article", reason, sentence)
        if not getattr(self.crawler.spider, "by_name", False):
            answered = is_answer(reason)
            with self._noting():
                attempt = FailedAttempt(info_code, sentence, url, answered)
                self.session.note_failure(attempt, requested.listed)
        logger.warning("%s is not archived: %s", info_code, sentence)

    def of_post(self, info_code: ArticleId, error: FinewsError) -> None:
        """Count an archived article that is not revisited, as its post is lost or broken."""
        self._count("post", "unread", f"{str(error).removesuffix('.')}.")
        logger.warning("%s is not revisited: %s", info_code, error)

    def stands_in(self, info_code: ArticleId, sentence: str) -> None:
        """Count an article that is archived with a stand-in, as its own page could not be read."""
        self.stats.inc_value("article/unreadable")
        logger.error("%s is archived without its own text: %s", info_code, sentence)

    def of_list(self, url: str, reason: str, sentence: str) -> None:
        """Count a list that could not be read; articles that only it names are missed."""
        self._count("list", reason, sentence)
        logger.warning("The list %s was not read: %s", url, sentence)

    def ends_early(self, sentence: str) -> None:
        """Count a list that ends too early; articles that only it names are missed."""
        self.stats.inc_value("list/ends_early")
        logger.warning("%s", sentence)

    def of_picture(self, address: str, reason: str, sentence: str, *, answered: bool) -> None:
        """Count a picture that this crawl could not store; a later one tries again.

        :param answered: the host gave an answer about it; only then it counts as an attempt.
        """
        self._count("picture", reason, sentence)
        state, now = self.session.archive.crawl_state, self.session.now()
        with self._noting():
            state.picture_failed(address, sentence, now, answered=answered)
        logger.info("A picture is not stored: %s", sentence)

    def of_entry(self, where: str, sentence: str) -> None:
        """Count an entry of a list that cannot be read; the article that it names is missed."""
        self.stats.inc_value("entry/unreadable")
        self._explain("entry", "layout", f"{sentence}.")
        logger.warning("An entry of the list %s cannot be read: %s.", where, sentence)

    def missing_list(self, url: str) -> None:
        """Count a list that posts link to and the source does not have, which is no failure.

        It is requested again whenever the lists that link to it change.
        """
        self.stats.inc_value("list/missing")
        logger.warning("The list %s, which posts link to, does not exist.", url)

    def of_crawler(self, url: str, error: Exception) -> None:
        """Store the cause of an error in a callback, which Scrapy counts and logs."""
        self._explain("crawler", OWN_FAILURE, _own_failure(url, error))

    def refused(self, sentence: str, where: str) -> None:
        """Count a link that is refused for its form; each crawl refuses it."""
        self.stats.inc_value("link/refused")
        logger.warning("A link on %s was refused: %s", where, sentence)

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """End the crawl where a failure cannot be stored: the next one would not know of it."""
        try:
            yield
        except ArchiveError as error:
            self.session.storage_failed(error)

    def _explain(self, kind: str, reason: str, sentence: str) -> None:
        if self.stats.get_value(f"cause/{kind}/{reason}") is None:
            self.stats.set_value(f"cause/{kind}/{reason}", sentence)

    def _count(self, kind: str, reason: str, sentence: str) -> None:
        self.stats.inc_value(f"{kind}/failed")
        self.stats.inc_value(f"{kind}/failed/{reason}")
        self._explain(kind, reason, sentence)


def is_answer(reason: str) -> bool:
    """Return whether a failure with this reason is an answer of the source about the article."""
    return reason not in _NO_ANSWER


def reason_of(failure: Failure, url: str | None = None) -> tuple[str, str]:
    """Return a word for the statistics and a sentence for the log, for a request without an answer.

    :param url: the address of the request; None for that of the failure's request.
    """
    error = failure.value
    assert error is not None
    if isinstance(error, HttpError):
        status = error.response.status
        return f"http_{status}", f"{error.response.url} answered with status {status}."
    url = url or getattr(getattr(failure, "request", None), "url", "the source")
    if isinstance(error, HostBlocked):
        return "blocked" if error.refused else "silent", f"{url} was not requested: {error}."
    if str(error) == _FORBIDDEN:
        return "robots", f"{url} was not requested: the robots.txt of its host forbids it."
    if isinstance(error, IgnoreRequest):
        return "left_out", f"{url} was left out ({error})."
    if isinstance(error, _OWN):
        logger.error("finews itself failed on %s.", url, exc_info=error)
        return OWN_FAILURE, _own_failure(url, error)
    return "unreachable", f"{url} could not be reached: {why(error)}."


def _own_failure(url: object, error: BaseException) -> str:
    return f"finews itself failed on {url}: {type(error).__name__}: {error}."
