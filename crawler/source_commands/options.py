"""What the commands have in common: options, settings, and the sources that they name."""

import os
import sys
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import NoReturn

import click
from scrapy.settings import Settings
from scrapy.utils.conf import closest_scrapy_cfg
from scrapy.utils.project import get_project_settings

from archive.errors import FinewsError
from crawler.arguments import http_address
from crawler.checking.interfaces import SOURCES
from crawler.declarations.loading import files_in, load
from crawler.declarations.model import Declaration
from crawler.exit_status import ExitStatus
from crawler.settings_check import rename_settings

#: The folder of the declarations that finews has.
SHIPPED = Path(str(files("settings"))) / "sources"


def web_address(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Check an argument that is an address."""
    try:
        return value and http_address(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _pairs(_: click.Context, __: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    if wrong := [name for name, sign, _ in pairs if not sign or not name]:
        raise click.BadParameter(f"{wrong[0]!r} is not NAME=VALUE.")
    return {name: value for name, _, value in pairs}


setting = click.option(
    *("--set", "-s", "settings"),
    metavar="NAME=VALUE",
    multiple=True,
    callback=_pairs,
    help="Change a setting, this time only.",
)


def project_settings(changed: dict[str, str]) -> Settings:
    """Return the settings of the project, or finews's own outside of one.

    :raises FinewsError: when SCRAPY_PROJECT names no settings.
    """
    settings = get_project_settings()
    if not settings.getlist("SPIDER_MODULES"):
        if project := os.environ.get("SCRAPY_PROJECT"):
            raise FinewsError(
                f"SCRAPY_PROJECT is {project!r}, which scrapy.cfg does not name; unset it."
            )
        settings.setmodule("settings.base", priority="project")
    settings.setdict(changed, priority="cmdline")
    for sentence in rename_settings(settings):
        click.echo(f"finews: {sentence}", err=True)
    return settings


def declaration_folders(settings: Settings) -> list[Path]:
    """Return the folders of declarations: those that finews has, then the user's own."""
    own = str(Path(closest_scrapy_cfg() or "scrapy.cfg").parent / "sources")
    return [Path(one) for one in settings.getlist("FINEWS_DECLARATIONS", [SHIPPED, own])]


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


def declaration_of(name: str, settings: Settings) -> Declaration:
    """Load a declaration.

    :raises click.BadParameter: when there is no such source.
    :raises InvalidDeclaration: when its file is wrong.
    """
    return load(declaration_file(name, settings, others=SOURCES))


def end(sentence: str, status: ExitStatus) -> NoReturn:
    """End the command with a sentence and an exit status."""
    click.echo(f"finews: {sentence}", err=True)
    sys.exit(status)
