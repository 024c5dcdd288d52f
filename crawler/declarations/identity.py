"""How an article is known, by its declaration: its source's own id, from a field or an address."""

import re

from crawler.declarations.model import Identity


def native_id(identity: Identity, address: str | None) -> str | None:
    """Return the source's own id in an address of an article; None where it has none."""
    found = _in_address(identity, address) if address else None
    return found[1] if found else None


def _in_address(identity: Identity, address: str) -> tuple[str, str] | None:
    """Return the numbering and the id in an address."""
    for known in identity.addresses:
        if match := re.search(known.pattern, address):
            return known.space, match[match.lastindex or 0]
    return None
