"""The command ``finews rebuild``."""

import sys
from pathlib import Path

import click

from archive.commands.arguments import archive as _archive
from archive.commands.statuses import Status
from archive.errors import ArchiveLocked
from archive.integrity import rebuild as archive_rebuild
from archive.progress import show


@click.command()
@_archive
@click.option(
    "--force", is_flag=True, help="Replace a sound catalog by one that lacks what files have lost."
)
def rebuild(archive: Path, force: bool) -> None:
    """Make the catalog again, from files alone.

    It takes the place of the old one at once, while readers go on.

    \b
    Exit status 0: done. 1: the old catalog stays, and a sentence says why.
    3: done; what the files no longer tell is printed, a line each.
    4: another process writes to the archive.
    """
    try:
        rebuilt = archive_rebuild.rebuild(archive, show, force=force)
    except ArchiveLocked as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(Status.BEING_WRITTEN)
    for told in (*rebuilt.damage, *rebuilt.lost, *rebuilt.strange):
        click.echo(told)
    for path in rebuilt.unread:
        click.echo(f"{path} names no article or no day, and is not in the catalog.")
    click.echo(f"The catalog of {archive} has {rebuilt.posts} posts.")
    remarks = rebuilt.damage or rebuilt.lost or rebuilt.strange or rebuilt.unread
    sys.exit(Status.REMARKS if remarks else Status.WHOLE)
