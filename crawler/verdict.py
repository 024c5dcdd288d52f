"""Whether a crawl did its job: an exit status and one sentence why."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

from archive.archive import History

STORAGE_FAILED = "storage_failed"
"""Why a crawl closes whose archive cannot be written: nothing that it fetched would be kept."""


_NO_HISTORY = History()
_SUSPICIOUS_SHARE = 0.1
"""Of what an hour usually brings."""

_ENOUGH_TO_TELL = 10
"""Articles an hour; of fewer, none at all may be chance."""


_NO_ARTICLE = "The source's lists name no article."

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
    """wrong arguments; nothing was asked of any site"""
    SOURCE_UNREACHABLE = 3
    """the source, or a list of it, could not be reached"""
    LAYOUT_CHANGED = 4
    """pages came, but are not laid out as they were"""
    LIST_EMPTY = 5
    """the lists name no article, or the last hour brought far less than this hour of the week
    does"""
    TOO_MANY_FAILURES = 6
    """more than a tenth of the articles failed; the next crawl tries them again"""
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
    """What became of the articles that a crawl came across."""

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
        """Add them up from a crawl's stats, at any moment of it."""

        def total(*keys: str) -> int:
            return sum(stats.get(key, 0) for key in keys)

        return cls(
            found=total("article/found"),
            added=total("archive/added"),
            revised=total("archive/revised"),
            unchanged=total("article/archived", "archive/unchanged"),
            gone=total("article/gone"),
            failed=total("article/failed", "archive/failed"),
            lists_unchanged=total("list/unchanged"),
            looked_at=total("article/looked_at"),
            asked=total("article/found") - total("article/archived", "article/waiting"),
            sent=total("archive/sent"),
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
) -> Verdict:
    """Judge a crawl by its stats and by what is usual.

    :param stats: of a crawl that has ended.
    :param max_failed_share: of the articles that were asked for; more is too many, unless the
        archive's crawls usually do no better than half as well.
    :param whole: the crawl took in all that the lists name.
    """
    counts = Counts.of(stats)
    found, failed = counts.found, stats.get("article/failed", 0)
    asked = counts.asked
    lists_failed = stats.get("list/failed", 0)
    reason = stats.get("finish_reason")
    bugs = sum(stats.get(key, 0) for key in _BUGS)
    if reason == STORAGE_FAILED or stats.get("archive/failed"):
        return Verdict(
            ExitStatus.STORAGE_FAILED,
            f"{stats.get('archive/failed', 0)} articles could not be stored; the log says why.",
        )
    if reason == "start_error":
        return Verdict(ExitStatus.ERROR, "The crawler itself failed at its start; see the log.")
    if reason != "finished":
        return Verdict(ExitStatus.INTERRUPTED, f"The crawl was ended early ({reason}).")
    if bugs and stats.get("list/failed/bug"):
        return Verdict(ExitStatus.ERROR, _failed(bugs))
    if lists_failed and not counts.lists_unchanged and not stats.get("list/posts"):
        if stats.get("list/failed/layout"):
            return Verdict(
                ExitStatus.LAYOUT_CHANGED,
                "The source's lists are not laid out as they were, and nothing could be read.",
            )
        if stats.get("list/failed/empty") == lists_failed:
            return Verdict(ExitStatus.LIST_EMPTY, _NO_ARTICLE)
        return Verdict(
            ExitStatus.SOURCE_UNREACHABLE, "No list of the source could be had; try again later."
        )
    if not found and not counts.lists_unchanged and not stats.get("list/posts"):
        return Verdict(ExitStatus.LIST_EMPTY, _NO_ARTICLE)
    usual = min(2 * history.usual_failures, _MOST_TOLERATED)
    if failed > asked * max(max_failed_share, usual):
        if stats.get("article/failed/layout", 0) * 2 > failed:
            return Verdict(
                ExitStatus.LAYOUT_CHANGED,
                f"{failed} of {asked} articles failed, most because their pages are not laid out "
                "as they were.",
            )
        return Verdict(
            ExitStatus.TOO_MANY_FAILURES,
            f"{failed} of {asked} articles failed; the next crawl tries them again.",
        )
    unreadable = stats.get("article/unreadable", 0)
    if unreadable > asked * max_failed_share:
        return Verdict(
            ExitStatus.LAYOUT_CHANGED,
            f"{unreadable} of {asked} articles are archived without their own text, because their "
            "pages are not laid out as they were.",
        )
    if bugs:
        return Verdict(ExitStatus.ERROR, _failed(bugs))
    if lists_failed:
        return Verdict(
            ExitStatus.SOURCE_UNREACHABLE,
            f"{lists_failed} lists of the source could not be read; articles may be missed.",
        )
    hour = history.usual_hour if history.usual_hour >= _ENOUGH_TO_TELL else 0
    if whole and history.last_hour < hour * _SUSPICIOUS_SHARE:
        return Verdict(
            ExitStatus.LIST_EMPTY,
            f"The last hour brought {history.last_hour} new articles, and this hour of the week "
            f"usually brings {history.usual_hour}; the source may have moved.",
        )
    return Verdict(ExitStatus.DONE, "All articles that the source names are archived.")
