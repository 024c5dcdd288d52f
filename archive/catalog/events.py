"""The events of an archive, in the order in which it learnt of them."""

import sqlite3
from collections.abc import Iterable

from archive.catalog.absences import Presence
from archive.catalog.rows import CatalogEntry
from archive.errors import NotArchived
from archive.tables import Database

PUBLISHERS = "event IN ('edited', 'corrected_in_list', 'gone', 'returned')"


def time_of_publisher(table: str, by: str = "") -> str:
    """Return SQL for when the archive learnt what a publisher last did with an article.

    A better copy of an article, or another parser, is nothing that its publisher did.

    :param table: of the query around it: ``posts`` or ``editions``.
    :param by: name of the SQL parameter of a time; what the archive learnt later does not count.
    """
    limit = f"AND at <= :{by}" if by else ""
    return f"""max({table}.first_seen, coalesce((
        SELECT max(at) FROM events
        WHERE events.info_code = {table}.info_code AND {PUBLISHERS} {limit}
    ), ''))"""  # noqa: S608 (names of our own tables)


def create_events(db: Database) -> None:
    """Create the table, and fill it with the versions and absences of the archive."""
    db.execute(
        """
        CREATE TABLE events (
            cursor INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            info_code TEXT NOT NULL REFERENCES posts(info_code),
            edition TEXT NOT NULL,
            version INTEGER NOT NULL,
            event TEXT NOT NULL
        )
        """
    )
    db.execute(
        "CREATE UNIQUE INDEX events_of_versions ON events (info_code, edition, version)"
        " WHERE event NOT IN ('gone', 'returned')"
    )
    db.execute(f"CREATE INDEX events_of_publishers ON events (info_code, at) WHERE {PUBLISHERS}")
    db.execute(
        """
        INSERT INTO events (at, info_code, edition, version, event)
        SELECT at, found.info_code, edition, found.version, event FROM (
            SELECT seen_from AS at, info_code, edition, version, cause AS event FROM versions
            UNION ALL
            SELECT gone_from, info_code, edition, (
                SELECT coalesce(max(version), 1) FROM versions
                WHERE versions.info_code = absences.info_code
                AND versions.edition = absences.edition AND seen_from <= gone_from
            ), 'gone' FROM absences
            UNION ALL
            SELECT gone_until, info_code, edition, (
                SELECT coalesce(max(version), 1) FROM versions
                WHERE versions.info_code = absences.info_code
                AND versions.edition = absences.edition AND seen_from <= gone_until
            ), 'returned' FROM absences WHERE gone_until IS NOT NULL
        ) AS found JOIN posts USING (info_code)
        ORDER BY at, posts.id, found.version, event <> 'returned'
        """
    )


def record_events(
    connection: sqlite3.Connection, entries: Iterable[tuple[CatalogEntry, str]]
) -> None:
    """Record what the archive learns from entries of its catalog, in their order.

    :param entries: each with the time at which the archive learnt it, ISO 8601, UTC.

    A journal may state an event twice, where a kill came before its row; the later record counts.
    """
    for entry, learnt in entries:
        post = entry.post
        if entry.revision is not None:  # known already, unless from its file alone
            old = entry.revision
            version = (old.seen_from, old.info_code, old.edition, old.version, old.cause)
            connection.execute(_ADD, version)
        if entry.is_new_version:
            version = (learnt, post.info_code, post.edition, post.version, post.cause)
            connection.execute(_ADD, version)
        if entry.presence is not None:
            key = [post.info_code, post.edition]
            opposite = [each for each in Presence if each != entry.presence]
            connection.execute(_FORGET_REPEATED, [*key, entry.presence, *key, *opposite])
            connection.execute(_ADD, (post.checked, *key, post.version, entry.presence))


def last_cursor(connection: sqlite3.Connection) -> int:
    """Return the cursor of the last event; 0 without any."""
    ((cursor,),) = connection.execute("SELECT coalesce(max(cursor), 0) FROM events")
    return int(cursor)


def check_cursor(connection: sqlite3.Connection, after: int) -> None:
    """Check that a reader who goes on after a cursor misses nothing.

    :raises NotArchived: when the archive has never had such a cursor.
    """
    if after > (last := last_cursor(connection)):
        raise NotArchived(
            f"The last change in the archive has the cursor {last}; there is none {after}."
            " Changes of another archive, or of a newer copy of this one, were read before:"
            " read all changes again, after 0."
        )


def forget_event(
    connection: sqlite3.Connection, info_code: str, edition: str, version: int
) -> None:
    """Delete the event of a version, which is recorded again."""
    connection.execute(
        "DELETE FROM events WHERE info_code = ? AND edition = ? AND version = ?"
        " AND event NOT IN ('gone', 'returned')",
        [info_code, edition, version],
    )


def close_gaps(connection: sqlite3.Connection) -> None:
    """Number the events without gaps; their order stays."""
    connection.execute(
        """
        UPDATE events SET cursor = -number FROM (
            SELECT cursor AS old, row_number() OVER (ORDER BY cursor) AS number FROM events
        ) WHERE cursor = old
        """
    )
    connection.execute("UPDATE events SET cursor = -cursor")


_ADD = """
    INSERT OR IGNORE INTO events (at, info_code, edition, version, event) VALUES (?, ?, ?, ?, ?)
"""
_FORGET_REPEATED = """
    DELETE FROM events WHERE info_code = ? AND edition = ? AND event = ? AND cursor > coalesce((
        SELECT max(cursor) FROM events WHERE info_code = ? AND edition = ? AND event = ?
    ), 0)
"""
