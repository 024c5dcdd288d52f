"""Arguments that several commands have."""

from pathlib import Path

import click

archive = click.argument(
    "archive",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="FINEWS_ARCHIVE",
    default="news",
)
