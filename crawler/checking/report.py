"""Writes the report of a check in Markdown, for an issue."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from archive.article import SHANGHAI
from archive.sentences import translated
from archive.translation import gettext as _
from crawler.checking.answers import Answers
from crawler.checking.comparison import Finding, Result
from crawler.checking.facts import quoted
from crawler.exit_status import ExitStatus

_MARKS = (
    "Certainty of the fact that is contradicted: A, seen in a recorded answer; B, several"
    " independent clients agree; C, one client says so; D, nobody has written it down."
)


def report(
    checked: Sequence[tuple[Answers, Sequence[Finding]]], *, when: datetime | None, version: str
) -> str:
    """Return the report on the sources that were checked.

    :param when: the time of the requests; None for saved answers.
    :param version: the version of finews.
    """
    time = f"{when.astimezone(SHANGHAI):%Y-%m-%d %H:%M} +0800" if when else ""
    asked = _("asked on %(time)s", time=time) if when else _("saved answers")
    parts = [f"# {_('Sources')}, {asked}, finews {version}\n"]
    for answers, findings in checked:
        parts += _of_source(answers, findings)
    if any(finding.deviations for _, findings in checked for finding in findings):
        parts.append(f"{translated(_MARKS)}\n")
    return "\n".join(parts)


def _of_source(answers: Answers, findings: Sequence[Finding]) -> Iterator[str]:
    good = sum(finding.result is Result.EXPECTED for finding in findings)
    expected = _("%(good)s of %(all)s interfaces as expected", good=good, all=len(findings))
    yield f"## {answers.source}: {expected}\n"
    yield _("| interface | answer | result |") + "\n| --- | --- | --- |"
    for finding in findings:
        interface, seen = quoted(finding.answer.interface, 100), translated(finding.seen)
        yield f"| {translated(interface)} | {seen} | {_(finding.result)} |"
    yield ""
    lines = [
        f"- {translated(quoted(finding.answer.interface, 100))}: "
        f"{translated(deviation.sentence)} ({deviation.mark})"
        for finding in findings
        for deviation in finding.deviations
    ]
    if lines:
        yield "\n".join(lines) + "\n"
    if answers.robots:
        says = (quoted(f"{host} {translated(said)}", 200) for host, said in answers.robots.items())
        yield _("robots.txt: %(says)s.", says=_("; ").join(says)) + "\n"


def status_of(findings: Sequence[Finding]) -> tuple[ExitStatus, str]:
    """Return the exit status of a check and the reason in one sentence."""
    wrong = [finding for finding in findings if finding.result is not Result.EXPECTED]
    if not wrong:
        return ExitStatus.DONE, f"All {len(findings)} interfaces answer as expected."
    answered = [one for one in findings if one.result in {Result.EXPECTED, Result.DEVIATES}]
    if not any(finding.answer.response is not None for finding in answered):
        if any(finding.result is Result.REFUSED for finding in wrong):
            return ExitStatus.SOURCE_UNREACHABLE, "Every host refuses; try again tomorrow."
        if all(finding.result is Result.NOT_ASKED for finding in wrong):
            return ExitStatus.SOURCE_UNREACHABLE, "robots.txt forbids all that would be asked for."
        return ExitStatus.SOURCE_UNREACHABLE, "No host answers; is this machine on the network?"
    return (
        ExitStatus.LAYOUT_CHANGED,
        f"{len(wrong)} of {len(findings)} interfaces do not answer as expected.",
    )
