"""Store the articles and pictures that could not be archived, so that crawls try them again.

The setting ``FINEWS_ATTEMPTS`` limits the attempts of crawls.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archive.article import Edition
from archive.article_id import ArticleId
from archive.crawl_state.state_file import StateFile, Tables, utc_ms

# Number of attempts of an article that the operator gave up; above the limit of any setting.
GIVEN_UP = 1_000_000

TABLES: Tables = {
    "failures": {
        "info_code": str,
        "url": str,
        "times": int,
        "first": str,
        "last": str,
        "reason": str,
        "told": str,
    },
    "pictures": {"address": str, "times": int, "first": str, "last": str, "reason": str},
}
_PICTURES = "SELECT address, times, first, last, reason FROM pictures"
_FAILURES = "SELECT info_code, url, times, first, last, reason, told FROM failures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Failed attempts at an article or a picture.

    :param times: number of crawls that failed.
    :param first: time of the first attempt, aware.
    :param last: time of the last attempt, aware.
    :param reason: of the last failure.
    """

    times: int
    first: datetime
    last: datetime
    reason: str

    def is_due(self, now: datetime, share: float) -> bool:
        """Return whether it is time to try again.

        The pauses between attempts become longer, so that an outage of hours does not use up all
        attempts.

        :param share: of the time since the first attempt; the pause since the last attempt must
            be as long.
        """
        clock_was_ahead = self.last > now
        return clock_was_ahead or now - self.last >= share * (now - self.first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Attempts):
    """An article that could not be archived.

    :param url: of the article's post page, or of both pages with a space between; None when the
        article was requested by its share link.
    :param listed: the entry of a list for the article, as the crawler wrote it; None without one.
    """

    info_code: ArticleId
    url: str | None
    listed: str | None


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """A failed attempt of one crawl at an article.

    :param url: of the article's post page; None when it has none.
    :param answered: the source answered the request; only then the attempt counts.
    :param listed: the entry of a list for the article, as the crawler writes it.
    """

    info_code: ArticleId
    reason: str
    url: str | None = None
    answered: bool = True
    listed: str | None = None


class Retries(StateFile):
    """Store which articles and pictures failed; a part of `CrawlState`."""

    # Codes of the failed articles; None until they are read from the file.
    _failing: set[str] | None = None

    def failed(self, attempt: FailedAttempt, now: datetime) -> None:
        """Store a failed attempt of this crawl at an article."""
        before = self.failure_of(attempt.info_code)
        if before is not None and not attempt.answered:
            return
        row = {
            "info_code": str(attempt.info_code),
            "url": _both(before.url if before else None, attempt.url),
            "times": (before.times if before else 0) + attempt.answered,
            "first": utc_ms(before.first if before else now),
            "last": utc_ms(now),
            "reason": attempt.reason,
            "told": attempt.listed or (before.listed if before else None),
        }
        with self._access():
            self._db.table("failures").upsert(row, pk="info_code")
        self._all_failing().add(attempt.info_code)

    def archived(self, info_code: ArticleId, edition: Edition | None = None) -> None:
        """Delete the failure of an article, because it is archived now.

        :param edition: of the article that is archived; None where it has one edition only.
        """
        failed = self.failure_of(info_code)
        if failed is None:
            return  # like most articles: no write without a change
        urls = (failed.url or "").split() if edition else []
        others = [url for url in urls if Edition.of_name(url.partition("?")[0]) is not edition]
        with self._access():
            if others:
                self._db.table("failures").update(info_code, {"url": " ".join(others)})
                return
            self._db.table("failures").delete_where("info_code = ?", [info_code])
        self._all_failing().discard(info_code)

    def give_up(self, info_code: ArticleId) -> bool:
        """Exclude a failed article from all further attempts; return whether it had failed."""
        if self.failure_of(info_code) is None:
            return False
        with self._access():
            self._db.table("failures").update(info_code, {"times": GIVEN_UP})
        return True

    def failure_of(self, info_code: ArticleId) -> Failed | None:
        """Return the failure of an article; None when it did not fail, or was archived later."""
        if info_code not in self._all_failing():
            return None
        row = self._row(f"{_FAILURES} WHERE info_code = ?", info_code)
        return _failed(row) if row else None

    def failures(self) -> list[Failed]:
        """Return all articles that could not be archived yet."""
        return [_failed(row) for row in self._rows(f"{_FAILURES} ORDER BY info_code")]

    def picture_failed(self, address: str, reason: str, now: datetime, *, answered: bool) -> None:
        """Store that this crawl could not get a picture.

        :param address: of the picture.
        :param answered: the host answered the request; only then the attempt counts.
        """
        before = self._row(f"{_PICTURES} WHERE address = ?", address)
        row = {
            "address": address,
            "times": (before[1] if before else 0) + answered,
            "first": before[2] if before else utc_ms(now),
            "last": utc_ms(now),
            "reason": reason,
        }
        with self._access():
            self._db.table("pictures").upsert(row, pk="address")

    def picture_stored(self, address: str) -> None:
        """Delete the failure of a picture, because it is stored now."""
        with self._access():
            self._db.table("pictures").delete_where("address = ?", [address])

    def picture_failures(self) -> dict[str, Attempts]:
        """Return the attempts at all pictures that could not be stored yet, by address."""
        return {
            address: Attempts(times=times, reason=reason, **_period(first, last))
            for address, times, first, last, reason in self._rows(_PICTURES)
        }

    def waiting_pictures(self, now: datetime, *, share: float, attempts: int) -> set[str]:
        """Return the addresses of failed pictures that should not be requested now.

        :param share: see `Attempts.is_due`.
        :param attempts: number of attempts after which a picture is given up.
        """
        return {
            address
            for address, failed in self.picture_failures().items()
            if failed.times >= attempts or not failed.is_due(now, share)
        }

    def is_waiting(
        self, info_code: ArticleId, now: datetime, *, share: float, attempts: int
    ) -> bool:
        """Return whether an article failed and should not be requested now.

        :param share: see `Attempts.is_due`.
        :param attempts: number of attempts after which an article is given up.
        """
        failed = self.failure_of(info_code)
        return failed is not None and (failed.times >= attempts or not failed.is_due(now, share))

    def _all_failing(self) -> set[str]:
        with self._turn:
            if self._failing is None:
                self._failing = {code for (code,) in self._rows("SELECT info_code FROM failures")}
            return self._failing


def _both(before: str | None, url: str | None) -> str | None:
    """Return the addresses of failed posts with spaces between, each once; None without any."""
    own = (url or "").replace(" ", "%20")
    urls = dict.fromkeys(f"{before or ''} {own}".split())
    return " ".join(urls) or None


def _failed(row: tuple[Any, ...]) -> Failed:
    info_code, url, times, first, last, reason, listed = row
    return Failed(
        info_code=ArticleId(info_code),
        url=url,
        times=times,
        reason=reason,
        listed=listed,
        **_period(first, last),
    )


def _period(first: str, last: str) -> dict[str, datetime]:
    return {"first": datetime.fromisoformat(first), "last": datetime.fromisoformat(last)}
