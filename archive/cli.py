"""The command ``finews``."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import entry_points
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click

from archive.commands.help import translate_click, translate_help
from archive.errors import FinewsError
from archive.sentences import translated
from archive.signals import interrupted_by_all
from archive.translation import N_, language, language_of_environment
from archive.translation import gettext as _

_COMMANDS = "finews.commands"

#: The commands in the order of the help, by what they are for.
_SECTIONS = {
    N_("Crawl"): ("crawl", "sources"),
    N_("Read"): ("search", "browse", "digest", "mcp", "watch"),
    N_("Check and repair"): ("stats", "verify", "rebuild", "give-up"),
    N_("Export and import"): ("export", "import"),
    N_("Set up"): ("demo", "init", "cluster"),
}


class _Interrupted(click.ClickException):
    """An interrupted command; it has the exit status of an interrupted crawl."""

    exit_code = 9


class _Commands(click.Group):
    """Imports a command when it is called, and prints an error as one sentence, with status 1.

    The worker processes of `finews verify` import this module too, and the import of Datasette
    alone takes a second.
    """

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run a command in the language of the environment."""
        translate_click()
        with language(language_of_environment(os.environ)):
            return super().main(*arguments, **options)

    def list_commands(self, ctx: click.Context) -> list[str]:
        known = entry_points(group=_COMMANDS).names
        ordered = [name for names in _SECTIONS.values() for name in names if name in known]
        return [*ordered, *sorted(known - set(ordered))]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        for found in entry_points(group=_COMMANDS, name=name):
            command: click.Command = found.load()
            translate_help(command)
            return command
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands in sections; those of other packages come last."""
        rows = {}
        for name in self.list_commands(ctx):
            if command := self.get_command(ctx, name):
                rows[name] = command.get_short_help_str(formatter.width)
        of_others = rows.keys() - {name for names in _SECTIONS.values() for name in names}
        for title, names in {**_SECTIONS, N_("Others"): sorted(of_others)}.items():
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
        except click.ClickException as error:
            vars(error).update(message=translated(error.message))
            raise
        except FinewsError as error:
            raise click.ClickException(translated(str(error))) from error
        except KeyboardInterrupt as error:
            sentence = _("Interrupted; nothing is lost. Run the command again.")
            raise _Interrupted(sentence) from error


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
        reason = error.strerror or error
        raise FinewsError(
            f"Could not use {error.filename}: {reason}."
            if error.filename
            else f"Could not write standard output: {reason}."
        ) from error


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


translate_help(main)

if __name__ == "__main__":
    main()
