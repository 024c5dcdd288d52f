"""The addresses of saved pages of articles, which a list names."""

import re
from collections import Counter
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

    It is that of an entry of the list, or else the one that the page names as its own, or the one
    that the name of its file has in the form of the list's addresses.

    :param page: with the address of the list, to which relative addresses are relative.
    :param name: of its file, without the ending.
    :raises UnknownAddress: when nothing shows it.
    """
    address = (
        entry_address(page, name, entries)
        or next(iter(stated_addresses(page)), None)
        or _address_like(name, entries)
    )
    if address is None:
        raise UnknownAddress(f"Where {name} came from is not known.")
    return replace(page, address=address)


def entry_address(page: Answer, name: str, entries: Sequence[Entry]) -> str | None:
    """Return the address of the entry of a list whose page was saved.

    It is the entry whose address the page names as its own, whose id is the name of the file, or
    whose title is the page's.

    :returns: None where there is none, or where there are several.
    """
    known = {_canonical(entry.address): entry.address for entry in entries if entry.address}
    for address in stated_addresses(page):
        if found := known.get(_canonical(address)):
            return found
    headings = {"".join(text.split()) for text in _texts(page, _HEADINGS)}
    by_name = [entry for entry in entries if entry.address and _is_named(entry, name)]
    by_title = [
        entry for entry in entries if entry.title and "".join(entry.title.split()) in headings
    ]
    for alike in (by_name, by_title):
        addresses = {entry.address for entry in alike if entry.address}
        if len(addresses) == 1:
            return addresses.pop()
    return None


def _canonical(address: str) -> str:
    """Return the canonical form of an address, or one that has none as it is."""
    try:
        return canonical_address(address)
    except InvalidAddress:
        return address


def stated_addresses(page: Answer) -> tuple[str, ...]:
    """Return the addresses that a page names as its own."""
    return absolute(page.address, _texts(page, _CANONICAL))


def _texts(page: Answer, paths: Sequence[str]) -> list[str]:
    try:
        document = document_in(text_of(page), Format.HTML)
    except PathError:
        return []
    found = (one for path in paths for one in find_all(document, path))
    return [one if isinstance(one, str) else "".join(one.root.itertext()) for one in found]


def _address_like(name: str, entries: Sequence[Entry]) -> str | None:
    """Return the address of the article that has a name as its id; None where it has no such form.

    Several entries have to have ids and addresses of that form. Numbers have as many digits as in
    an entry, so that files which a user numbers have no address.
    """
    forms: Counter[tuple[str, str]] = Counter()
    for own_id, address in {(entry.id, entry.address) for entry in entries}:
        if own_id and address and address.count(own_id) == 1:
            forms[address.replace(own_id, "{}"), _digits_as_zeros(own_id)] += 1
    wanted = _digits_as_zeros(name)
    alike = [form for (form, own_id), count in forms.items() if own_id == wanted and count > 1]
    return alike[0].replace("{}", name) if len(alike) == 1 and "0" in wanted else None


def _digits_as_zeros(text: str) -> str:
    return re.sub(r"\d", "0", text, flags=re.ASCII)


def _is_named(entry: Entry, name: str) -> bool:
    """Report whether the name of a file is the end of an entry's address, or its id."""
    assert entry.address
    last = entry.address.rstrip("/").rpartition("/")[2]
    stem = last.rpartition(".")[0] or last
    return name in {entry.id, last, stem}
