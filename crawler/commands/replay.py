"""``scrapy replay``: the old name of ``scrapy reparse``, which the next release removes."""

import argparse
import sys

from crawler.commands import reparse


class Command(reparse.Command):
    """Runs ``reparse``."""

    def short_desc(self) -> str:
        """Return one line for the list of commands."""
        return "The old name of reparse; the next release removes it"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Name the new command, and run it."""
        print("finews: scrapy replay is now scrapy reparse; use that name.", file=sys.stderr)
        super().run(args, opts)
