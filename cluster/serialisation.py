"""Convert articles, exchanges and events to plain data for msgpack, and back."""

from datetime import datetime
from typing import Any

import msgpack
from pydantic import TypeAdapter, ValidationError

from archive.article import Article
from archive.article_id import ArticleId
from archive.errors import Refused
from archive.warc import Exchange
from crawler.items import ArchiveEvent, Checked, Gone, Listed

#: A dict of texts, numbers, bytes, and lists and dicts of these.
Plain = dict[str, Any]

_ARTICLE, _EXCHANGE = TypeAdapter(Article), TypeAdapter(Exchange)


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


def packed_exchange(exchange: Exchange) -> bytes:
    """Return an exchange as msgpack bytes."""
    packed: bytes = msgpack.packb(_EXCHANGE.dump_python(exchange), default=datetime.isoformat)
    return packed


def exchange_of(packed: bytes) -> Exchange:
    """Convert the result of `packed_exchange` back."""
    return _EXCHANGE.validate_python(msgpack.unpackb(packed))
