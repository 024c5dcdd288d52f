"""The command ``finews rebuild``."""

import sys
from pathlib import Path

import click

from archive.commands.arguments import archive as _archive
from archive.commands.statuses import Status
from archive.errors import ArchiveLocked
from archive.integrity import rebuild as archive_rebuild
from archive.progress import show
from archive.sentences import translated
from archive.translation import gettext as _
from archive.translation import ngettext


@click.command()
@_archive
@click.option("--force", is_flag=True, help="Replace a valid catalog even by a less complete one.")
def rebuild(archive: Path, force: bool) -> None:
    """Rebuild the catalog from the files of the archive.

    The new catalog replaces the old one atomically; readers are not interrupted.

    \b
    Exit status 0: done. 1: the old catalog stays, for the printed reason.
    3: done; facts that the files lack are printed, a line each.
    4: another process writes to the archive.
    """
    try:
        rebuilt = archive_rebuild.rebuild(archive, show, force=force)
    except ArchiveLocked as error:
        click.echo(_("Error: %(error)s", error=translated(str(error))), err=True)
        sys.exit(Status.BEING_WRITTEN)
    for finding in (*rebuilt.damage, *rebuilt.lost, *rebuilt.strange):
        click.echo(translated(str(finding)))
    for path in rebuilt.unread:
        click.echo(
            _("%(path)s is not in the catalog: its name has no article code or no date.", path=path)
        )
    click.echo(
        ngettext(
            "The catalog of %(archive)s has %(num)s post.",
            "The catalog of %(archive)s has %(num)s posts.",
            rebuilt.posts,
            archive=archive,
        )
    )
    remarks = rebuilt.damage or rebuilt.lost or rebuilt.strange or rebuilt.unread
    sys.exit(Status.REMARKS if remarks else Status.WHOLE)
