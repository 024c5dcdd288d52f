"""Arguments that several commands have."""

from datetime import UTC, datetime
from pathlib import Path

import click

from archive.errors import InvalidQuery
from archive.search import moment_of

archive = click.argument(
    "archive",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="FINEWS_ARCHIVE",
    default="news",
)


def _past_moment(_: click.Context, __: click.Parameter, value: str) -> str:
    try:
        if value:
            moment_of(value, datetime.now(UTC))
    except InvalidQuery as error:
        raise click.BadParameter(str(error)) from error
    return value


as_of = click.option(
    "--as-of",
    metavar="TIME",
    default="",
    callback=_past_moment,
    help="Only what the archive had stored by this time, with the texts of then, and had not found"
    " gone; 2026-11-22 or 2026-11-22T09:30 in Shanghai, or with a zone, 2026-11-22T01:30:00Z.",
)
