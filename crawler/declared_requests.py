"""Requests to a declared source in a visit, and their answers without what is never kept."""

from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from scrapy.http import Response

from crawler.declarations import Answer, Declaration, Entry
from crawler.declarations.addresses import article_address, first_address
from crawler.declarations.model import Document
from crawler.declarations.redaction import redacted
from crawler.visiting import Reply, Visitor


def answer_of(response: Response, received: datetime | None) -> Answer:
    """Return a response as a declaration reads it."""
    header = response.headers.get("Content-Type") or b""
    return Answer(
        response.url,
        response.body,
        content_type=header.decode("latin-1"),
        status=response.status,
        fetched=received,
    )


async def request_list(visitor: Visitor, declaration: Declaration, name: str) -> Reply:
    """Request the first page of a list."""
    table = declaration.lists[name]
    return await _request(visitor, declaration, first_address(table, visitor.now()), table)


async def request_article(visitor: Visitor, declaration: Declaration, entry: Entry) -> Reply | None:
    """Request the article of an entry.

    :returns: None where the declaration gives no address of it, or that of another's host.
    """
    address = article_address(declaration, entry, visitor.now())
    if address is None or not is_own(declaration, address):
        return None
    layouts = declaration.articles.values()
    layout = next((one for one in layouts if one.address), None)
    return await _request(visitor, declaration, address, layout)


def is_own(declaration: Declaration, address: str) -> bool:
    """Report whether an address is at one of a source's hosts, or below one."""
    host = urlsplit(address).hostname or ""
    return any(f".{host}".endswith(f".{own}") for own in declaration.hosts)


async def _request(
    visitor: Visitor, declaration: Declaration, address: str, table: Document | None
) -> Reply:
    reply = await visitor.request(
        address,
        headers=table.headers if table else {},
        is_json=table is not None and table.is_json and table.inside is None,
    )
    if reply.response is None:
        return reply
    answer = redacted(declaration, answer_of(reply.response, reply.received))
    return replace(reply, response=reply.response.replace(body=answer.body))
