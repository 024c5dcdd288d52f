"""Answer with securities, and with the timeline of one."""

from archive.api.models import (
    NamedSecurities,
    NamedSecurityParameters,
    SecurityParameters,
    SecuritySummary,
    SecurityTimeline,
)
from archive.api.opened import OpenedArchive, until
from archive.api.searching import as_of_text, counted_by
from archive.errors import NotArchived
from archive.search import NAME_THEN, Query, count, named_then, securities_named
from archive.search.folding import fold, narrow

_KEY = """
    SELECT 1 FROM security_keys WHERE security = :code AND key = :key AND known_from <= :until
"""
_NAME = f"SELECT {NAME_THEN} AS name FROM securities WHERE code = :code"  # noqa: S608

# Characters of the beginning of a publication time.
_LENGTH = {"month": 7, "day": 10}


def securities(opened: OpenedArchive, parameters: NamedSecurityParameters) -> NamedSecurities:
    """Return the securities that a code, a name or initials name, the best first.

    :raises InvalidQuery: when the text cannot be understood.
    """
    at = until(parameters.as_of)
    key = narrow(fold(parameters.q)).replace(" ", "")
    found = securities_named(opened.connection, parameters.q)
    return NamedSecurities(
        as_of=parameters.as_of,
        items=[
            SecuritySummary(code=each.code, name=each.name, articles=each.posts)
            for each in named_then(opened.connection, found, as_of_text(parameters.as_of))
            # A name that was given later may not lead to the security.
            if parameters.as_of is None or opened.rows(_KEY, code=each.code, key=key, until=at)
        ],
    )


def security(opened: OpenedArchive, parameters: SecurityParameters) -> SecurityTimeline:
    """Return the number of articles that name a security, by day or month of publication.

    :raises NotArchived: when no archived article named it.
    """
    query = Query(security=parameters.code, as_of=as_of_text(parameters.as_of))
    articles = count(opened.connection, query)
    if not articles:
        raise NotArchived(
            f"No article in the archive names the security {parameters.code}; "
            "/api/v1/securities?q= finds the codes of securities."
        )
    names = opened.rows(_NAME, code=parameters.code, as_of=until(parameters.as_of))
    unit = f"substr(posts.published, 1, {_LENGTH[parameters.by]})"
    return SecurityTimeline(
        as_of=parameters.as_of,
        code=parameters.code,
        name=names[0]["name"],
        articles=articles,
        timeline=counted_by(
            opened, query.changed(since=parameters.since, until=parameters.until), unit
        ),
    )
