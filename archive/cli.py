"""The command ``finews``."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import entry_points
from io import TextIOWrapper
from pathlib import Path

import click

from archive.errors import FinewsError
from archive.signals import interrupted_by_all

_COMMANDS = "finews.commands"


class _Interrupted(click.ClickException):
    """An interrupted command; it has the exit status of an interrupted crawl."""

    exit_code = 9


class _Commands(click.Group):
    """Imports a command when it is called, and prints an error as one sentence, with status 1.

    The worker processes of `finews verify` import this module too, and the import of Datasette
    alone takes a second.
    """

    def list_commands(self, _: click.Context) -> list[str]:
        return sorted(entry_points(group=_COMMANDS).names)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        for found in entry_points(group=_COMMANDS, name=name):
            command: click.Command = found.load()
            return command
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:  # click suggests imported commands only
            commands = self.list_commands(ctx)
            raise click.NoSuchCommand(
                error.command_name, possibilities=commands, ctx=ctx
            ) from error

    def invoke(self, ctx: click.Context) -> object:
        try:
            with interrupted_by_all(), _standard_output():
                return super().invoke(ctx)
        except FinewsError as error:
            raise click.ClickException(str(error)) from error
        except KeyboardInterrupt as error:
            raise _Interrupted("Interrupted; nothing is lost. Run the command again.") from error


@contextmanager
def _standard_output() -> Iterator[None]:
    """Check that standard output can be written, and let it print any path.

    :raises FinewsError: when standard output is closed or cannot be written.
    """
    if sys.stdout is None:
        raise FinewsError("Standard output is closed; redirect it to a file or to /dev/null.")
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError as error:
        if error.errno == errno.EPIPE:  # the reader has ended
            raise
        _discard_output()
        action = f"use {error.filename}" if error.filename else "write standard output"
        raise FinewsError(f"Could not {action}: {error.strerror or error}.") from error


def _discard_output() -> None:
    """Redirect the rest of standard output, which Python flushes when it exits, to /dev/null."""
    with suppress(OSError), Path(os.devnull).open("wb") as null:
        os.dup2(null.fileno(), sys.stdout.fileno())


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="finews")
def main() -> None:
    """Maintain, browse and export an archive of financial news.

    ARCHIVE is the folder of the archive. Its default is the environment variable FINEWS_ARCHIVE, or
    else the folder news.
    """


if __name__ == "__main__":
    main()
