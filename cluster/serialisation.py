"""Articles and exchanges as plain data, for msgpack."""

from datetime import datetime
from typing import Any

import msgpack
from pydantic import TypeAdapter, ValidationError

from archive.article import Article, InfoCode
from archive.errors import Refused
from archive.warc import Exchange
from crawler.items import ArchiveEvent, Checked, Gone, Listed

Plain = dict[str, Any]
"""Text, numbers, bytes, lists and dicts of them."""

_ARTICLE, _EXCHANGE = TypeAdapter(Article), TypeAdapter(Exchange)


def plain_article(article: Article) -> Plain:
    """Return an article as plain data."""
    facts: Plain = _ARTICLE.dump_python(article, mode="json")
    return facts


def article_of(facts: Plain) -> Article:
    """Read what `plain_article` gave.

    :raises Refused: for what no article can be.
    :raises ValueError: for other data than an article's.
    """
    try:
        return _ARTICLE.validate_python(facts)
    except ValidationError as error:
        causes = (each.get("ctx", {}).get("error") for each in error.errors())
        raise next((cause for cause in causes if isinstance(cause, Refused)), error) from error


def plain_event(event: ArchiveEvent) -> str | list[str]:
    """Return as plain data what is noted of an article; the message names the article itself."""
    match event:
        case Listed():
            return list(event.stock_list)
        case Gone():
            return "gone"
        case Checked():
            return "settled" if event.settled else "unsettled"


def event_of(info_code: InfoCode, found: str | list[str]) -> ArchiveEvent:
    """Return what `plain_event` was given."""
    if not isinstance(found, str):
        return Listed(info_code, tuple(found))
    return Gone(info_code) if found == "gone" else Checked(info_code, settled=found == "settled")


def packed_exchange(exchange: Exchange) -> bytes:
    """Return an exchange as bytes."""
    packed: bytes = msgpack.packb(_EXCHANGE.dump_python(exchange), default=datetime.isoformat)
    return packed


def exchange_of(packed: bytes) -> Exchange:
    """Read what `packed_exchange` gave."""
    return _EXCHANGE.validate_python(msgpack.unpackb(packed))
