"""Answer with securities, and with the timeline of one."""

from datetime import datetime

from archive.api.models import (
    NamedSecurities,
    NamedSecurityParameters,
    SecurityParameters,
    SecuritySummary,
    SecurityTimeline,
)
from archive.api.opened import OpenedArchive
from archive.api.searching import counted_by, query_of
from archive.errors import NotArchived
from archive.search import count, find, securities_named

# Characters of the beginning of a publication time.
_LENGTH = {"month": 7, "day": 10}


def securities(opened: OpenedArchive, parameters: NamedSecurityParameters) -> NamedSecurities:
    """Return the securities that a code, a name or initials name, the best first.

    :raises InvalidQuery: when the text cannot be understood.
    """
    query_of(parameters.as_of)
    found = securities_named(opened.connection, parameters.q)
    items = []
    for each in found:
        name = known_name(opened, each.code, each.name, parameters.as_of)
        # A name that was given later may not lead to the security.
        if name or each.symbol.casefold() in parameters.q.casefold():
            items.append(SecuritySummary(code=each.code, name=name, articles=each.posts))
    return NamedSecurities(as_of=parameters.as_of, items=items)


def known_name(
    opened: OpenedArchive, code: str, name: str | None, as_of: datetime | None
) -> str | None:
    """Return the name of a security; None where no article of the time has it.

    The archive stores only today's names.
    """
    if not name or as_of is None:
        return name
    quoted = name.replace('"', " ").strip()
    query = query_of(as_of, q=f'"{quoted}"', security=code)
    return name if quoted and find(opened.connection, query, limit=1) else None


def security(opened: OpenedArchive, parameters: SecurityParameters) -> SecurityTimeline:
    """Return the number of articles that name a security, by day or month of publication.

    :raises NotArchived: when no archived article named it.
    """
    query = query_of(parameters.as_of, security=parameters.code)
    articles = count(opened.connection, query)
    if not articles:
        raise NotArchived(f"No article in the archive names the security {parameters.code}.")
    names = opened.rows("SELECT name FROM securities WHERE code = :code", code=parameters.code)
    unit = f"substr(posts.published, 1, {_LENGTH[parameters.by]})"
    return SecurityTimeline(
        as_of=parameters.as_of,
        code=parameters.code,
        name=known_name(opened, parameters.code, names[0]["name"], parameters.as_of),
        articles=articles,
        timeline=counted_by(
            opened, query.changed(since=parameters.since, until=parameters.until), unit
        ),
    )
