"""The command ``finews verify``."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from random import randrange

import click

from archive.commands.arguments import archive as _archive
from archive.commands.arguments import watches_file
from archive.commands.statuses import Status
from archive.errors import ArchiveLocked
from archive.integrity import accepted as archive_accepted
from archive.integrity import repair as archive_repair
from archive.integrity import verify as archive_verify
from archive.integrity.as_of_audit import audit_as_of
from archive.progress import show
from archive.sentences import translated
from archive.translation import gettext as _
from archive.watches import Failure, notify

# Differing answers that are printed.
_SHOWN = 20


def _failure(archive: Path, wrong: int) -> Failure | None:
    if not wrong:
        return None
    return Failure("damage", f"{wrong} files or records of {archive} are wrong; see finews verify.")


@click.command()
@_archive
@watches_file
@click.option("--repair", is_flag=True, help="Repair damage; nothing is lost by it.")
@click.option(
    "--accept", is_flag=True, help="Accept all damage: later runs report it, with status 0."
)
@click.option("--strict", is_flag=True, help="Exit with status 5 when damage was accepted.")
@click.option(
    "--as-of",
    "questions",
    metavar="N",
    type=click.IntRange(1, 1_000_000),
    help="Instead, ask N random questions as of random times, and compare the answers with those of"
    " catalogs generated from the captures up to these times.",
)
def verify(
    archive: Path,
    watches: Path,
    repair: bool,
    accept: bool,
    strict: bool,
    questions: int | None,
) -> None:
    """Check every file against its hash and the catalog.

    Files are posts, revisions and captures. Damage is printed, a line each.

    \b
    Exit status 0: the archive is whole, or all damage was accepted.
    1: it could not be checked. 3: something is wrong.
    4: another process writes to it. 5: with --strict, damage was accepted.
    """
    if questions:
        if repair or accept or strict:
            raise click.UsageError(
                "--as-of cannot be combined with --repair, --accept or --strict."
            )
        _audit_as_of(archive, questions)
    try:
        verified = archive_verify.verify(archive, show)
        if repair and archive_accepted.sort(archive, verified.problems).wrong:
            for done in archive_repair.repair(archive, verified.problems, show):
                click.echo(translated(done))
            verified = archive_verify.verify(archive, show)
    except ArchiveLocked as error:
        click.echo(_("Error: %(error)s", error=translated(str(error))), err=True)
        sys.exit(Status.BEING_WRITTEN)
    found = archive_accepted.sort(archive, verified.problems)
    for problem in found.wrong:
        click.echo(translated(str(problem)))
    for problem in found.accepted:
        click.echo(_("accepted: %(problem)s", problem=translated(str(problem))))
    if not verified.locked:
        click.echo(
            _(
                "%(archive)s cannot be written, so it was checked without its lock; "
                "what another process wrote meanwhile may be reported as wrong.",
                archive=archive,
            ),
            err=True,
        )
    if accept and found.wrong:
        archive_accepted.accept(archive, found.wrong, datetime.now(UTC))
    checked = _(
        "%(files)s files and %(captures)s captures checked",
        files=verified.files,
        captures=verified.captures,
    )
    wrong, given_up = len(found.wrong), len(found.accepted)
    if accept:
        click.echo(
            _(
                "%(checked)s, %(now)s accepted now, %(before)s before.",
                checked=checked,
                now=wrong,
                before=given_up,
            )
        )
        sys.exit(Status.WHOLE)
    more = _(", %(accepted)s accepted", accepted=given_up) if given_up else ""
    click.echo(_("%(checked)s, %(wrong)s wrong%(more)s.", checked=checked, wrong=wrong, more=more))
    notify(archive, watches, {"verification": _failure(archive, wrong)})
    if wrong:
        sys.exit(Status.REMARKS)
    sys.exit(Status.ACCEPTED if given_up and strict else Status.WHOLE)


def _audit_as_of(archive: Path, questions: int) -> None:
    seed = randrange(1 << 32)  # noqa: S311 (no secret)
    audit = audit_as_of(archive, questions, seed, show)
    for difference in audit.differences[:_SHOWN]:
        click.echo(translated(difference))
    asked = f"{audit.questions} questions as of {audit.moments} times asked (seed {seed})"
    if audit.differences:
        sentence = (
            f"{asked}, {len(audit.differences)} answers differ from the captures; `finews verify` "
            "checks the files, and `finews rebuild` generates the catalog from them again."
        )
        click.echo(translated(sentence))
        sys.exit(Status.REMARKS)
    click.echo(translated(f"{asked}; every answer is what the captures up to its time show."))
    sys.exit(Status.WHOLE)
