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

_DONE = "All articles that the source names are archived."

_MOST_TOLERATED = 0.5
"""Share of failures that is too much whatever is usual."""


class ExitStatus(IntEnum):
    """The exit statuses of ``scrapy crawl``; docs/reference/exit-statuses.md is made of this."""

    DONE = 0
    """done"""
    ERROR = 1
    """the crawler itself failed; the log says where"""
    WRONG_ARGUMENTS = 2
    """wrong arguments; nothing was asked of any site"""
    SOURCE_UNREACHABLE = 3
    """the source, or a list of it, could not be reached, or a list ends before the day that was
    asked for"""
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
    bugs = stats.get("spider_exceptions/count", 0) + stats.get("article/failed/lost", 0)
    if reason == STORAGE_FAILED or stats.get("archive/failed"):
        return Verdict(
            ExitStatus.STORAGE_FAILED,
            f"{stats.get('archive/failed', 0)} articles could not be stored; the log says why.",
        )
    if reason == "start_error":
        return Verdict(ExitStatus.ERROR, "The crawler itself failed at its start; see the log.")
    if reason != "finished":
        return Verdict(ExitStatus.INTERRUPTED, f"The crawl was ended early ({reason}).")
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
        return Verdict(ExitStatus.ERROR, f"The crawler itself failed {bugs} times; see the log.")
    if lists_failed:
        return Verdict(
            ExitStatus.SOURCE_UNREACHABLE,
            f"{lists_failed} lists of the source could not be read; articles may be missed.",
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
    return Verdict(ExitStatus.DONE, _DONE + _disorder(stats))


def _disorder(stats: Mapping[str, Any]) -> str:
    """What to add where a list was read at length for want of order."""
    lists = stats.get("list/out_of_order", 0)
    return f" {lists} lists were not newest first, and were read to their ends." if lists else ""
