"""Checks settings before they are used, and moves old names to new ones."""

import csv
import difflib
import logging
import math
import os
from collections.abc import Iterator
from pathlib import Path

from scrapy.settings import BaseSettings, default_settings
from scrapy.utils.misc import load_object

from archive.content.lexicon import InvalidLexicon, read_lexicon
from archive.errors import FinewsError
from settings import base, cluster, fast

_PREFIX = "FINEWS_"
_MODULES = vars(default_settings) | vars(cluster) | vars(base)
_KNOWN = {name for name in _MODULES if name.startswith(_PREFIX)}
#: Environment variables of finews.
_VARIABLES = {
    *("FINEWS_ARCHIVE", "FINEWS_MEDIA", "FINEWS_KNOWN"),
    *("FINEWS_BROKER", "FINEWS_BROKER_CA", "FINEWS_JOBS"),
}
#: Old names of settings, for one release.
_RENAMED = {
    "FINEWS_KEEPER": "FINEWS_ARCHIVE_CLASS",
    "FINEWS_PATIENCE": "FINEWS_SILENT_AFTER_FAILURES",
    "FINEWS_PATIENCE_SECONDS": "FINEWS_WRITER_TIMEOUT_SECONDS",
    "FINEWS_REVISIT_SHARE": "FINEWS_INTERVAL_SHARE",
}
#: Old names of the classes that FINEWS_KEEPER named, and the settings modules that name the new.
_RENAMED_CLASSES = {"ArchiveHere": base, "ArchiveBeside": fast, "ArchiveElsewhere": cluster}
_SWITCHES = {"FINEWS_MEDIA", "FINEWS_WARC", "FINEWS_ONE_SLOT"}
_CLASSES = ("FINEWS_CLOCK", "FINEWS_ARCHIVE_CLASS")
#: Ends of the names of settings that may be fractions, because they are times.
_OF_TIME = ("_SECONDS", "_SECS", "_DAYS", "_TIMEOUT", "_DELAY", "_MAXDELAY")
_DEFAULTS = {
    name: default
    for name, default in _MODULES.items()
    if name.isupper() and (isinstance(default, int | float) or name in _SWITCHES)
}
#: The least similarity (see `difflib`) of a wrong name to the one that may be meant.
_ALIKE = 0.9


class WrongSetting(FinewsError):
    """A setting has a value that it cannot have, or there is no such setting."""


def rename_settings(settings: BaseSettings) -> Iterator[str]:
    """Move the values of settings with old names to the new names; yield a sentence for each."""
    for old in [name for name in _RENAMED if name in settings]:
        new, value = _RENAMED[old], settings[old]
        if module := _RENAMED_CLASSES.get(str(value).rpartition(".")[2]):
            value = module.FINEWS_ARCHIVE_CLASS
        settings.set(new, value, settings.getpriority(old) or 0)
        settings.delete(old, settings.getpriority(old) or 0)
        yield f"The setting {old} is now {new}; the next release does not know the old name."


def prefer_environment(settings: BaseSettings) -> None:
    """Let FINEWS_ARCHIVE in the environment override the project, as for all commands."""
    if variable := os.environ.get("FINEWS_ARCHIVE"):
        settings.set("FINEWS_ARCHIVE", variable, "spider")  # between project and command line


def check_settings(settings: BaseSettings) -> None:
    """Check the names of finews' own settings, and the values of all that are numbers or switches.

    :raises WrongSetting: in one sentence, for the first setting that is wrong.
    """
    for complaint in _complaints(settings):
        raise WrongSetting(complaint)


def _complaints(settings: BaseSettings) -> Iterator[str]:
    for name in (name for name in settings if name.startswith(_PREFIX) and name not in _KNOWN):
        yield f"There is no setting {name}{_meant(name, _KNOWN)}."
    for name in (name for name in os.environ if name.startswith(_PREFIX)):
        if name not in _VARIABLES and (meant := _meant(name, _VARIABLES)):
            yield f"There is no variable {name}{meant}."
    if settings["LOG_LEVEL"] not in logging.getLevelNamesMapping():
        levels = "DEBUG, INFO, WARNING, ERROR or CRITICAL"
        yield f"LOG_LEVEL is {settings['LOG_LEVEL']!r}; it should be {levels}."
    for name, default in _DEFAULTS.items():
        yield from _wrong_value(settings, name, default)
    yield from _wrong_lexicon(settings["FINEWS_LEXICON"])
    for name in _CLASSES:
        try:
            load_object(settings[name])
        except (ImportError, NameError, ValueError, TypeError) as error:
            yield f"{name} is {settings[name]!r}, which cannot be loaded: {error}."


def _wrong_value(settings: BaseSettings, name: str, default: object) -> Iterator[str]:
    value = settings[name]
    if value is None:
        return
    if isinstance(default, bool) or name in _SWITCHES:
        try:
            settings.getbool(name)
        except ValueError:
            yield f"{name} is {value!r}; it should be 1 or 0."
    elif isinstance(default, int | float):
        is_whole = isinstance(default, int) and not name.endswith(_OF_TIME)
        number = _number(value, int if is_whole else float)
        if number is None:
            kind = "a whole number" if is_whole else "a number"
            yield f"{name} is {value!r}; it should be {kind}."
        elif number < 0 and (name.startswith(_PREFIX) or name == "DOWNLOAD_DELAY"):
            yield f"{name} is {value!r}; it should not be negative."


def _wrong_lexicon(path: str | None) -> Iterator[str]:
    try:
        for _ in read_lexicon(Path(path)) if path else ():
            pass
    except InvalidLexicon as error:
        yield f"FINEWS_LEXICON: {error}"
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        yield f"FINEWS_LEXICON is {path!r}, which cannot be read: {error}."


def _number(value: object, kind: type[int] | type[float]) -> float | None:
    try:
        number = kind(str(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _meant(name: str, known: set[str]) -> str:
    alike = difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE)
    return f"; {alike[0]} may be meant" if alike else ""
