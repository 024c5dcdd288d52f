"""``scrapy replay``: the old name of ``scrapy reparse``, which the next release removes."""

import argparse
import os
import sys

from archive.sentences import translated
from archive.translation import language_of_environment, set_language
from crawler.commands import reparse


class Command(reparse.Command):
    """Runs ``reparse``."""

    def short_desc(self) -> str:
        """Return one line for the list of commands."""
        return "The old name of reparse; the next release removes it"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Name the new command, and run it."""
        set_language(language_of_environment(os.environ))
        sentence = "scrapy replay is now scrapy reparse; use that name."
        print(f"finews: {translated(sentence)}", file=sys.stderr)
        super().run(args, opts)
