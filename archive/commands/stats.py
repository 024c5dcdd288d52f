"""The command ``finews stats``."""

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from archive.catalog import describe
from archive.commands.arguments import archive as _archive


@click.command()
@_archive
def stats(archive: Path) -> None:
    """Show statistics of the archive and its crawls.

    They include the articles that failed and the hosts that are blocked.
    """
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in describe(archive, width, datetime.now(UTC)):
        click.echo(line)
