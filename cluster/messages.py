"""The messages of a cluster, as pydantic's JSON.

A message has the version of all messages. A field or a version that this release does not know
makes a message invalid, so that it becomes a dead letter: nothing of it is ignored.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from archive.article import Article
from archive.article_id import ArticleId
from archive.crawl_state import StateRows
from archive.errors import Refused
from archive.warc import Exchange
from crawler.declarations.model import SourceName
from crawler.items import ArchiveEvent, Checked, Gone, Listed

#: A dict of texts, numbers, and lists and dicts of these.
Plain = dict[str, Any]

_ARTICLE = TypeAdapter(Article)


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
    :param articles: as `plain_article` returns them.
    :param events: of archived articles, as `plain_event` returns them.
    :param pictures: by their addresses.
    :param memory: new rows of the crawl state.
    """

    crawl: str
    number: int
    begin: CrawlBegin | None = None
    exchanges: list[tuple[int, Exchange]] = []
    articles: list[Plain] = []
    events: list[tuple[str, str | list[str]]] = []
    pictures: list[tuple[str, bytes]] = []
    memory: StateRows = {}
    end: CrawlEnd | None = None


def plain_article(article: Article) -> Plain:
    """Return an article as plain data."""
    facts: Plain = _ARTICLE.dump_python(article, mode="json")
    return facts


def article_of(facts: Plain) -> Article:
    """Convert the result of `plain_article` back.

    :raises Refused: when the values are those of no valid article.
    :raises ValueError: when the data is not an article's.
    """
    try:
        return _ARTICLE.validate_python(facts)
    except ValidationError as error:
        causes = (each.get("ctx", {}).get("error") for each in error.errors())
        raise next((cause for cause in causes if isinstance(cause, Refused)), error) from error


def plain_event(event: ArchiveEvent) -> str | list[str]:
    """Return an event of an article as plain data, without the article's code."""
    match event:
        case Listed():
            return list(event.stock_list)
        case Gone():
            return "gone"
        case Checked():
            return "settled" if event.settled else "unsettled"


def event_of(info_code: ArticleId, found: str | list[str]) -> ArchiveEvent:
    """Convert the result of `plain_event` back."""
    if not isinstance(found, str):
        return Listed(info_code, tuple(found))
    return Gone(info_code) if found == "gone" else Checked(info_code, settled=found == "settled")
