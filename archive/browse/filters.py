"""Filter Datasette's table of posts by a search query and by a security."""

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime

from datasette.filters import FilterArguments
from datasette.utils.asgi import BadRequest

from archive.errors import InvalidQuery
from archive.search import (
    CONDITIONS,
    HAS_CHARACTER,
    Query,
    conditions_here,
    estimate,
    has_at_least,
    is_frequent,
    moment_of,
    usual_character,
)
from archive.translation import gettext

_SEARCH = "_search"
# Parameter for a security. Datasette's ``_through`` would give its SQL parameter a name that
# another filter uses.
_SECURITY = "_security"
# Parameter for the time of a search in the past.
_AS_OF = "_as_of"
_UNKNOWN_THEN = "known_until"
# Hits from which a list of all of them takes too long. The index is asked about each post of a page
# instead; Datasette gives up counting the rest, and an estimate is shown.
_TOO_MANY = 200_000
# Rows of a page.
_PAGE = 20
#: Parameter of an address → table or column of the index that it searches.
_SEARCHED = {
    _SEARCH: "posts_search",
    **{f"{_SEARCH}_{column}": column for column in ("title", "digest", "text")},
}


def read_filters(connection: sqlite3.Connection, arguments: Mapping[str, str]) -> FilterArguments:
    """Return the SQL conditions for the parameters of a table's address.

    Datasette's own filter is not used. It would take the rowid of a post for its id where one
    column is searched, find nothing for an empty search box, and let SQLite sort the whole texts
    of all hits.

    :raises BadRequest: when a parameter names a column that cannot be searched, or a query cannot
        be understood.
    """
    filters = FilterArguments([], {}, [], {"supports_search": True})
    for name, query in arguments.items():
        if not name.startswith(_SEARCH) or name == "_searchmode" or not query.strip():
            continue
        if name not in _SEARCHED:
            raise BadRequest(
                gettext("Only these can be searched: %(names)s.", names=", ".join(_SEARCHED))
            )
        parameter = name.lstrip("_")
        try:
            found = conditions_here(connection, query)
        except InvalidQuery as error:
            raise BadRequest(str(error)) from error
        if found.others and name != _SEARCH:
            raise BadRequest(gettext("%(name)s searches text alone.", name=name))
        if found.match:
            matching = f"FROM posts_search WHERE {_SEARCHED[name]} MATCH :{parameter}"
            filters.params[parameter] = found.match
            # With many hits, a scan of the posts in their order soon finds a page of them: the
            # unary plus keeps SQLite from using the index on id, which finds few hits faster.
            is_many = is_frequent(connection, matching, filters.params, _PAGE)
            condition = f"{'+' if is_many else ''}id IN (SELECT rowid {matching})"
            if name == _SEARCH and (usual := usual_character(connection, found.match)):
                is_many, condition = True, HAS_CHARACTER
                filters.params["character"] = usual
            elif is_many and has_at_least(connection, _TOO_MANY, matching, filters.params):
                condition = f"EXISTS (SELECT 1 {matching} AND posts_search.rowid = posts.id)"
            filters.where_clauses.append(condition)
            if is_many:
                filters.extra_context["estimate"] = estimate(connection, Query(q=query))
        filters.where_clauses += found.others
        filters.params |= found.values
        filters.human_descriptions.append(f'{parameter} matches "{query}"')
        filters.extra_context["search"] = arguments.get(_SEARCH, "")
    if code := arguments.get(_SECURITY):
        filters.where_clauses.append(CONDITIONS["security"])
        filters.params["security"] = code
        filters.human_descriptions.append(f'security is "{code}"')
    return filters


def read_past_filters(arguments: Mapping[str, str]) -> FilterArguments:
    """Return the SQL conditions for the parameters of the address of the view ``post_states``.

    With ``_as_of``, only the posts of then; with ``_search``, those that a query finds. Until when
    the archive was to know of a state was not known then, so that column must be left out.

    :raises BadRequest: when a parameter cannot be understood.
    """
    query = Query(
        q=arguments.get(_SEARCH, ""),
        security=arguments.get(_SECURITY, ""),
        as_of=arguments.get(_AS_OF, ""),
    )
    try:
        if query.as_of:
            if arguments.get("_nocol") != _UNKNOWN_THEN:
                raise BadRequest(
                    gettext(
                        "%(column)s was not known then; add _nocol=%(column)s to the address.",
                        column=_UNKNOWN_THEN,
                    )
                )
            moment_of(query.as_of, datetime.now(UTC))
        elif not query.every_version:
            return FilterArguments([])
        ids = f"SELECT id FROM {query.tables.posts} WHERE {query.condition}"  # noqa: S608
        return FilterArguments([f"id IN ({ids})"], dict(query.values), ["as of"])
    except InvalidQuery as error:
        raise BadRequest(str(error)) from error


def table_parameters(query: Query) -> dict[str, str]:
    """Return the parameters of Datasette's table page that shows the posts of a query."""
    dates = [date for date in (query.month, query.day) if date]
    until = [*(f"{date}~" for date in dates), *filter(None, [query.until])]
    parameters = {
        _SEARCH: query.q,
        "media": query.media,
        "category": query.category,
        "body_source": query.source,
        _SECURITY: query.security,
        _AS_OF: query.as_of,
        "_nocol": query.as_of and _UNKNOWN_THEN,
        "published__gte": max([query.since, *dates]),
        "published__lt": min(until, default=""),
    }
    return {name: value for name, value in parameters.items() if value}
