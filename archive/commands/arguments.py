"""Arguments that several commands have, and how they find the archive."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, TypeVar

import click

from archive.errors import InvalidQuery
from archive.search import moment_of
from archive.translation import gettext as _

#: The environment variable that names the folder of the archive.
VARIABLE = "FINEWS_ARCHIVE"

Command = TypeVar("Command", bound=Callable[..., Any])

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

watches_file = click.option(
    "--watches",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="FINEWS_WATCHES",
    default="watches.toml",
    show_default=True,
    help="The file of watches: what to send to whom.",
)


host = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")


def port(default: int) -> Callable[[Command], Command]:
    """Add the option for the port on which a server listens."""
    return click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=default,
        show_default=True,
        help="Port; 0 for any free.",
    )


def _past_moment(_: click.Context, __: click.Parameter, value: str | None) -> str:
    try:
        return "" if value is None else moment_of(value, datetime.now(UTC))
    except InvalidQuery as error:
        raise click.BadParameter(str(error)) from error


as_of = click.option(
    "--as-of",
    metavar="TIME",
    callback=_past_moment,
    help="Only what the archive had stored by this time, with the texts of then, and had not found"
    " gone; 2026-11-22 or 2026-11-22T09:30 in Shanghai, or with a zone, 2026-11-22T01:30:00Z.",
)
