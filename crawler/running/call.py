"""Check a call before any request: the project, the name of the spider, its arguments."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ValidationError
from scrapy import Spider
from scrapy.settings import BaseSettings
from scrapy.spiderloader import SpiderLoaderProtocol

from archive.errors import ArchiveError, ArchiveLocked, FinewsError, StrayFolder
from archive.validation import in_one_sentence
from crawler.arguments import HOSTS, LISTS, argument_names
from crawler.exit_status import ExitStatus
from crawler.sources import Sources


class WrongCall(FinewsError):
    """The command line or the environment is wrong; no request was sent."""


def check_project(settings: BaseSettings) -> None:
    """Refuse to run without a settings module, where Scrapy goes on with bare defaults."""
    if settings.getlist("SPIDER_MODULES"):
        return
    project = os.environ.get("SCRAPY_PROJECT")
    if project is None:
        raise WrongCall(
            "This folder is in no Scrapy project; go to the one with scrapy.cfg, or create one "
            "with `finews init DIR`."
        )
    raise WrongCall(f"SCRAPY_PROJECT is {project!r}, which scrapy.cfg does not name; unset it.")


def spider_class_of(loader: SpiderLoaderProtocol, name: str) -> type[Spider]:
    """Return a spider's class.

    :raises InvalidDeclaration: when the declaration of the source is broken.
    :raises WrongCall: when there is no such spider.
    """
    broken: Mapping[str, FinewsError] = getattr(loader, "broken", {})
    try:
        return loader.load(name)
    except KeyError:
        if name in broken:
            raise broken[name] from None
        names = ", ".join(sorted(loader.list()))
        raise WrongCall(f"There is no spider {name!r}; there is {names}.") from None


def check_arguments(spider_class: type[Spider], given: Mapping[str, str], sources: Sources) -> None:
    """Check the arguments of a spider.

    :raises WrongCall: in one sentence, which names the wrong ones.
    """
    arguments: type[BaseModel] | None = getattr(spider_class, "arguments", None)
    if arguments is None:
        return
    context: dict[str, object] = {LISTS: sources.eastmoney.numbers}
    if declaration := getattr(spider_class, "declaration", None):
        context = {LISTS: tuple(declaration.lists), HOSTS: declaration.hosts}
    try:
        arguments.model_validate(given, context=context)
    except ValidationError as error:
        known = ", ".join(argument_names(arguments))
        takes = f"The spider {spider_class.name} takes the arguments {known}."
        raise WrongCall(f"{in_one_sentence(error)} {takes}") from None


def status_of(error: FinewsError, settings: BaseSettings) -> ExitStatus:
    """Return the exit status of a crawl that cannot begin."""
    if isinstance(error, StrayFolder) or not isinstance(error, ArchiveError):
        return ExitStatus.WRONG_ARGUMENTS
    if not isinstance(error, ArchiveLocked):
        return ExitStatus.STORAGE_FAILED
    longest = timedelta(hours=settings.getfloat("FINEWS_LOCKED_HOURS"))
    lasts = error.since is not None and datetime.now(UTC) - error.since > longest
    return ExitStatus.LOCKED_FOR_LONG if lasts else ExitStatus.LOCKED
