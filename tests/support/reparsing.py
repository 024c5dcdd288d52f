"""Run `scrapy reparse` in the process of the test."""

import argparse
import contextlib
import io
from pathlib import Path

from crawler.commands.reparse import Command
from crawler.running.project import project_settings


def reparse(archive: Path, *ids: str, apply: bool = False, **settings: str) -> str:
    """Return what the command prints; its exit status is not regarded."""
    command = Command()
    command.settings = project_settings({"FINEWS_ARCHIVE": str(archive), **settings})
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        command.run(list(ids), argparse.Namespace(apply=apply))
    return printed.getvalue()
