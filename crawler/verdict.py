"""Whether a crawl did its job: an exit status and one sentence why."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

from archive.archive import History
from crawler.traffic import PREFIX

STORAGE_FAILED = "storage_failed"
"""Why a crawl closes whose archive cannot be written: nothing that it fetched would be kept."""

SHARE_ANSWERED = "breaker/share_answered"
"""Key of the stats: whether any share host answered."""

_UNRESOLVED = "downloader/exception_type_count/scrapy.exceptions.CannotResolveHostError"
"""Scrapy's own count."""

_NO_HISTORY = History()
_SUSPICIOUS_SHARE = 0.1
"""Of what an hour usually brings."""

_ENOUGH_TO_TELL = 10
"""Articles an hour; of fewer, none at all may be chance."""


_MOST_TOLERATED = 0.5
"""Share of failures that is too much whatever is usual."""


_BUGS = (
    "spider_exceptions/count",
    *("article/failed/lost", "article/failed/bug", "list/failed/bug", "picture/failed/bug"),
)
"""Statistics of what this program failed at."""


class ExitStatus(IntEnum):
    """The exit statuses of ``scrapy crawl``; docs/reference/exit-statuses.md is made of this."""

    DONE = 0
    """done"""
    ERROR = 1
    """the crawler itself failed; the log says where"""
    WRONG_ARGUMENTS = 2
    """wrong arguments or settings; the sentence names the one"""
    SOURCE_UNREACHABLE = 3
    """the source, or a list of it, could not be read, or a list ends before the day that was asked
    for; the sentence names the host and what it answered"""
    LAYOUT_CHANGED = 4
    """pages came, but are not laid out as they were"""
    LIST_EMPTY = 5
    """the lists name no article, or the last hour brought far less than this hour of the week
    does"""
    TOO_MANY_FAILURES = 6
    """more than a tenth of the articles failed, and more than a few, or one that ``share`` named;
    the sentence says whether the next crawl tries them again"""
    STORAGE_FAILED = 7
    """the archive cannot be written; nothing that was in it is lost"""
    LOCKED = 8
    """another crawl is writing to the archive"""
    INTERRUPTED = 9
    """ended early, by Ctrl-C for example; what was in flight is stored, unless it was said twice"""
    LOCKED_FOR_LONG = 10
    """another process has been writing to the archive for more than ``FINEWS_LOCKED_HOURS``"""


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the articles that a crawl found.

    They add up: ``found`` is the sum of ``added``, ``revised``, ``unchanged``, ``gone``, ``failed``
    and ``sent``, once the crawl has ended.

    :param gone: its source has the article no more.
    :param asked: of those found, how many were not in the archive.
    """

    found: int
    added: int
    revised: int
    unchanged: int
    gone: int
    failed: int
    lists_unchanged: int
    looked_at: int
    asked: int
    sent: int

    @classmethod
    def of(cls, stats: Mapping[str, Any]) -> Self:
        """Read them from a crawl's stats, at any moment of it."""

        def of(what: str) -> int:
            return int(stats.get(f"article/{what}", 0))

        return cls(
            found=of("found"),
            added=of("added"),
            revised=of("revised"),
            unchanged=of("unchanged"),
            gone=of("gone"),
            failed=of("failed"),
            lists_unchanged=stats.get("list/unchanged", 0),
            looked_at=of("looked_at"),
            asked=of("found") - of("archived"),
            sent=of("sent"),
        )

    @property
    def finished(self) -> int:
        """How many articles need nothing more."""
        kept = self.added + self.revised + self.unchanged + self.sent
        return kept + self.gone + self.failed

    def __str__(self) -> str:
        rare = {
            "sent to the archive": self.sent,
            "revised": self.revised,
            "gone": self.gone,
            "looked at again": self.looked_at,
            "lists the same as before": self.lists_unchanged,
        }
        return (
            f"{self.found} articles found, {self.added} added, {self.unchanged} unchanged, "
            f"{self.failed} failed"
        ) + "".join(f", {count} {what}" for what, count in rare.items() if count)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a crawl ended."""

    status: ExitStatus
    sentence: str


def _failed(bugs: int) -> str:
    times = "once" if bugs == 1 else f"{bugs} times"
    return f"The crawler itself failed {times}; see the log."


def judge(
    stats: Mapping[str, Any],
    max_failed_share: float,
    history: History = _NO_HISTORY,
    *,
    whole: bool = False,
    min_failures: int = 1,
    named: bool = False,
) -> Verdict:
    """Judge a crawl by its stats and by what is usual.

    :param stats: of a crawl that has ended.
    :param max_failed_share: of the articles that were asked for; more is too many, unless the
        archive's crawls usually do no better than half as well.
    :param whole: the crawl took in all that the lists name.
    :param min_failures: fewer than these are never too many, unless a host refuses.
    :param named: the user named the articles; no failure of these is remembered.
    """
    counts = Counts.of(stats)
    lists_failed = stats.get("list/failed", 0)
    lists_read = counts.lists_unchanged or stats.get("list/posts")
    bugs = sum(stats.get(key, 0) for key in _BUGS)
    if ended := _ended_early(stats):
        return ended
    if bugs and stats.get("list/failed/bug"):
        return Verdict(ExitStatus.ERROR, _failed(bugs))
    if lists_failed and not lists_read:
        return _no_list(stats)
    if argument := stats.get("argument/wrong"):
        return Verdict(ExitStatus.WRONG_ARGUMENTS, argument)
    if not lists_read and counts.found == counts.looked_at:
        return _NO_ARTICLE
    usual = min(2 * history.usual_failures, _MOST_TOLERATED)
    most_failed = counts.asked * max(max_failed_share, usual)
    if too_many := _too_many_failed(stats, counts, most_failed, min_failures, named=named):
        return too_many
    unreadable = stats.get("article/unreadable", 0)
    if unreadable > counts.asked * max_failed_share:
        return Verdict(
            ExitStatus.LAYOUT_CHANGED,
            f"{unreadable} of {counts.asked} articles are archived without their own text, because "
            "their pages are not laid out as they were.",
        )
    if bugs:
        return Verdict(ExitStatus.ERROR, _failed(bugs))
    if lists_failed:
        return Verdict(
            ExitStatus.SOURCE_UNREACHABLE,
            f"{lists_failed} lists of the source could not be read; articles may be missed: "
            f"{_cause(stats, 'list')}",
        )
    if ends_early := stats.get("list/ends_early"):
        return Verdict(
            ExitStatus.SOURCE_UNREACHABLE,
            f"{ends_early} lists of the source do not go back as far as the crawl had to; older "
            "articles are missed, and the log says before when.",
        )
    hour = history.usual_hour if history.usual_hour >= _ENOUGH_TO_TELL else 0
    if whole and history.last_hour < hour * _SUSPICIOUS_SHARE:
        return Verdict(
            ExitStatus.LIST_EMPTY,
            f"The last hour brought {history.last_hour} new articles, and this hour of the week "
            f"usually brings {history.usual_hour}; the source may have moved.",
        )
    return Verdict(
        ExitStatus.DONE, f"All articles that the source names are archived{_but(stats)}."
    )


_NO_ARTICLE = Verdict(ExitStatus.LIST_EMPTY, "The source's lists name no article.")


def _ended_early(stats: Mapping[str, Any]) -> Verdict | None:
    reason = stats.get("finish_reason")
    if reason == STORAGE_FAILED or stats.get("archive/failed"):
        failed = stats.get("article/failed/storage", 0)
        return Verdict(
            ExitStatus.STORAGE_FAILED,
            f"The archive could not be written, and {failed} articles were not stored; the log "
            "says why.",
        )
    if reason == "start_error":
        return Verdict(ExitStatus.ERROR, "The crawler itself failed at its start; see the log.")
    if reason != "finished":
        return Verdict(ExitStatus.INTERRUPTED, f"The crawl was ended early ({reason}).")
    return None


def _no_list(stats: Mapping[str, Any]) -> Verdict:
    if stats.get("list/failed/layout"):
        return Verdict(
            ExitStatus.LAYOUT_CHANGED,
            "The source's lists are not laid out as they were, and nothing could be read: "
            f"{_cause(stats, 'list', 'layout')}",
        )
    if stats.get("list/failed/empty") == stats["list/failed"]:
        return _NO_ARTICLE
    unresolved = stats.get(_UNRESOLVED, 0)
    if unresolved and not stats.get("downloader/response_count"):
        hosts = _hosts(stats, "/no_answer")
        return Verdict(
            ExitStatus.SOURCE_UNREACHABLE,
            f"No list of the source could be read: there is no address for {hosts}; this machine "
            "has no network or no DNS, or the name is wrong.",
        )
    return Verdict(
        ExitStatus.SOURCE_UNREACHABLE,
        f"No list of the source could be read: {_cause(stats, 'list')}",
    )


def _too_many_failed(
    stats: Mapping[str, Any], counts: Counts, most: float, min_failures: int, *, named: bool
) -> Verdict | None:
    failed, asked = counts.failed, counts.asked
    gone = sum(stats.get(f"article/gone/http_{status}", 0) for status in (404, 410))
    few = failed + gone < min_failures and not stats.get("article/failed/blocked")
    if failed + gone <= most or few:
        return None
    if stats.get("article/failed/layout", 0) * 2 > failed:
        return Verdict(
            ExitStatus.LAYOUT_CHANGED,
            f"{failed} of {asked} articles failed, most because their pages are not laid out "
            f"as they were: {_cause(stats, 'article', 'layout')}",
        )
    pages = f", and {gone} have no page any more" if gone else ""
    again = "the next crawl tries them again"
    if named:
        again = "run the same command again to try them again"
    return Verdict(
        ExitStatus.TOO_MANY_FAILURES,
        f"{failed} of {asked} articles failed{pages}; {again}: {_cause(stats, 'article')}",
    )


def _cause(stats: Mapping[str, Any], kind: str, reason: str | None = None) -> str:
    """The sentence of one failure: a host that refuses explains others, else the most frequent.

    :param kind: ``list`` or ``article``.
    """
    prefix = f"cause/{kind}/"
    reasons = [key.removeprefix(prefix) for key in stats if key.startswith(prefix)]
    if reason is None:
        reason = max(
            reasons,
            key=lambda word: (word == "blocked", stats.get(f"{kind}/failed/{word}", 0)),
            default=None,
        )
    return str(stats.get(f"{prefix}{reason}", "the log says why."))


def _but(stats: Mapping[str, Any]) -> str:
    """Return what a good verdict adds.

    That is of articles that failed, of bodies that are not their own, of posts without a time, and
    of lists that were read at length for want of order.
    """
    failed, days = stats.get("article/failed", 0), stats.get("article/dated_by_code", 0)
    lists = stats.get("list/out_of_order", 0)
    parts = (
        f" but for {failed} that failed" if failed else "",
        _stand_ins(stats),
        f"; {days} have only a day, because no source says a time that can be read" if days else "",
        f"; {lists} lists were not newest first, and were read to their ends" if lists else "",
    )
    return "".join(parts)


def _stand_ins(stats: Mapping[str, Any]) -> str:
    stand_ins, prefix = stats.get("article/stand_in", 0), "breaker/share/"
    answers = {key.removeprefix(prefix): stats[key] for key in stats if key.startswith(prefix)}
    if not stand_ins or not answers:
        return ""
    which = (
        "some share hosts did not answer" if stats.get(SHARE_ANSWERED) else "no share host answered"
    )
    told = "; ".join(f"{host}: {answer}" for host, answer in sorted(answers.items()))
    bodies = "1 body is a stand-in" if stand_ins == 1 else f"{stand_ins} bodies are stand-ins"
    return f"; {bodies}, because {which} ({told})"


def _hosts(stats: Mapping[str, Any], suffix: str) -> str:
    named = sorted(key for key in stats if key.startswith(PREFIX) and key.endswith(suffix))
    return ", ".join(key.removeprefix(PREFIX).removesuffix(suffix) for key in named)
