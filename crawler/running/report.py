"""Report how a crawl ended: its counts, its verdict and its exit status."""

import sys
from collections.abc import Mapping

from scrapy.crawler import Crawler

from archive.sentences import translated
from archive.translation import gettext as _
from archive.translation import ngettext
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


def print_verdict(verdict: Verdict, prefix: str = "") -> None:
    """Print the sentence of a verdict; one of a failure with its status to standard error.

    The archive stores verdicts in English; a person reads them in the current language.
    """
    sentence = translated(verdict.sentence)
    if verdict.status is ExitStatus.DONE:
        print(f"finews: {prefix}{sentence}", flush=True)
    else:
        status = _(" (exit status %(status)s)", status=int(verdict.status))
        print(f"finews: {prefix}{sentence}{status}", file=sys.stderr, flush=True)


def print_result(name: str, verdict: Verdict, counts: Counts | None) -> None:
    """Print how the crawl of one of several sources ended.

    :param counts: of its articles; None where it did not begin.
    """
    if counts is not None:
        sentence = _("%(counts)s.", counts=counts)
        print(f"finews: {name}: {sentence}", flush=True)
    print_verdict(verdict, f"{name}: ")


def verdict_on_all(verdicts: Mapping[str, Verdict]) -> Verdict:
    """Return the verdict on the crawls of several sources, by their names."""
    failed = [name for name, each in verdicts.items() if each.status is not ExitStatus.DONE]
    number = len(verdicts)
    sources = ngettext("%(num)s source", "%(num)s sources", number)
    given = number - len(failed)
    sentence = (
        _(
            "%(given)s of %(sources)s gave all their news; %(failed)s did not.",
            given=given,
            sources=sources,
            failed=", ".join(failed),
        )
        if failed
        else _("%(given)s of %(sources)s gave all their news.", given=given, sources=sources)
    )
    return Verdict(worst_of(each.status for each in verdicts.values()), sentence)
