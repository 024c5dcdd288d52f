"""What the commands have in common: options, settings, and the sources that they name."""

import sys
from collections.abc import Iterable
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import NoReturn

import click
from scrapy.settings import Settings

from archive.sentences import translated
from crawler.arguments import http_address
from crawler.declarations.loading import files_in, load
from crawler.declarations.model import Declaration
from crawler.exit_status import ExitStatus

#: The folder of the declarations that finews has.
SHIPPED = Path(str(files("settings"))) / "sources"


def web_address(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Check an argument that is an address."""
    try:
        return value and http_address(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def declaration_folders(settings: Settings) -> list[Path]:
    """Return the folders of declarations, the user's own last."""
    return [Path(one) for one in settings.getlist("FINEWS_DECLARATIONS")]


def declared_files(settings: Settings) -> dict[str, Path]:
    """Return the file of every declared source, by its name."""
    return files_in(declaration_folders(settings))


def declaration_file(name: str, settings: Settings, *, others: Iterable[str] = ()) -> Path:
    """Return the file of a declaration.

    :param name: of a source, or the path of the file.
    :param others: names that the argument may have, too.
    :raises click.BadParameter: when there is no such source.
    """
    if name.endswith(".toml"):
        return Path(name)
    known = declared_files(settings)
    if name in known:
        return known[name]
    names = sorted({*known, *others})
    close = get_close_matches(name, names, n=1)
    meant = f" Is {close[0]} meant?" if close else ""
    raise click.BadParameter(f"{name!r} is not one of {', '.join(map(repr, names))}.{meant}")


def declaration_of(name: str, settings: Settings, *, others: Iterable[str] = ()) -> Declaration:
    """Load a declaration; see `declaration_file`.

    :raises InvalidDeclaration: when its file is wrong.
    """
    return load(declaration_file(name, settings, others=others))


def end(sentence: str, status: ExitStatus) -> NoReturn:
    """End the command with a sentence and an exit status."""
    click.echo(f"finews: {translated(sentence)}", err=True)
    sys.exit(status)
