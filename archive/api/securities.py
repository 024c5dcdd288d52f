"""Answer with securities, and with the timeline of one."""

from archive.api.models import (
    NamedSecurities,
    NamedSecurityParameters,
    SecurityParameters,
    SecuritySummary,
    SecurityTimeline,
)
from archive.api.opened import OpenedArchive
from archive.api.searching import as_of_text, counted_by
from archive.errors import NotArchived
from archive.search import Query, count, securities_named

# Characters of the beginning of a publication time.
_LENGTH = {"month": 7, "day": 10}


def securities(opened: OpenedArchive, parameters: NamedSecurityParameters) -> NamedSecurities:
    """Return the securities that a code, a name or initials name, the best first.

    :raises InvalidQuery: when the text cannot be understood.
    """
    as_of = parameters.as_of
    items = []
    for each in securities_named(opened.connection, parameters.q):
        query = Query(security=each.code, as_of=as_of_text(as_of))
        articles = count(opened.connection, query) if as_of else each.posts
        if articles:
            name = None if as_of else each.name
            items.append(SecuritySummary(code=each.code, name=name, articles=articles))
    return NamedSecurities(as_of=as_of, items=items)


def security(opened: OpenedArchive, parameters: SecurityParameters) -> SecurityTimeline:
    """Return the number of articles that name a security, by day or month of publication.

    :raises NotArchived: when no archived article named it.
    """
    query = Query(security=parameters.code, as_of=as_of_text(parameters.as_of))
    articles = count(opened.connection, query)
    if not articles:
        raise NotArchived(f"No article in the archive names the security {parameters.code}.")
    names = opened.rows("SELECT name FROM securities WHERE code = :code", code=parameters.code)
    unit = f"substr(posts.published, 1, {_LENGTH[parameters.by]})"
    return SecurityTimeline(
        as_of=parameters.as_of,
        code=parameters.code,
        name=names[0]["name"] if names and parameters.as_of is None else None,
        articles=articles,
        timeline=counted_by(
            opened, query.changed(since=parameters.since, until=parameters.until), unit
        ),
    )
