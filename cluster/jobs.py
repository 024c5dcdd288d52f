"""What is to be crawled, how often: the jobs file.

[mirror]                            # the job's name
every = 300                         # seconds from one start to the next
sources = "sources.toml"            # facts about the site, beside this file
days = 3                            # only what was published in the last three days
arguments = { category = "emnews" } # of the spider
settings = { DOWNLOAD_DELAY = 2 }   # of Scrapy, for this job alone
"""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from archive.archive import utc_now
from archive.article import SHANGHAI
from archive.errors import FinewsError
from archive.steps import Clock
from crawler.arguments import in_one_sentence
from crawler.sources import Sources


class InvalidJobs(FinewsError):
    """The jobs file is missing or says something that cannot be right."""


class Job(BaseModel):
    """A whole crawl of one source, section and window, as it travels to a worker.

    :param sources: text of the sources file; None for the one that comes with the project.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    every: Annotated[float, Field(gt=0)]
    spider: str = "finews"
    sources: str | None = None
    days: Annotated[int, Field(ge=0)] | None = None
    arguments: dict[str, str] = {}
    settings: dict[str, str | int | float | bool] = {}

    def command(self, sources: Path, clock: Clock = utc_now) -> list[str]:
        """The arguments of ``scrapy`` that do the job.

        :param sources: where the text of the sources file is to be found.
        """
        arguments, settings = dict(self.arguments), dict(self.settings)
        if self.days is not None:
            day = clock().astimezone(SHANGHAI).date() - timedelta(days=self.days)
            arguments["since"] = day.isoformat()
        if self.sources is not None:
            settings["FINEWS_SOURCES"] = str(sources)
        command = ["crawl", self.spider]
        command += [word for item in arguments.items() for word in ("-a", "=".join(item))]
        return command + [w for name, value in settings.items() for w in ("-s", f"{name}={value}")]


def read_jobs(path: Path) -> dict[str, Job]:
    """Read a jobs file and the sources files that it names; jobs by name.

    :raises InvalidJobs: when one cannot be read, naming the entry that is wrong.
    :raises InvalidSources: the same of a sources file.
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
