"""The command ``finews verify``."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from archive.commands.arguments import archive as _archive
from archive.commands.arguments import watches_file
from archive.commands.statuses import Status
from archive.errors import ArchiveLocked
from archive.integrity import accepted as archive_accepted
from archive.integrity import repair as archive_repair
from archive.integrity import verify as archive_verify
from archive.progress import show
from archive.watches import Failure, notify


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
def verify(archive: Path, watches: Path, repair: bool, accept: bool, strict: bool) -> None:
    """Check every file against its hash and the catalog.

    Files are posts, revisions and captures. Damage is printed, a line each.

    \b
    Exit status 0: the archive is whole, or all damage was accepted.
    1: it could not be checked. 3: something is wrong.
    4: another process writes to it. 5: with --strict, damage was accepted.
    """
    try:
        verified = archive_verify.verify(archive, show)
        if repair and archive_accepted.sort(archive, verified.problems).wrong:
            for done in archive_repair.repair(archive, verified.problems, show):
                click.echo(done)
            verified = archive_verify.verify(archive, show)
    except ArchiveLocked as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(Status.BEING_WRITTEN)
    found = archive_accepted.sort(archive, verified.problems)
    for problem in found.wrong:
        click.echo(problem)
    for problem in found.accepted:
        click.echo(f"accepted: {problem}")
    if not verified.locked:
        click.echo(
            f"{archive} cannot be written, so it was checked without its lock; "
            "what another process wrote meanwhile may be reported as wrong.",
            err=True,
        )
    if accept and found.wrong:
        archive_accepted.accept(archive, found.wrong, datetime.now(UTC))
    checked = f"{verified.files} files and {verified.captures} captures checked"
    wrong, given_up = len(found.wrong), len(found.accepted)
    if accept:
        click.echo(f"{checked}, {wrong} accepted now, {given_up} before.")
        sys.exit(Status.WHOLE)
    more = f", {given_up} accepted" if given_up else ""
    click.echo(f"{checked}, {wrong} wrong{more}.")
    notify(archive, watches, {"verification": _failure(archive, wrong)})
    if wrong:
        sys.exit(Status.REMARKS)
    sys.exit(Status.ACCEPTED if given_up and strict else Status.WHOLE)
