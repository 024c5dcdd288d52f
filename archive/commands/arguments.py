"""Arguments that several commands have."""

from pathlib import Path

import click

archive = click.argument(
    "archive",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="FINEWS_ARCHIVE",
    default="news",
)

watches_file = click.option(
    "--watches",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="FINEWS_WATCHES",
    default="watches.toml",
    show_default=True,
    help="The file of watches: what to send to whom.",
)
