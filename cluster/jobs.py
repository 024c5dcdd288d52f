"""The jobs file: which sources to crawl, and how often.

[ths-flash]                     # the job's name
source = "ths"                  # the source; by default the name of the job
every = 300                     # seconds from one start to the next; 0: only when it is sent
days = 3                        # only articles published in the last three days
arguments = { list = "flash" }  # arguments of the source's spider

A job comes from a queue, and a process that may write to the queue must not be able to run code on
a worker. So a job names a source, whose facts each machine has in its own files, and arguments,
which the worker checks again. It has no Scrapy setting and names no file.
"""

import tomllib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from scrapy.settings import BaseSettings

from archive.article import SHANGHAI
from archive.errors import FinewsError
from archive.validation import in_one_sentence
from crawler.declarations.loading import files_in
from crawler.running.call import check_arguments, spider_class_of
from crawler.running.plan import sources_of
from crawler.sources import Sources
from crawler.spider_loader import DeclaredSpiderLoader

#: Arguments that may name a file of the worker.
_OF_FILES = {"share", "url"}


class InvalidJobs(FinewsError):
    """The jobs file is missing or wrong."""


class Job(BaseModel):
    """A crawl of a source.

    :param source: name of the source.
    :param every: seconds from one start to the next, by default the interval that the source
        declares; 0 for a job that is only sent by hand.
    :param days: number of last days whose articles are crawled; None for all.
    :param arguments: arguments of the source's spider.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    every: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    days: Annotated[int, Field(ge=0)] | None = None
    arguments: dict[str, str] = {}

    @model_validator(mode="after")
    def _name_no_file(self) -> Self:
        for name in self.arguments.keys() & _OF_FILES:
            raise ValueError(f"{name} is no argument for a job, because it may name a file")
        return self

    def arguments_at(self, now: datetime) -> dict[str, str]:
        """Return the arguments of a crawl that begins at a time."""
        if self.days is None:
            return self.arguments
        day = now.astimezone(SHANGHAI).date() - timedelta(days=self.days)
        return self.arguments | {"since": day.isoformat()}


@dataclass(frozen=True, slots=True)
class Jobs:
    """The jobs by name, and why others are left out.

    :param every: seconds from one start of each job to the next; 0 for one that is only sent.
    :param families: the host families and hosts that each job visits.
    :param broken: one sentence for each job that is wrong.
    """

    valid: dict[str, Job] = field(default_factory=dict)
    every: dict[str, float] = field(default_factory=dict)
    families: dict[str, frozenset[str]] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)


def read_jobs(path: Path, settings: BaseSettings) -> Jobs:
    """Read a jobs file, and check each job against its source.

    :param settings: of a worker, which name the files of the sources.
    :raises InvalidJobs: when the file cannot be read or is no TOML.
    :raises InvalidSources: when the sources file of the settings is wrong.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidJobs(f"Could not read the jobs {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidJobs(f"The jobs {path} are not TOML: {error}.") from error
    facts, loader = Sources.load(Path(settings["FINEWS_SOURCES"])), DeclaredSpiderLoader(settings)
    known = sources_of(loader, facts)
    jobs = Jobs()
    for name, table in tables.items():
        try:
            job = _job(name, table)
            check_arguments(spider_class_of(loader, job.source), job.arguments, facts)
        except FinewsError as error:
            jobs.broken[name] = f"The job {name} in {path} is wrong: {error}"
            continue
        source, declaration = known[job.source], loader.declarations.get(job.source)
        jobs.valid[name] = job
        own = source.manners.interval_seconds
        jobs.every[name] = own if job.every is None else job.every
        hosts = set(declaration.pictures.hosts) if declaration else set()
        if job.source in loader.own:
            hosts |= {urlsplit(address).hostname or "" for address in facts.share.api}
            hosts |= {*facts.pictures.hosts}
        jobs.families[name] = source.families | hosts
    return jobs


def _job(name: str, table: object) -> Job:
    if not isinstance(table, dict):
        raise InvalidJobs("it should be a table.")
    try:
        return Job.model_validate({"source": name} | table)
    except ValidationError as error:
        raise InvalidJobs(in_one_sentence(error)) from error


def changes_of(path: Path, settings: BaseSettings) -> dict[Path, int]:
    """Return when each file that `read_jobs` reads was changed."""
    declarations = files_in(Path(folder) for folder in settings.getlist("FINEWS_DECLARATIONS"))
    files = (path, Path(settings["FINEWS_SOURCES"]), *declarations.values())
    return {file: file.stat().st_mtime_ns if file.exists() else 0 for file in files}
