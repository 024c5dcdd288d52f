"""The jobs file: which crawls to run, and how often.

[mirror]                            # the job's name
every = 300                         # seconds from one start to the next
sources = "sources.toml"            # facts about the site, in the folder of this file
days = 3                            # only articles published in the last three days
arguments = { category = "emnews" } # arguments of the spider
delay = 2                           # seconds between two requests to a host

A job comes from a queue, and a process that may write to the queue must not be able to run code on
a worker. So a job has a spider, arguments of that spider and a delay, but no Scrapy setting:
``LOG_FILE`` and ``JOBDIR`` together would turn two messages into code.
"""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from archive.article import SHANGHAI
from archive.clock import Clock, utc_now
from archive.errors import FinewsError
from archive.validation import in_one_sentence
from crawler.arguments import EastmoneyArguments, FinewsArguments
from crawler.sources import Sources

#: The arguments that a job may have, by spider; the crawl checks their values.
_ARGUMENTS = {
    # `share` may name a file of the worker.
    "finews": FinewsArguments.model_fields.keys() - {"share"},
    "eastmoney": EastmoneyArguments.model_fields.keys(),
}


class InvalidJobs(FinewsError):
    """The jobs file is missing or wrong."""


class Job(BaseModel):
    """A crawl, as it is sent to a worker.

    :param name: name of the job in the jobs file.
    :param every: seconds from one start to the next.
    :param spider: name of the spider.
    :param sources: text of the sources file; None for the project's own file.
    :param days: number of last days whose articles are crawled; None for all.
    :param arguments: arguments of the spider.
    :param delay: seconds between two requests to a host; None for the project's setting.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    every: Annotated[float, Field(gt=0)]
    spider: Literal["finews", "eastmoney"] = "finews"
    sources: str | None = None
    days: Annotated[int, Field(ge=0)] | None = None
    arguments: dict[str, str] = {}
    delay: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _have_no_settings(cls, job: object) -> object:
        if isinstance(job, dict) and "settings" in job:
            raise ValueError(
                "a job can no longer have settings; write delay = 2 for DOWNLOAD_DELAY, "
                "and set other settings on the workers"
            )
        return job

    @model_validator(mode="after")
    def _know_the_arguments(self) -> Self:
        for name in self.arguments.keys() - _ARGUMENTS[self.spider]:
            raise ValueError(f"{name} is no argument of the spider {self.spider} for a job")
        return self

    def command(self, sources: Path, clock: Clock = utc_now) -> list[str]:
        """Return the arguments of ``scrapy`` that run the job.

        :param sources: path of a file with the text of the sources file.
        """
        arguments, settings = dict(self.arguments), dict[str, object]()
        if self.delay is not None:
            settings["DOWNLOAD_DELAY"] = self.delay
        if self.days is not None:
            day = clock().astimezone(SHANGHAI).date() - timedelta(days=self.days)
            arguments["since"] = day.isoformat()
        if self.sources is not None:
            settings["FINEWS_SOURCES"] = sources
        command = ["crawl", self.spider]
        command += [word for item in arguments.items() for word in ("-a", "=".join(item))]
        return command + [w for name, value in settings.items() for w in ("-s", f"{name}={value}")]


def read_jobs(path: Path) -> dict[str, Job]:
    """Read a jobs file and the sources files that it names; return the jobs by name.

    :raises InvalidJobs: when the jobs file cannot be read or has a wrong entry, which is named.
    :raises InvalidSources: when a sources file cannot be read or has a wrong entry.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidJobs(f"Could not read the jobs {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidJobs(f"The jobs {path} are not TOML: {error}.") from error
    return {name: _job(path, name, table) for name, table in tables.items()}


def _job(path: Path, name: str, table: object) -> Job:
    if not isinstance(table, dict):
        raise InvalidJobs(f"The jobs {path} are wrong: {name} should be a table.")
    sources = table.get("sources")
    if isinstance(sources, str):
        file = path.parent / sources
        Sources.load(file)
        table = table | {"sources": file.read_text(encoding="utf-8")}
    try:
        return Job.model_validate(table | {"name": name})
    except ValidationError as error:
        raise InvalidJobs(f"The job {name} in {path} is wrong: {in_one_sentence(error)}") from error
