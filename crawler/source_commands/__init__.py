"""The commands ``finews sources …``."""

import click

from archive.sentences import translated
from crawler.import_command import import_ as import_files
from crawler.source_commands.adding import add
from crawler.source_commands.checking import check
from crawler.source_commands.listing import list_
from crawler.source_commands.reading import read
from crawler.source_commands.testing import test
from crawler.source_commands.trying import try_


@click.group()
def sources() -> None:
    """List, add, try and check sources.

    A source is described by a file of facts, its declaration. finews has some; those of your own
    are in the folder sources beside scrapy.cfg, or in the folders of FINEWS_DECLARATIONS.
    """


for command in (list_, add, try_, check, read, test):
    sources.add_command(command)


@sources.command(
    "import", hidden=True, context_settings={"ignore_unknown_options": True}, add_help_option=False
)
@click.argument("name")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def import_(name: str, arguments: tuple[str, ...]) -> None:
    """Import saved files; the old name of `finews import`, which the next release removes."""
    sentence = f"finews sources import {name} is now finews import --source {name}; use that."
    click.echo(f"finews: {translated(sentence)}", err=True)
    named = [one.partition("=")[2] for one in arguments if one.startswith("FINEWS_ARCHIVE=")]
    archive = ["--archive", named[-1]] if named else []
    import_files(["--source", name, *archive, *arguments])
