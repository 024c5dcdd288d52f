"""Report how a crawl ended: its counts, its verdict and its exit status."""

import sys
from collections.abc import Mapping
from dataclasses import replace

from scrapy.crawler import Crawler

from crawler.exit_status import Counts, ExitStatus, Verdict, judge, worst_of
from crawler.extensions.archive_session import ArchiveSession

INTERRUPTED = Verdict(
    ExitStatus.INTERRUPTED,
    "The crawl was interrupted; the next one requests again what was not stored.",
)
NOT_STARTED = Verdict(ExitStatus.ERROR, "The crawl could not be started; see the log.")


def verdict_of(crawler: Crawler) -> Verdict:
    """Return the verdict on a crawl that has ended.

    :param crawler: whose extensions were built.
    """
    opened = crawler.get_extension(ArchiveSession)
    share = crawler.settings.getfloat("FINEWS_MAX_FAILED_SHARE")
    return (opened and opened.verdict) or judge(crawler.stats.get_stats(), share)


def print_verdict(verdict: Verdict) -> None:
    """Print the sentence of a verdict; one of a failure with its status to standard error."""
    if verdict.status is ExitStatus.DONE:
        print(f"finews: {verdict.sentence}", flush=True)
    else:
        print(
            f"finews: {verdict.sentence} (exit status {verdict.status})",
            file=sys.stderr,
            flush=True,
        )


def print_result(name: str, verdict: Verdict, counts: Counts | None) -> None:
    """Print how the crawl of one of several sources ended.

    :param counts: of its articles; None where it did not begin.
    """
    if counts is not None:
        print(f"finews: {name}: {counts}.", flush=True)
    print_verdict(replace(verdict, sentence=f"{name}: {verdict.sentence}"))


def verdict_on_all(verdicts: Mapping[str, Verdict]) -> Verdict:
    """Return the verdict on the crawls of several sources, by their names."""
    failed = [name for name, each in verdicts.items() if each.status is not ExitStatus.DONE]
    number = len(verdicts)
    sources = "1 source" if number == 1 else f"{number} sources"
    sentence = f"{number - len(failed)} of {sources} gave all their news"
    but = f"; {', '.join(failed)} did not" if failed else ""
    return Verdict(worst_of(each.status for each in verdicts.values()), f"{sentence}{but}.")
