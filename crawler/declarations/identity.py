"""How an article is known, by its declaration: its source's own id, from a field or an address."""

import re

from archive.addresses import canonical_address
from archive.article_id import EASTMONEY, ArticleId, InfoCode
from crawler.declarations.model import Declaration, Identity


def native_id(identity: Identity, address: str | None) -> str | None:
    """Return the source's own id in an address of an article; None where it has none."""
    found = _in_address(identity, address) if address else None
    return found[1] if found else None


def article_id(
    declaration: Declaration, own_id: str | None, address: str | None, *, space: str = ""
) -> ArticleId:
    """Return the identity of an article.

    The address comes first, because feeds, lists, sitemaps and shared links have it in common;
    then the id; and last the address itself, where it follows no pattern.

    :param own_id: the source's own.
    :param space: the numbering that it is of.
    :raises Refused: when there is neither an id nor an address of the web.
    """
    identity = declaration.identity
    source = EASTMONEY if identity.eastmoney else declaration.name
    if address and (code := InfoCode.at_eastmoney(address)):
        return code
    if address and (found := _in_address(identity, address)):
        return ArticleId.of(source, _numbered(*found))
    if own_id:
        return ArticleId.of(source, _numbered(space, own_id))
    return ArticleId.of_address(declaration.name, rewritten(identity, address or ""))


def rewritten(identity: Identity, address: str) -> str:
    """Return the canonical form of an address, of a mobile or print page that of the page itself.

    :raises InvalidAddress: when it is no address of the web.
    """
    for rewrite in identity.rewrites:
        address = re.sub(rewrite.pattern, rewrite.to, address)
    return canonical_address(address)


def _in_address(identity: Identity, address: str) -> tuple[str, str] | None:
    """Return the numbering and the id in an address."""
    for known in identity.addresses:
        if match := re.search(known.pattern, address):
            return known.space, match[match.lastindex or 0]
    return None


def _numbered(space: str, own_id: str) -> str:
    return f"{space}-{own_id}" if space else own_id
