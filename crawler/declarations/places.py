"""Which list or layout of a declaration an address is of."""

import re
from urllib.parse import parse_qsl, urlsplit

from crawler.declarations.formats import Format
from crawler.declarations.identity import native_id
from crawler.declarations.model import Declaration, ListTable

_PLACE = re.compile(r"\{\w+\}")
_SITEMAP = re.compile(r"\.(?:xml|gz)$")


def list_at(declaration: Declaration, address: str) -> str | None:
    """Return the name of the list that an address is a page of; None where it is of none.

    Of several lists at one place, it is the one that shares most of its parameters.
    """
    of_an_article = any(
        layout.matches and re.search(layout.matches, address)
        for layout in declaration.articles.values()
    )
    found = {
        name: _parameters_in_common(table, address)
        for name, table in declaration.lists.items()
        if is_at(table.address, address) or _leads_to(declaration, table, address)
    }
    return None if of_an_article or not found else max(found, key=lambda name: found[name])


def parameter_of(table: ListTable) -> str | None:
    """Return the parameter that takes a list's page or cursor; None where the path takes it."""
    for name, value in parse_qsl(urlsplit(table.address).query, keep_blank_values=True):
        if value in {"{page}", "{cursor}"}:
            return name
    return None


def is_at(pattern: str, address: str) -> bool:
    """Report whether an address has the host and the path of an address with places in braces."""
    template, asked = urlsplit(pattern), urlsplit(address)
    if template.hostname != asked.hostname:
        return False
    path = "[^/]*".join(map(re.escape, _PLACE.split(template.path)))
    return re.fullmatch(path, asked.path) is not None


def _leads_to(declaration: Declaration, table: ListTable, address: str) -> bool:
    """Report whether an address may be of a further page of a list that links to them.

    They are below the first page, where articles may be, too. An index of sitemaps leads to others.
    """
    template, asked = urlsplit(table.address), urlsplit(address)
    if table.format is Format.SITEMAP and _SITEMAP.search(asked.path):
        return template.hostname == asked.hostname
    if table.paging is None or table.paging.next is None or template.query:
        return False
    if native_id(declaration.identity, address) is not None:
        return False
    below = template.path.rpartition("/")[0] + "/"
    return template.hostname == asked.hostname and asked.path.startswith(below)


def _parameters_in_common(table: ListTable, address: str) -> int:
    wanted = set(parse_qsl(urlsplit(table.address).query, keep_blank_values=True))
    return len(wanted & set(parse_qsl(urlsplit(address).query, keep_blank_values=True)))
