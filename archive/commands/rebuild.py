"""The command ``finews rebuild``."""

import sys
from pathlib import Path

import click

from archive import rebuild as archive_rebuild
from archive.commands.arguments import archive as _archive
from archive.progress import show


@click.command()
@_archive
@click.option(
    "--force", is_flag=True, help="Replace a sound catalog by one that lacks what files have lost."
)
def rebuild(archive: Path, force: bool) -> None:
    """Make the catalog again, from files alone.

    It takes the place of the old one at once, while readers go on.
    """
    rebuilt = archive_rebuild.rebuild(archive, show, force=force)
    for told in (*rebuilt.damage, *rebuilt.lost, *rebuilt.strange):
        click.echo(told)
    for path in rebuilt.unread:
        click.echo(f"{path} names no article or no day, and is not in the catalog.")
    click.echo(f"The catalog of {archive} has {rebuilt.posts} posts.")
    sys.exit(1 if rebuilt.damage or rebuilt.lost or rebuilt.strange else 0)
