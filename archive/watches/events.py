"""The events of an archive that a watch sends."""

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime

from archive.article import SHANGHAI
from archive.catalog import Cause, Presence, edits_from
from archive.search import Query, find, matching
from archive.storage import named_rows
from archive.translation import N_
from archive.translation import gettext as _
from archive.watches.ledger import Notice
from archive.watches.model import Event, Watch

_KINDS: Mapping[str, Event] = {
    Cause.FIRST_SEEN: Event.ARRIVAL,
    Cause.EDITED: Event.EDIT,
    Cause.CORRECTED_IN_LIST: Event.EDIT,
    Presence.GONE: Event.WITHDRAWAL,
    Presence.RETURNED: Event.RETURN,
}

_LINES = {
    Event.EDIT: N_("Edited: %(article)s"),
    Event.WITHDRAWAL: N_("Withdrawn: %(article)s"),
    Event.RETURN: N_("Published again: %(article)s"),
}

# Events that are read at a time, and the newest hits of which one has arrived last.
_BATCH, _NEWEST = 500, 20

_EVENTS = """
    SELECT cursor, events.info_code, events.edition, events.version, event, posts.title,
        posts.published, posts.media, posts.link, versions.edits
    FROM events JOIN posts USING (info_code)
    LEFT JOIN versions ON versions.info_code = events.info_code
        AND versions.edition = events.edition AND versions.version = events.version
    WHERE cursor > ? ORDER BY cursor LIMIT ?
"""


def notices_after(
    connection: sqlite3.Connection, watch: Watch, cursor: int
) -> Iterator[tuple[list[Notice], int]]:
    """Yield the notices of a watch about the events after a cursor, in batches.

    :returns: with each batch, the cursor of its last event.
    """
    while rows := named_rows(connection, _EVENTS, cursor, _BATCH).fetchall():
        found = [row for row in rows if _KINDS.get(row["event"]) in watch.events]
        asked = {row["info_code"] for row in found}
        chosen = matching(connection, watch.query, asked) if watch.query and asked else asked
        cursor = rows[-1]["cursor"]
        notices = (_notice(watch, row) for row in found if row["info_code"] in chosen)
        yield list(filter(None, notices)), cursor


def _notice(watch: Watch, row: sqlite3.Row) -> Notice | None:
    kind, edits = _KINDS[row["event"]], edits_from(row["edits"] or "[]")
    parts = (row["title"], row["media"], row["published"][:16].replace("T", " "), row["link"])
    article = "  ".join(part for part in parts if part)
    if kind is Event.ARRIVAL:  # once, though the article may have two editions
        return Notice(row["info_code"], article)
    line = _(_LINES[kind], article=article)
    if kind is not Event.EDIT:
        return Notice(f"{row['info_code']} {row['event']} {row['cursor']}", line)
    if watch.classes and not any(each.edit_class in watch.classes for each in edits):
        return None
    key = f"{row['info_code']} {row['edition']} {row['version']}"
    return Notice(key, " ".join([line, *(f"[{each.before} → {each.after}]" for each in edits)]))


def last_arrival(connection: sqlite3.Connection, q: str) -> datetime | None:
    """Return when the archive got the last of the newest articles that a query finds.

    :returns: aware; None where the query finds nothing.
    """
    numbers = [str(hit.id) for hit in find(connection, Query(q=q), limit=_NEWEST)]
    sql = f"SELECT max(first_seen) FROM posts WHERE id IN ({', '.join(numbers)})"  # noqa: S608
    ((seen,),) = connection.execute(sql)
    return datetime.fromisoformat(seen).astimezone(SHANGHAI) if seen else None
