"""The addresses of saved pages of articles, which a list names."""

from collections.abc import Sequence
from dataclasses import replace

from archive.addresses import InvalidAddress, canonical_address
from archive.errors import FinewsError
from crawler.declarations.answers import Answer, document_in, text_of
from crawler.declarations.formats import Format
from crawler.declarations.lists import Entry
from crawler.declarations.paths import PathError, find_all
from crawler.declarations.reading import absolute

_CANONICAL = ("link[rel=canonical]::attr(href)", "meta[property='og:url']::attr(content)")
_HEADINGS = ("h1", "meta[property='og:title']::attr(content)", "title")


class UnknownAddress(FinewsError):
    """Nothing shows where a saved page came from."""


def with_address(page: Answer, name: str, entries: Sequence[Entry]) -> Answer:
    """Return a saved page with the address that it came from.

    It is that of the entry of the list which the page itself names, whose id is in the name of the
    file, or whose title is the page's; or else the one that the page itself names.

    :param page: with the address of the list, to which relative addresses are relative.
    :param name: of its file, without the ending.
    :raises UnknownAddress: when nothing shows it.
    """
    stated = stated_addresses(page)
    known = {_canonical(entry.address): entry.address for entry in entries if entry.address}
    for address in stated:
        if found := known.get(_canonical(address)):
            return replace(page, address=found)
    by_name = [entry.address for entry in entries if entry.address and _is_named(entry, name)]
    if len(by_name) == 1:
        return replace(page, address=by_name[0])
    headings = _headings(page)
    by_title = [
        entry.address
        for entry in entries
        if entry.address and entry.title and "".join(entry.title.split()) in headings
    ]
    if len(by_title) == 1:
        return replace(page, address=by_title[0])
    if stated:
        return replace(page, address=stated[0])
    raise UnknownAddress(f"Where {name} came from is not known.")


def _canonical(address: str) -> str:
    """Return the canonical form of an address, or one that has none as it is."""
    try:
        return canonical_address(address)
    except InvalidAddress:
        return address


def stated_addresses(page: Answer) -> tuple[str, ...]:
    """Return the addresses that a page names as its own."""
    return absolute(page.address, _texts(page, _CANONICAL))


def _headings(page: Answer) -> set[str]:
    return {"".join(text.split()) for text in _texts(page, _HEADINGS)}


def _texts(page: Answer, paths: Sequence[str]) -> list[str]:
    try:
        document = document_in(text_of(page), Format.HTML)
    except PathError:
        return []
    found = (one for path in paths for one in find_all(document, path))
    return [one if isinstance(one, str) else "".join(one.root.itertext()) for one in found]


def _is_named(entry: Entry, name: str) -> bool:
    """Report whether the name of a file is the end of an entry's address, or its id."""
    assert entry.address
    last = entry.address.rstrip("/").rpartition("/")[2]
    stem = last.rpartition(".")[0] or last
    return name in {entry.id, last, stem}
