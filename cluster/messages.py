"""The messages of a cluster, as pydantic's JSON.

A message has the version of all messages. A field or a version that this release does not know
makes a message invalid, so that it becomes a dead letter: nothing of it is ignored.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from archive.article import Article, Edition
from archive.catalog import PostRow, StoredBody
from archive.content.lexicon import NamedSecurity
from archive.crawl_state import StateRows
from archive.warc import Exchange
from crawler.declarations.model import SourceName
from crawler.items import ArchiveEvent

#: An archived article: its row without the text, and its editions.
Archived = tuple[PostRow, list[Article]]

ARCHIVED: TypeAdapter[Archived] = TypeAdapter(Archived)


class Message(BaseModel):
    """Base of all messages."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, ser_json_bytes="base64", val_json_bytes="base64"
    )

    version: Literal[2] = 2


class JobMessage(Message):
    """A crawl for a worker: a source and arguments of its spider, and nothing else.

    :param job: name of the job in the jobs file.
    :param run: identity of this run of the job.
    """

    job: str
    run: str
    source: SourceName
    arguments: dict[str, str] = {}


class JobEnd(Message):
    """How a run of a job has ended.

    :param status: exit status; 0 for success.
    :param sentence: the reason for the status.
    """

    run: str
    status: int
    sentence: str


class CrawlBegin(Message):
    """The beginning of a crawl."""

    spider: str
    arguments: dict[str, str]


class CrawlEnd(Message):
    """The end of a crawl, after a number of other batches."""

    status: int
    verdict: str
    counts: dict[str, int | str]
    batches: int


class Batch(Message):
    """What a crawl sends to the writer.

    :param crawl: identity of the crawl.
    :param number: of the batch in the crawl, from 0.
    :param exchanges: by their offset on the worker.
    :param events: of archived articles.
    :param pictures: by their addresses.
    :param memory: new rows of the crawl state.
    """

    crawl: str
    number: int
    begin: CrawlBegin | None = None
    exchanges: list[tuple[int, Exchange]] = []
    articles: list[Article] = []
    events: list[ArchiveEvent] = []
    pictures: list[tuple[str, bytes]] = []
    memory: StateRows = {}
    end: CrawlEnd | None = None


class Brief(Message):
    """The facts that a new crawl of some hosts needs.

    :param archive: identity of the archive.
    :param completed: when the last complete crawl of its kind ended.
    :param due: the articles to fetch again.
    :param stand_ins: bodies that stand in for better ones, by article and edition.
    :param memory: rows of the crawl state.
    :param names: of securities.
    """

    archive: str
    completed: datetime | None
    due: list[Archived]
    stand_ins: list[tuple[str, Edition, StoredBody]]
    categories: list[tuple[str, str, str]]
    memory: StateRows
    usual_failures: float
    names: list[NamedSecurity]
