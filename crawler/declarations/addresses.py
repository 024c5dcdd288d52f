"""The addresses at which a declared source is asked."""

from datetime import datetime
from urllib.parse import quote, urlsplit

from crawler.declarations.articles import layouts_of
from crawler.declarations.lists import Entry, ListAnswer
from crawler.declarations.model import Declaration, Document, Layout, ListTable
from crawler.declarations.signatures import SIGNATURES


def first_address(table: ListTable, now: datetime) -> str:
    """Return the address of the first page of a list."""
    return _page_address(table, now, page=table.first_page)


def next_address(table: ListTable, page: ListAnswer, now: datetime) -> str | None:
    """Return the address of the page that follows a page of a list; None at its end."""
    paging = table.paging
    if page.next is None or paging is None:
        return None
    if paging.first is not None:
        if paging.short_ends and paging.size and len(page.entries) < paging.size:
            return None
        return _page_address(table, now, page=int(page.next))
    if "{cursor}" in table.address:
        return _page_address(table, now, cursor=page.next)
    return page.next if urlsplit(page.next).scheme else None


def article_address(declaration: Declaration, entry: Entry, now: datetime) -> str | None:
    """Return the address at which the article of an entry is asked for.

    :returns: None where no layout describes its answer, and extraction is not wanted.
    """
    for layout in declaration.articles.values():
        if layout.address and entry.id:
            address = layout.address.format(id=quote(entry.id, safe=""), now=_milliseconds(now))
            return _signed(layout, address)
    return entry.address if declaration.articles or declaration.extract else None


def layout_at(declaration: Declaration, address: str) -> Layout | None:
    """Return the first layout that the answer from an address may have."""
    return next((layout for _, layout in layouts_of(declaration, address)), None)


def _page_address(table: ListTable, now: datetime, *, page: int = 1, cursor: str = "") -> str:
    size = table.paging.size if table.paging else None
    address = table.address.format(
        page=page, cursor=quote(cursor, safe=",:"), size=size, now=_milliseconds(now)
    )
    return _signed(table, address)


def _signed(document: Document, address: str) -> str:
    return SIGNATURES[document.sign](address) if document.sign else address


def _milliseconds(now: datetime) -> int:
    return int(now.timestamp() * 1_000)


def is_own(declaration: Declaration, address: str) -> bool:
    """Return whether an address is at one of a source's hosts, or below one."""
    host = urlsplit(address).hostname or ""
    return any(f".{host}".endswith(f".{own}") for own in declaration.hosts)
