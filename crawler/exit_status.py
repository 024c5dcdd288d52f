"""The exit status of a crawl, and one sentence that gives the reason."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from enum import IntEnum
from typing import Any, Self

from archive.catalog import History
from archive.translation import N_
from archive.translation import gettext as _
from crawler.traffic import PREFIX

#: Reason for the end of a crawl whose archive cannot be written: it could store nothing more.
STORAGE_FAILED = "storage_failed"

#: Key of the stats: whether any share host answered.
SHARE_ANSWERED = "breaker/share_answered"

#: Key of the stats: Scrapy's count of hosts that have no address.
_UNRESOLVED = "downloader/exception_type_count/scrapy.exceptions.CannotResolveHostError"

_NO_HISTORY = History()

#: Share of the articles that an hour usually brings; less is suspicious.
_SUSPICIOUS_SHARE = 0.1

#: Articles an hour; where fewer are usual, an hour without any may be chance.
_SIGNIFICANT = 10

#: Share of failures that is too large, whatever is usual.
_MAX_TOLERATED = 0.5

#: Keys of the stats: failures of this program itself.
_BUGS = (
    "spider_exceptions/count",
    *("article/failed/lost", "article/failed/bug", "list/failed/bug", "picture/failed/bug"),
)


class ExitStatus(IntEnum):
    """The exit statuses of ``scrapy crawl``; source of docs/reference/exit-statuses.md."""

    #: done
    DONE = 0
    #: the crawler itself failed; see the log
    ERROR = 1
    #: wrong arguments or settings; the sentence names the wrong one
    WRONG_ARGUMENTS = 2
    #: the source, or a list of it, could not be read, or a list ends before the requested day; the
    #: sentence names the host and its answer
    SOURCE_UNREACHABLE = 3
    #: the layout of pages has changed
    LAYOUT_CHANGED = 4
    #: the lists name no article, or the last hour brought far less than this hour of the week
    #: usually brings
    LIST_EMPTY = 5
    #: more than a tenth of the articles failed, and more than a few, or one that ``share`` named;
    #: the sentence states whether the next crawl tries them again
    TOO_MANY_FAILURES = 6
    #: the archive cannot be written, or many of its posts cannot be read; the crawl has lost
    #: nothing
    STORAGE_FAILED = 7
    #: another crawl is writing to the archive
    LOCKED = 8
    #: ended early, for example by Ctrl-C; what was in flight is stored, but not after a second
    #: signal
    INTERRUPTED = 9
    #: another process has been writing to the archive for more than ``FINEWS_LOCKED_HOURS``
    LOCKED_FOR_LONG = 10


#: The statuses from the worst to the best. Of several crawls the worst is the status of all.
WORST_FIRST = (
    ExitStatus.STORAGE_FAILED,
    ExitStatus.LOCKED_FOR_LONG,
    ExitStatus.LOCKED,
    ExitStatus.INTERRUPTED,
    ExitStatus.ERROR,
    ExitStatus.WRONG_ARGUMENTS,
    ExitStatus.LAYOUT_CHANGED,
    ExitStatus.SOURCE_UNREACHABLE,
    ExitStatus.LIST_EMPTY,
    ExitStatus.TOO_MANY_FAILURES,
    ExitStatus.DONE,
)


def worst_of(statuses: Iterable[ExitStatus]) -> ExitStatus:
    """Return the worst of some statuses; without any, that of a crawl that is done."""
    return min(statuses, key=WORST_FIRST.index, default=ExitStatus.DONE)


@dataclass(frozen=True, slots=True)
class Counts:
    """The articles that a crawl found, by outcome.

    They add up: ``found`` is the sum of ``added``, ``revised``, ``unchanged``, ``gone``, ``failed``
    and ``sent``, once the crawl has ended.

    :param gone: articles that their source has removed.
    :param asked: articles that were found and not in the archive.
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
        """Read the counts from the stats of a crawl, at any moment."""

        def of(what: str) -> int:
            return int(stats.get(f"article/{what}", 0))

        others = {
            "lists_unchanged": stats.get("list/unchanged", 0),
            "asked": of("found") - of("archived"),
        }
        return cls(**{field.name: of(field.name) for field in fields(cls)} | others)

    @property
    def finished(self) -> int:
        """How many articles have an outcome."""
        stored = self.added + self.revised + self.unchanged + self.sent
        return stored + self.gone + self.failed

    def __str__(self) -> str:
        rare = {
            N_(", %(count)s sent to the archive"): self.sent,
            N_(", %(count)s revised"): self.revised,
            N_(", %(count)s gone"): self.gone,
            N_(", %(count)s revisited"): self.looked_at,
            N_(", %(count)s lists unchanged"): self.lists_unchanged,
        }
        return _(
            "%(found)s articles found, %(added)s added, %(unchanged)s unchanged, %(failed)s failed",
            **asdict(self),
        ) + "".join(_(what, count=count) for what, count in rare.items() if count)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The exit status of a crawl, and the sentence for it."""

    status: ExitStatus
    sentence: str


#: Whether a rule applies, and the exit status and the sentence of a crawl that it applies to.
_Rule = tuple[object, ExitStatus, str]


def judge(
    stats: Mapping[str, Any],
    max_failed_share: float,
    history: History = _NO_HISTORY,
    *,
    whole: bool = False,
    min_failures: int = 1,
    named: bool = False,
) -> Verdict:
    """Judge a crawl by its stats and by what is usual: the first rule that applies decides.

    :param stats: the stats of a crawl that has ended.
    :param max_failed_share: the share of the requested articles that may fail. Where crawls of the
        archive usually have more failures than half of it, twice the usual share may fail.
    :param history: what is usual for crawls of the archive.
    :param whole: the crawl requested all that the lists name.
    :param min_failures: fewer failures than this are never too many, unless a host refuses.
    :param named: the user named the articles; later crawls do not retry those that failed.
    """
    counts = Counts.of(stats)
    usual = min(2 * history.usual_failures, _MAX_TOLERATED)
    most_failed = counts.asked * max(max_failed_share, usual)
    rules = (
        *_rules_of_the_end(stats),
        *_rules_of_lists(stats, counts),
        *_rules_of_failures(stats, counts, most_failed, min_failures, named=named),
        *_rules_of_what_is_unread(stats, counts, max_failed_share, min_failures),
        *_rules_of_gaps(stats, counts, max_failed_share, history if whole else _NO_HISTORY),
        (True, ExitStatus.DONE, _done(stats)),
    )
    return next(Verdict(status, sentence) for applies, status, sentence in rules if applies)


def _rules_of_the_end(stats: Mapping[str, Any]) -> Iterator[_Rule]:
    reason = stats.get("finish_reason")
    yield (
        reason == STORAGE_FAILED or stats.get("archive/failed"),
        ExitStatus.STORAGE_FAILED,
        f"The archive could not be written, and {stats.get('article/failed/storage', 0)} articles "
        f"were not stored: {_cause(stats, 'archive')}",
    )
    yield (
        reason == "start_error",
        ExitStatus.ERROR,
        "The crawler itself failed at its start; see the log.",
    )
    yield (
        reason != "finished",
        ExitStatus.INTERRUPTED,
        f"The crawl was ended early ({reason}).",
    )
    yield stats.get("list/failed/bug"), ExitStatus.ERROR, _bugs(stats)


def _rules_of_lists(stats: Mapping[str, Any], counts: Counts) -> Iterator[_Rule]:
    failed = stats.get("list/failed", 0)
    read = counts.lists_unchanged or stats.get("list/posts")
    yield not read and stats.get("spider_exceptions/count"), ExitStatus.ERROR, _bugs(stats)
    none = failed and not read
    yield (
        none and stats.get("list/failed/layout"),
        ExitStatus.LAYOUT_CHANGED,
        "The layout of the source's lists has changed, and nothing could be read: "
        f"{_cause(stats, 'list', 'layout')}",
    )
    yield none and stats.get("list/failed/empty") == failed, ExitStatus.LIST_EMPTY, _NO_ARTICLE
    offline = stats.get(_UNRESOLVED) and not stats.get("downloader/response_count")
    cause = _no_address(stats) if offline else _cause(stats, "list")
    yield none, ExitStatus.SOURCE_UNREACHABLE, f"No list of the source could be read: {cause}"
    argument = stats.get("argument/wrong")
    yield argument, ExitStatus.WRONG_ARGUMENTS, str(argument)
    yield not read and counts.found == counts.looked_at, ExitStatus.LIST_EMPTY, _NO_ARTICLE


def _rules_of_failures(
    stats: Mapping[str, Any], counts: Counts, most: float, min_failures: int, *, named: bool
) -> Iterator[_Rule]:
    failed, asked = counts.failed, counts.asked
    gone = sum(stats.get(f"article/gone/http_{status}", 0) for status in (404, 410))
    few = failed + gone < min_failures and not stats.get("article/failed/blocked")
    too_many = failed + gone > most and not few
    yield (
        too_many and stats.get("article/failed/layout", 0) * 2 > failed,
        ExitStatus.LAYOUT_CHANGED,
        f"{failed} of {asked} articles failed, most because the layout of their pages "
        f"has changed: {_cause(stats, 'article', 'layout')}",
    )
    pages = f", and the pages of {gone} were removed" if gone else ""
    again = "the next crawl tries them again"
    if named:
        again = "run the same command again to try them again"
    yield (
        too_many,
        ExitStatus.TOO_MANY_FAILURES,
        f"{failed} of {asked} articles failed{pages}; {again}: {_cause(stats, 'article')}",
    )


def _rules_of_what_is_unread(
    stats: Mapping[str, Any], counts: Counts, max_failed_share: float, min_failures: int
) -> Iterator[_Rule]:
    failed, changed = stats.get("list/failed", 0), stats.get("list/failed/layout", 0)
    yield (
        changed and changed == failed,
        ExitStatus.LAYOUT_CHANGED,
        f"The layout of {changed} lists of the source has changed; articles may be missed: "
        f"{_cause(stats, 'list', 'layout')}",
    )
    unread, read = stats.get("entry/unreadable", 0), stats.get("list/posts", 0)
    yield (
        unread >= min_failures and unread > (read + unread) * max_failed_share,
        ExitStatus.LAYOUT_CHANGED,
        f"{unread} of {read + unread} entries of lists cannot be read, because their layout has "
        f"changed: {_cause(stats, 'entry', 'layout')}",
    )
    unread = stats.get("post/failed", 0)
    yield (
        unread >= min_failures and unread > (counts.looked_at + unread) * max_failed_share,
        ExitStatus.STORAGE_FAILED,
        _unread_posts(stats),
    )


def _rules_of_gaps(
    stats: Mapping[str, Any], counts: Counts, max_failed_share: float, history: History
) -> Iterator[_Rule]:
    unreadable = stats.get("article/unreadable", 0)
    yield (
        unreadable > counts.asked * max_failed_share,
        ExitStatus.LAYOUT_CHANGED,
        f"{unreadable} of {counts.asked} articles are archived without their own text, because "
        "the layout of their pages has changed.",
    )
    yield any(stats.get(key) for key in _BUGS), ExitStatus.ERROR, _bugs(stats)
    failed, ends_early = stats.get("list/failed", 0), stats.get("list/ends_early", 0)
    yield (
        failed,
        ExitStatus.SOURCE_UNREACHABLE,
        f"{failed} lists of the source could not be read; articles may be missed: "
        f"{_cause(stats, 'list')}",
    )
    yield (
        ends_early,
        ExitStatus.SOURCE_UNREACHABLE,
        f"{ends_early} lists of the source do not go back as far as the crawl had to; older "
        "articles are missed; the log names the times.",
    )
    hour = history.usual_hour if history.usual_hour >= _SIGNIFICANT else 0
    yield (
        history.last_hour < hour * _SUSPICIOUS_SHARE,
        ExitStatus.LIST_EMPTY,
        f"The last hour brought {history.last_hour} new articles, and this hour of the week "
        f"usually brings {history.usual_hour}; the source may have moved.",
    )


_NO_ARTICLE = "The source's lists name no article."


def _unread_posts(stats: Mapping[str, Any]) -> str:
    unread = stats.get("post/failed", 0)
    return f"{unread} of the archived posts cannot be read: {_cause(stats, 'post')}"


def _bugs(stats: Mapping[str, Any]) -> str:
    bugs = sum(stats.get(key, 0) for key in _BUGS)
    times = "one time" if bugs == 1 else f"{bugs} times"
    kinds = ("list", "article", "picture", "crawler")
    cause = next(filter(None, (stats.get(f"cause/{kind}/bug") for kind in kinds)), "see the log.")
    return f"The crawler itself failed {times}: {cause}"


def _cause(stats: Mapping[str, Any], kind: str, reason: str | None = None) -> str:
    """Return the sentence of the refusal that explains other failures, or of the most frequent one.

    :param kind: ``list``, ``entry``, ``article``, ``post`` or ``archive``.
    """
    prefix = f"cause/{kind}/"
    reasons = [key.removeprefix(prefix) for key in stats if key.startswith(prefix)]
    if reason is None:
        reason = max(
            reasons,
            key=lambda word: (word == "blocked", stats.get(f"{kind}/failed/{word}", 0)),
            default=None,
        )
    return str(stats.get(f"{prefix}{reason}", "see the log."))


def _done(stats: Mapping[str, Any]) -> str:
    """Return the sentence of a successful crawl.

    It names articles that failed, stand-ins for bodies, posts without a time, lists that are not in
    order of time, articles that are older than the crawl goes back, and posts that are lost.
    """
    failed, days = stats.get("article/failed", 0), stats.get("article/dated_by_code", 0)
    lists, old = stats.get("list/out_of_order", 0), stats.get("entry/old", 0)
    all_archived = "All articles that the source names are archived"
    parts = (
        f"{all_archived} but for {failed} that failed" if failed else all_archived,
        _stand_ins(stats),
        f"{days} have only a day, because no source has a readable time" if days else "",
        f"{lists} lists were not newest first, and were read to their ends" if lists else "",
        f"{old} older ones were left out, which since=DAY takes in" if old else "",
    )
    done = "; ".join(part for part in parts if part) + "."
    return f"{done} {_unread_posts(stats)}" if stats.get("post/failed") else done


def _stand_ins(stats: Mapping[str, Any]) -> str:
    stand_ins, prefix = stats.get("article/stand_in", 0), "breaker/share/"
    answers = {key.removeprefix(prefix): stats[key] for key in stats if key.startswith(prefix)}
    if not stand_ins or not answers:
        return ""
    which = (
        "some share hosts did not answer" if stats.get(SHARE_ANSWERED) else "no share host answered"
    )
    each = "; ".join(f"{host}: {answer}" for host, answer in sorted(answers.items()))
    bodies = "1 body is a stand-in" if stand_ins == 1 else f"{stand_ins} bodies are stand-ins"
    return f"{bodies}, because {which} ({each})"


def _no_address(stats: Mapping[str, Any]) -> str:
    suffix = "/no_answer"
    named = sorted(key for key in stats if key.startswith(PREFIX) and key.endswith(suffix))
    hosts = ", ".join(key.removeprefix(PREFIX).removesuffix(suffix) for key in named)
    return (
        f"there is no address for {hosts}; this machine has no network or no DNS, or the name is "
        "wrong."
    )
