"""The settings of the project, for the commands of ``finews``."""

import os
from collections.abc import Mapping, Sequence

import click
from scrapy.settings import Settings
from scrapy.utils.project import get_project_settings

from archive.sentences import translated
from crawler.running.call import check_project
from crawler.settings_check import prefer_environment, rename_settings


def pairs(_: click.Context, __: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    """Read the values of an option as pairs of NAME=VALUE."""
    found = [value.partition("=") for value in values]
    if wrong := [name for name, sign, _ in found if not sign or not name]:
        raise click.BadParameter(f"{wrong[0]!r} is not NAME=VALUE.")
    return {name: value for name, _, value in found}


argument_option = click.option(
    *("--argument", "-a", "arguments"),
    metavar="NAME=VALUE",
    multiple=True,
    callback=pairs,
    help="Give an argument to the one SOURCE, such as since=2026-11-22.",
)
setting_option = click.option(
    *("--set", "-s", "settings"),
    metavar="NAME=VALUE",
    multiple=True,
    callback=pairs,
    help="Change a setting, this time only.",
)


def project_settings(changed: Mapping[str, str]) -> Settings:
    """Return the settings of the project, or finews's own outside of one.

    :param changed: settings that the user changes.
    :raises WrongCall: when SCRAPY_PROJECT names no settings.
    """
    settings = get_project_settings()
    if not settings.getlist("SPIDER_MODULES"):
        if os.environ.get("SCRAPY_PROJECT"):
            check_project(settings)
        settings.setmodule("settings.base", priority="project")
    settings.setdict(dict(changed), priority="cmdline")
    prefer_environment(settings)
    for sentence in rename_settings(settings):
        click.echo(f"finews: {translated(sentence)}", err=True)
    return settings
