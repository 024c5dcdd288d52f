"""Articles and pictures that could not be archived, to be tried again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archive.article import Edition, InfoCode
from archive.crawl_state.state_file import StateFile, Tables, utc_ms

GIVEN_UP = 1_000_000
"""Tries, more than any setting wants."""

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
    """Attempts that failed.

    :param times: in how many crawls.
    :param first: time of the first of them, aware.
    :param last: time of the last of them.
    """

    times: int
    first: datetime
    last: datetime
    reason: str

    def is_due(self, now: datetime, share: float) -> bool:
        """Return whether it is time to try again.

        The next try is soon, and each later one when a share of the time since the first has gone
        by since the last, so that an outage of hours does not use up all tries.
        """
        noted_by_a_wrong_clock = self.last > now
        return noted_by_a_wrong_clock or now - self.last >= share * (now - self.first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Attempts):
    """An article that could not be archived.

    :param url: of its post page, or of both, with a space between; None when it was requested by
        its share link.
    :param listed: what a list names of it, as the crawler wrote it; None when none does.
    """

    info_code: InfoCode
    url: str | None
    listed: str | None


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """One crawl's attempt at an article that it could not archive.

    :param url: of the article's post page, if it has one.
    :param answered: the source gave an answer about it; only then the attempt counts.
    :param listed: what a list names of it, as the crawler writes it.
    """

    info_code: InfoCode
    reason: str
    url: str | None = None
    answered: bool = True
    listed: str | None = None


class Retries(StateFile):
    """Store which articles and pictures failed; a part of `CrawlState`."""

    _failing: set[str] | None = None
    """Codes of the articles, when they have been read."""

    def failed(self, attempt: FailedAttempt, now: datetime) -> None:
        """Store an attempt of this crawl at an article."""
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

    def archived(self, info_code: InfoCode, edition: Edition | None = None) -> None:
        """Forget that an article failed, because it is archived now.

        :param edition: which of its posts; None where it has no other.
        """
        failed = self.failure_of(info_code)
        if failed is None:
            return  # as most: no write that changes nothing
        urls = (failed.url or "").split() if edition else []
        others = [url for url in urls if Edition.of_name(url.partition("?")[0]) is not edition]
        with self._access():
            if others:
                self._db.table("failures").update(info_code, {"url": " ".join(others)})
                return
            self._db.table("failures").delete_where("info_code = ?", [info_code])
        self._all_failing().discard(info_code)

    def give_up(self, info_code: InfoCode) -> bool:
        """Have no crawl try an article again; return whether it is one that failed."""
        if self.failure_of(info_code) is None:
            return False
        with self._access():
            self._db.table("failures").update(info_code, {"times": GIVEN_UP})
        return True

    def failure_of(self, info_code: InfoCode) -> Failed | None:
        """Return the failure of an article; None when it did not fail, or is archived by now."""
        if info_code not in self._all_failing():
            return None
        row = self._row(f"{_FAILURES} WHERE info_code = ?", info_code)
        return _failed(row) if row else None

    def failures(self) -> list[Failed]:
        """Return all articles that could not be archived yet."""
        return [_failed(row) for row in self._rows(f"{_FAILURES} ORDER BY info_code")]

    def picture_failed(self, address: str, reason: str, now: datetime, *, answered: bool) -> None:
        """Note that this crawl could not store a picture.

        :param answered: the host said something of it; only then it counts as an attempt.
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
        """Forget that a picture failed, because it is stored now."""
        with self._access():
            self._db.table("pictures").delete_where("address = ?", [address])

    def picture_failures(self) -> dict[str, Attempts]:
        """Return the attempts at all pictures that could not be stored yet, by address."""
        return {
            address: Attempts(times=times, reason=reason, **_period(first, last))
            for address, times, first, last, reason in self._rows(_PICTURES)
        }

    def waiting_pictures(self, now: datetime, *, share: float, attempts: int) -> set[str]:
        """Return the addresses of pictures that failed and are not, or no more, due.

        :param share: and `attempts` as for `is_waiting`.
        """
        return {
            address
            for address, failed in self.picture_failures().items()
            if failed.times >= attempts or not failed.is_due(now, share)
        }

    def is_waiting(
        self, info_code: InfoCode, now: datetime, *, share: float, attempts: int
    ) -> bool:
        """Return whether an article failed and it is not, or no more, time to try it again.

        :param share: of the time since it first failed, which has to go by between two tries.
        :param attempts: after so many it is given up.
        """
        failed = self.failure_of(info_code)
        if failed is None:
            return False
        return failed.times >= attempts or not failed.is_due(now, share)

    def _all_failing(self) -> set[str]:
        with self._turn:
            if self._failing is None:
                self._failing = {code for (code,) in self._rows("SELECT info_code FROM failures")}
            return self._failing


def _both(before: str | None, url: str | None) -> str | None:
    """Return the addresses of the posts that failed, each once."""
    own = (url or "").replace(" ", "%20")
    urls = dict.fromkeys(f"{before or ''} {own}".split())
    return " ".join(urls) or None


def _failed(row: tuple[Any, ...]) -> Failed:
    info_code, url, times, first, last, reason, listed = row
    return Failed(
        info_code=InfoCode(info_code),
        url=url,
        times=times,
        reason=reason,
        listed=listed,
        **_period(first, last),
    )


def _period(first: str, last: str) -> dict[str, datetime]:
    return {"first": datetime.fromisoformat(first), "last": datetime.fromisoformat(last)}
