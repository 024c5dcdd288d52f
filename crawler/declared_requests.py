"""Requests to a declared source in a visit, and their answers without what is never stored."""

from dataclasses import replace

from crawler.declarations import Declaration, Entry
from crawler.declarations.addresses import article_address, first_address, is_own, layout_at
from crawler.declarations.model import Document
from crawler.declarations.redaction import redacted
from crawler.declared_answers import answer_of
from crawler.visiting import Reply, Visitor


async def request_list(
    visitor: Visitor,
    declaration: Declaration,
    name: str,
    *,
    address: str | None = None,
    follow: bool = False,
) -> Reply:
    """Request the first page of a list.

    :param address: of another page of it, such as a sitemap that an index names.
    :param follow: redirects are followed.
    """
    table = declaration.lists[name]
    address = address or first_address(table, visitor.now())
    return await _request(visitor, declaration, address, table, follow)


async def request_article(
    visitor: Visitor, declaration: Declaration, entry: Entry, *, follow: bool = False
) -> Reply | None:
    """Request the article of an entry.

    :param follow: redirects are followed.
    :returns: None where the declaration gives no address of it, or that of another's host.
    """
    address = article_address(declaration, entry, visitor.now())
    if address is None or not is_own(declaration, address):
        return None
    return await _request(visitor, declaration, address, layout_at(declaration, address), follow)


async def _request(
    visitor: Visitor,
    declaration: Declaration,
    address: str,
    table: Document | None,
    follow: bool,
) -> Reply:
    reply = await visitor.request(
        address,
        headers=table.headers if table else {},
        is_json=table is not None and table.is_bare_json,
        follow=follow,
    )
    if reply.response is None:
        return reply
    answer = redacted(declaration, answer_of(reply.response, reply.received))
    return replace(reply, response=reply.response.replace(body=answer.body))
