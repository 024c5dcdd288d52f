"""Writes the report of a check in Markdown, for an issue."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from archive.article import SHANGHAI
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
    asked = (
        f"asked on {when.astimezone(SHANGHAI):%Y-%m-%d %H:%M} +0800" if when else "saved answers"
    )
    parts = [f"# Sources, {asked}, finews {version}\n"]
    for answers, findings in checked:
        parts += _of_source(answers, findings)
    if any(finding.deviations for _, findings in checked for finding in findings):
        parts.append(f"{_MARKS}\n")
    return "\n".join(parts)


def _of_source(answers: Answers, findings: Sequence[Finding]) -> Iterator[str]:
    good = sum(finding.result is Result.EXPECTED for finding in findings)
    yield f"## {answers.source}: {good} of {len(findings)} interfaces as expected\n"
    yield "| interface | answer | result |\n| --- | --- | --- |"
    for finding in findings:
        yield f"| {quoted(finding.answer.interface, 100)} | {finding.seen} | {finding.result} |"
    yield ""
    lines = [
        f"- {quoted(finding.answer.interface, 100)}: {deviation.sentence} ({deviation.mark})"
        for finding in findings
        for deviation in finding.deviations
    ]
    if lines:
        yield "\n".join(lines) + "\n"
    if answers.robots:
        says = "; ".join(quoted(f"{host} {said}", 200) for host, said in answers.robots.items())
        yield f"robots.txt: {says}.\n"


def status_of(findings: Sequence[Finding]) -> tuple[ExitStatus, str]:
    """Return the exit status of a check and the reason in one sentence."""
    wrong = [finding for finding in findings if finding.result is not Result.EXPECTED]
    if not wrong:
        return ExitStatus.DONE, f"All {len(findings)} interfaces answer as expected."
    if not any(_is_answered(finding) for finding in findings):
        if any(finding.result is Result.REFUSED for finding in wrong):
            return ExitStatus.SOURCE_UNREACHABLE, "Every host refuses; try again tomorrow."
        if all(finding.result is Result.NOT_ASKED for finding in wrong):
            return ExitStatus.SOURCE_UNREACHABLE, "robots.txt forbids all that would be asked for."
        return ExitStatus.SOURCE_UNREACHABLE, "No host answers; is this machine on the network?"
    return (
        ExitStatus.LAYOUT_CHANGED,
        f"{len(wrong)} of {len(findings)} interfaces do not answer as expected.",
    )


def _is_answered(finding: Finding) -> bool:
    answered = finding.answer.response is not None
    return answered and finding.result in {Result.EXPECTED, Result.DEVIATES}
