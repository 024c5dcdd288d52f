"""Arguments that several commands have, and how they find the archive."""

import os
from importlib.metadata import entry_points
from pathlib import Path

import click

from archive.translation import gettext as _

#: The environment variable that names the folder of the archive.
VARIABLE = "FINEWS_ARCHIVE"

FOLDER = click.Path(path_type=Path, file_okay=False)


def find_archive(named: Path | None) -> Path:
    """Return the archive of a command; print which one it is unless the command line names it."""
    if named is not None:
        return named
    folder, origin = _unnamed_archive()
    click.echo(
        _("The archive is %(folder)s (%(origin)s).", folder=folder.absolute(), origin=origin),
        err=True,
    )
    return folder


def _unnamed_archive() -> tuple[Path, str]:
    if variable := os.environ.get(VARIABLE):
        return Path(variable), _("from %(variable)s", variable=VARIABLE)
    for of_project in entry_points(group="finews.archive"):
        if (folder := of_project.load()()) is not None:
            return folder, _("the setting of the project")
    return Path("news"), _("the default")


def _find(context: click.Context, parameter: click.Parameter, named: Path | None) -> Path:
    return find_archive(named)


archive = click.argument("archive", type=FOLDER, required=False, callback=_find)

archive_option = click.option(
    "--archive",
    type=FOLDER,
    callback=_find,
    help="Folder of the archive; without it, that of the other commands.",
)
