"""The command ``finews verify``."""

import sys
from pathlib import Path

import click

from archive import repair as archive_repair
from archive import verify as archive_verify
from archive.commands.arguments import archive as _archive
from archive.progress import show


@click.command()
@_archive
@click.option("--repair", "mend", is_flag=True, help="Mend what can be mended; lose nothing.")
def verify(archive: Path, mend: bool) -> None:
    """Check every post, revision and capture against its hash and the catalog.

    Prints what is wrong, a line each; the exit status is then 1.
    """
    verified = archive_verify.verify(archive, show)
    if mend and verified.problems:
        for done in archive_repair.repair(archive, verified.problems, show):
            click.echo(done)
        verified = archive_verify.verify(archive, show)
    for problem in verified.problems:
        click.echo(problem)
    if not verified.locked:
        click.echo(
            f"{archive} cannot be written, so it was checked without its lock; "
            "what is written to it meanwhile may count as wrong.",
            err=True,
        )
    wrong = len(verified.problems)
    click.echo(f"{verified.files} files and {verified.captures} captures checked, {wrong} wrong.")
    sys.exit(1 if wrong else 0)
