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

#: The commands in the order of the help, by what they are for.
_SECTIONS = {
    "Crawl": ("crawl", "sources"),
    "Read": ("search", "browse", "mcp", "watch", "digest"),
    "Check and repair": ("stats", "verify", "rebuild", "give-up"),
    "Export and import": ("export", "import"),
    "Set up": ("demo", "init", "cluster"),
}


class _Interrupted(click.ClickException):
    """An interrupted command; it has the exit status of an interrupted crawl."""

    exit_code = 9


class _Commands(click.Group):
    """Imports a command when it is called, and prints an error as one sentence, with status 1.

    The worker processes of `finews verify` import this module too, and the import of Datasette
    alone takes a second.
    """

    def list_commands(self, _: click.Context) -> list[str]:
        known = entry_points(group=_COMMANDS).names
        ordered = [name for names in _SECTIONS.values() for name in names if name in known]
        return [*ordered, *sorted(known - set(ordered))]

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        for found in entry_points(group=_COMMANDS, name=name):
            command: click.Command = found.load()
            return command
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands in sections; those of other packages come last."""
        rows = {}
        for name in self.list_commands(ctx):
            if command := self.get_command(ctx, name):
                rows[name] = command.get_short_help_str(formatter.width)
        of_others = rows.keys() - {name for names in _SECTIONS.values() for name in names}
        for title, names in {**_SECTIONS, "Others": sorted(of_others)}.items():
            if section := [(name, rows[name]) for name in names if name in rows]:
                with formatter.section(title):
                    formatter.write_dl(section)

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
@click.version_option(package_name="finews-archive", prog_name="finews")
def main() -> None:
    """Crawl, search, browse and export an archive of financial news.

    ARCHIVE is the folder of the archive. Without it, a command uses the folder that the environment
    variable FINEWS_ARCHIVE names, or that of the project around the current folder, or else news,
    and prints which one.
    """


if __name__ == "__main__":
    main()
