"""Articles, exchanges and rows as plain data, for msgpack."""

from dataclasses import fields
from datetime import datetime
from typing import Any

import msgpack
from pydantic import TypeAdapter, ValidationError

from archive.article import Article, InfoCode
from archive.errors import Refused
from archive.warc import Exchange
from crawler.items import ArchiveEvent, Checked, Gone, Listed

#: Text, numbers, bytes, and lists and dicts of them.
Plain = dict[str, Any]


_ARTICLE = TypeAdapter(Article)


def plain_article(article: Article) -> Plain:
    """Return an article as plain data."""
    plain: Plain = _ARTICLE.dump_python(article, mode="json")
    return plain


def article_of(facts: Plain) -> Article:
    """Return the article of what `plain_article` returned.

    :raises Refused: for what no article can be.
    """
    try:
        return _ARTICLE.validate_python(facts)
    except ValidationError as error:
        for each in error.errors():
            if isinstance(refused := each.get("ctx", {}).get("error"), Refused):
                raise refused from None
        raise


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
    facts = {field.name: getattr(exchange, field.name) for field in fields(exchange)}
    packed: bytes = msgpack.packb(facts | {"received": exchange.received.isoformat()})
    return packed


def exchange_of(packed: bytes) -> Exchange:
    """Return the exchange of what `packed_exchange` returned."""
    facts = msgpack.unpackb(packed)
    return Exchange(
        **facts
        | {
            "received": datetime.fromisoformat(facts["received"]),
            "request_headers": [(name, value) for name, value in facts["request_headers"]],
            "response_headers": [(name, value) for name, value in facts["response_headers"]],
        }
    )
