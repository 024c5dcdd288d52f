"""The commands ``finews sources …``."""

import click

from crawler.source_commands.adding import add
from crawler.source_commands.checking import check
from crawler.source_commands.importing import import_
from crawler.source_commands.listing import list_
from crawler.source_commands.reading import read
from crawler.source_commands.testing import test
from crawler.source_commands.trying import try_

__all__ = ["sources"]


@click.group()
def sources() -> None:
    """List, add, try and check sources, and import their saved answers.

    A source is described by a file of facts, its declaration. finews has some; those of your own
    are in the folder sources beside scrapy.cfg, or in the folders of FINEWS_DECLARATIONS.
    """


for command in (list_, add, try_, check, read, test, import_):
    sources.add_command(command)
