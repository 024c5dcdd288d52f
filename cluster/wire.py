"""Articles, exchanges and rows as plain data, for msgpack."""

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

import msgpack

from archive.article import Article, BodySource, InfoCode
from archive.capture import Capture
from archive.warc import Exchange
from crawler.items import ArchiveEvent, Checked, Gone, Listed

Plain = dict[str, Any]
"""Text, numbers, bytes, lists and dicts of them."""


def plain_article(article: Article) -> Plain:
    """An article as plain data."""
    facts = {field.name: getattr(article, field.name) for field in fields(article)}
    return facts | {
        "info_code": str(article.info_code),
        "published": article.published.isoformat(),
        "body_source": str(article.body_source),
        "addresses": list(article.addresses),
        "stock_list": list(article.stock_list),
        "captures": [asdict(capture) for capture in article.captures],
    }


def article_of(facts: Plain) -> Article:
    """The article again.

    :raises Refused: for what no article can be.
    """
    return Article(
        **facts
        | {
            "info_code": InfoCode(facts["info_code"]),
            "published": datetime.fromisoformat(facts["published"]),
            "body_source": BodySource(facts["body_source"]),
            "addresses": tuple(facts["addresses"]),
            "stock_list": tuple(facts["stock_list"]),
            "captures": tuple(Capture(**capture) for capture in facts["captures"]),
        }
    )


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
    """An exchange as bytes."""
    facts = {field.name: getattr(exchange, field.name) for field in fields(exchange)}
    packed: bytes = msgpack.packb(facts | {"received": exchange.received.isoformat()})
    return packed


def exchange_of(packed: bytes) -> Exchange:
    """The exchange again."""
    facts = msgpack.unpackb(packed)
    return Exchange(
        **facts
        | {
            "received": datetime.fromisoformat(facts["received"]),
            "request_headers": [(name, value) for name, value in facts["request_headers"]],
            "response_headers": [(name, value) for name, value in facts["response_headers"]],
        }
    )
