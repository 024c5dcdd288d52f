"""Datasette's metadata for a catalog: names, descriptions, sort orders and canned queries."""

from typing import Any

from archive.translation import N_, gettext

TITLE = N_("Financial news archive")

_ON_THIS_DAY = """
SELECT substr(published, 1, 10) AS day, substr(published, 12, 5) AS time, media, title, info_code
FROM posts
WHERE substr(published, 6, 5) = coalesce(
    nullif(:month_day, ''), strftime('%m-%d', 'now', '+8 hours')
)
ORDER BY published DESC
LIMIT 500
"""

_PUBLIC_AT = """
WITH moment AS (
    SELECT strftime(
        '%Y-%m-%dT%H:%M:59Z',
        coalesce(nullif(trim(:minute), ''), datetime('now', '+8 hours')), '-8 hours'
    ) AS at
)
SELECT published, media, title, info_code, version, known_from
FROM post_states, moment
WHERE known_from <= at AND (known_until IS NULL OR known_until > at) AND gone IS NULL
ORDER BY published DESC
LIMIT 100
"""

_REVISED = """
SELECT seen_from AS revised, cause, classes, media, title, info_code, version, published
FROM versions
WHERE edits <> '[]' AND cause IN ('edited', 'corrected_in_list')
ORDER BY seen_from DESC
LIMIT 500
"""

_CHANGES = """
SELECT at, what, media, title, info_code, version
FROM changes JOIN posts USING (info_code)
WHERE what = :what OR :what = ''
ORDER BY at DESC, info_code
LIMIT 500
"""

_GONE = """
SELECT gone, media, title, info_code, published
FROM posts
WHERE gone IS NOT NULL
ORDER BY gone DESC
LIMIT 500
"""

_BUSIEST_HOURS = """
SELECT replace(substr(published, 1, 13), 'T', ' ') || ':00' AS hour, count(*) AS posts
FROM posts
WHERE published >= trim(:first_day)
    AND published < coalesce(nullif(trim(:last_day), ''), '9999') || '~'
GROUP BY hour
ORDER BY posts DESC, hour DESC
LIMIT 100
"""

_QUERIES = {
    "on_this_day": {
        "sql": _ON_THIS_DAY,
        "title": N_("On this day"),
        "description": N_(
            "The news of this day in all years. The day is written 12-29; today if empty."
        ),
        "params": ["month_day"],
    },
    "public_at": {
        "sql": _PUBLIC_AT,
        "title": N_("The archive at a minute"),
        "description": N_(
            "The news that was archived and not known to be withdrawn at that minute, with the"
            " titles of that time. The minute is written 2021-12-29 17:34, and is one of the crawl,"
            " not of the publication."
        ),
        "params": ["minute"],
    },
    "revised": {
        "sql": _REVISED,
        "title": N_("Edited news"),
        "description": N_(
            "The news that its publisher has changed since it was archived, the last change first."
            " A better copy, another parser and a change of the layout alone do not count."
        ),
    },
    "found_changed": {
        "sql": _CHANGES,
        "title": N_("Recent changes"),
        "description": N_(
            "What publishers have changed, withdrawn or published again, the last first; all kinds"
            " of changes if the field is empty."
        ),
        "params": ["what"],
    },
    "gone": {
        "sql": _GONE,
        "title": N_("Withdrawn news"),
        "description": N_("The news that its publisher has withdrawn and the archive still has."),
    },
    "busiest_hours": {
        "sql": _BUSIEST_HOURS,
        "title": N_("Busiest hours"),
        "description": N_(
            "The hundred hours with the most posts. Both days are written 2021-12-29, or empty."
        ),
        "params": ["first_day", "last_day"],
    },
}


def _about(title: str, description: str = "", **more: object) -> dict[str, Any]:
    return {"title": title, **({"description": description} if description else {}), **more}


_POSTS = {
    "title": N_("News"),
    "description": N_(
        "A row for each article. JSON and CSV have the time of publication in Shanghai's time,"
        " other times in UTC."
    ),
    "sort_desc": "published",
    "facets": ["media", "source", "body_source"],
    "sortable_columns": ["published", "length", "version"],
    "label_column": "title",
}

_TABLES: dict[str, dict[str, Any]] = {
    "posts": _POSTS,
    "posts_search": {"hidden": True},
    "_sqlite_migrations": {"hidden": True},
    "security_keys": _about(N_("Search keys of securities"), hidden=True),
    "categories": _about(N_("Categories"), N_("The media and their categories.")),
    "revisions": _about(
        N_("Superseded versions"), N_("The files that later versions have superseded.")
    ),
    "versions": _about(
        N_("Versions"),
        N_("A row for each version, the current one too: text, cause, edits, times."),
    ),
    "post_states": _about(
        N_("Articles at each time"),
        N_("What the archive knew of an article, and from when until when."),
    ),
    "post_history": _about(N_("States of articles"), hidden=True),
    "mention_history": _about(N_("Mentions of states"), hidden=True),
    "versions_search": {"hidden": True},
    "security_names": _about(
        N_("Names of securities"), N_("When the archive learnt which name of a security.")
    ),
    "absences": _about(
        N_("Absences"), N_("The times in which the source did not have an article.")
    ),
    "securities": _about(N_("Securities"), label_column="name"),
    "mentions": _about(N_("Mentions"), N_("Which post names which security.")),
    "illustrations": _about(N_("Illustrations"), N_("Which post has which picture.")),
    "pictures": _about(N_("Pictures"), N_("The stored pictures.")),
    "crawls": _about(N_("Crawls"), N_("A row for each crawl."), sort_desc="id"),
    "payloads": _about(N_("Responses"), N_("A response is stored once, however often it came.")),
    "changes": _about(
        N_("Changes"), N_("When a publisher changed, withdrew or restored an article.")
    ),
    "editions": _about(N_("Editions"), N_("The posts of articles that were published twice.")),
    "addresses": _about(N_("Addresses"), N_("Which address leads to which article.")),
    "events": _about(
        N_("Events"), N_("What happened to the articles, in the order in which it became known.")
    ),
    "post_files": _about(N_("Files of posts")),
    "posts_per_day": _about(N_("Posts a day")),
    "posts_per_media": _about(N_("Posts of each media")),
    "posts_per_security": _about(N_("Posts that name each security")),
}

#: Every site gets a copy, because Datasette changes the dictionary that it is given.
METADATA: dict[str, Any] = {
    "title": TITLE,
    "databases": {
        "catalog": {
            "title": N_("Catalog"),
            "description": N_("The catalog of the archive's files, an SQLite file."),
            "queries": _QUERIES,
            "tables": _TABLES,
        }
    },
}


def table_title(name: str) -> str:
    """Return the title of a table, in the reader's language."""
    about = _TABLES.get(name, {})
    return gettext(about["title"]) if "title" in about else name
