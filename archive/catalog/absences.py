"""The times in which the source did not have an article that the archive has.

`archive.writing.versioning` decides when an article is gone, and when it has returned.
"""

import sqlite3
from collections.abc import Iterable
from enum import StrEnum

from archive.catalog.rows import CatalogEntry


class Presence(StrEnum):
    """What a check of the source found out about the presence of an article."""

    GONE = "gone"
    RETURNED = "returned"


def record_presence(connection: sqlite3.Connection, entries: Iterable[CatalogEntry]) -> None:
    """Begin and end absences. The time of each is the check's.

    A journal may state an event twice, where a kill came before its row; the later record counts.
    """
    for entry in entries:
        if entry.presence is not None:
            post = entry.post
            key = {"code": post.info_code, "edition": post.edition, "at": post.checked}
            if entry.presence == Presence.GONE:
                connection.execute(_REPEAT_START, key)
                connection.execute(_START, key)
            else:
                connection.execute(_END, key)


_THIS = "info_code = :code AND edition = :edition"
_REPEAT_START = f"DELETE FROM absences WHERE {_THIS} AND gone_until IS NULL"  # noqa: S608
_START = """
    INSERT OR REPLACE INTO absences (info_code, edition, gone_from) VALUES (:code, :edition, :at)
"""
_END = f"""
    UPDATE absences SET gone_until = :at WHERE {_THIS}
    AND gone_from = (SELECT max(gone_from) FROM absences WHERE {_THIS})
"""  # noqa: S608
