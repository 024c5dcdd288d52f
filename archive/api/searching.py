"""Answer with found articles, with a day, and with the media."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from itertools import chain

from archive.api.models import (
    ArticleSummary,
    CountedArticles,
    DayParameters,
    DaySummary,
    MediaPage,
    MediaParameters,
    SearchPage,
    SearchParameters,
)
from archive.api.opened import OpenedArchive, validated
from archive.article import Edition
from archive.catalog import horizon
from archive.clock import utc_iso
from archive.errors import NotArchived
from archive.search import (
    Hit,
    Query,
    count,
    count_in_time,
    find,
    find_relevant,
    names_meant,
    snippet,
)
from archive.search.query import plan

# Characters of an excerpt, and of the beginning of a text that is searched for hits.
_EXCERPT, _SEARCHED = 100, 100_000

# Media of a day.
_RANKED = 20


def search(opened: OpenedArchive, parameters: SearchParameters) -> SearchPage:
    """Return the articles that a query finds.

    Articles that their source dates more than a day ahead are found only with `until`.

    :raises InvalidQuery: when the query cannot be understood.
    """
    query = Query(
        q=parameters.q.strip(),
        media=parameters.media,
        security=parameters.security,
        since=parameters.since,
        until=parameters.until or horizon(parameters.as_of),
        as_of=as_of_text(parameters.as_of),
    )
    if parameters.sort != "time":
        newest_first = parameters.sort == "fresh"
        hits = find_relevant(
            opened.connection, query, limit=parameters.limit, newest_first=newest_first
        )
        items, following = _summaries(opened, query, hits), None
    else:
        items, following = _page(opened, query, parameters.after, parameters.limit)
    total, estimated = None, False
    if parameters.total:
        total, estimated = count_in_time(opened.connection, query)
    return SearchPage(
        as_of=parameters.as_of, total=total, estimated=estimated, items=items, next=following
    )


def day(opened: OpenedArchive, parameters: DayParameters) -> DaySummary:
    """Return the numbers of articles of a day by hour and media, and a page of its articles.

    :raises NotArchived: when no article of that day was archived.
    """
    query = Query(day=parameters.day, as_of=as_of_text(parameters.as_of))
    total = count(opened.connection, query)
    if not total:
        raise NotArchived(f"The archive has no article of {parameters.day}.")
    items, following = _page(opened, query, parameters.after, parameters.limit)
    by_media = counted_by(opened, query, "posts.media")
    return DaySummary(
        as_of=parameters.as_of,
        day=parameters.day,
        total=total,
        estimated=False,
        hours=counted_by(opened, query, "substr(posts.published, 12, 2)"),
        media=sorted(by_media, key=lambda each: (-each.articles, each.key))[:_RANKED],
        items=items,
        next=following,
    )


def media(opened: OpenedArchive, parameters: MediaParameters) -> MediaPage:
    """Return the media with their numbers of articles, by name."""
    query = Query(as_of=as_of_text(parameters.as_of))
    found = counted_by(opened, query, "posts.media", parameters.after, parameters.limit + 1)
    page = found[: parameters.limit]
    return MediaPage(
        as_of=parameters.as_of,
        items=page,
        next=page[-1].key if len(found) > len(page) else None,
    )


def as_of_text(as_of: datetime | None) -> str:
    """Return the time of a question as `Query` has it."""
    return utc_iso(as_of) if as_of else ""


def counted_by(
    opened: OpenedArchive, query: Query, key: str, after: str = "", limit: int = -1
) -> list[CountedArticles]:
    """Return the numbers of a query's articles by a key, in the order of the keys.

    :param key: SQL expression; articles for which it is NULL are not counted.
    :param after: only keys after this one.
    :param limit: most keys; -1 for all.
    """
    query_plan = plan(opened.connection, query)
    key = key.replace("posts.published", query_plan.published)
    sql = query_plan.select(f"{key} AS key, count(*) AS articles", f"{key} > :_after")
    found = opened.rows(
        f"{sql} GROUP BY key ORDER BY key LIMIT :_limit",
        **query_plan.values,
        _after=after,
        _limit=limit,
    )
    return [validated(CountedArticles, row) for row in found]


def _page(
    opened: OpenedArchive, query: Query, after: str, limit: int
) -> tuple[list[ArticleSummary], str | None]:
    """Return a page of found articles, and the `after` of the next one."""
    published, _, number = after.rpartition("~")
    position = Hit(published, int(number)) if number else None
    hits = find(opened.connection, query, after=position, limit=limit + 1)
    page = hits[:limit]
    following = f"{page[-1].published}~{page[-1].id}" if len(hits) > len(page) else None
    return _summaries(opened, query, page), following


def _summaries(opened: OpenedArchive, query: Query, hits: Sequence[Hit]) -> list[ArticleSummary]:
    found = opened.rows(
        f"""
        SELECT id AS number, info_code AS id, title, published, precision, media, source, path,
            version, first_seen, coalesce(revised, first_seen) AS seen_from, gone, sha256, digest,
            substr(text, 1, {_SEARCHED}) AS text
        FROM {query.tables.rows} WHERE number IN (SELECT value FROM json_each(:numbers))
        """,  # noqa: S608 (our own words)
        numbers=json.dumps([hit.id for hit in hits]),
    )
    names = list(chain.from_iterable(names_meant(opened.connection, query.q).values()))
    by_number = {
        row["number"]: validated(
            ArticleSummary,
            row,
            edition=Edition.of_name(row["path"]),
            excerpt=_excerpt(row, query.q, names),
        )
        for row in found
    }
    return [by_number[hit.id] for hit in hits if hit.id in by_number]


def _excerpt(row: sqlite3.Row, q: str, names: Sequence[str]) -> str:
    if q:
        pieces = snippet(row["text"] or "", q, _EXCERPT, names)
        return " ".join("".join(piece for piece, _ in pieces).split())
    return " ".join((row["digest"] or (row["text"] or "")[: 2 * _EXCERPT]).split())[:_EXCERPT]
