"""Export what an archive learnt, in that order: every arrival, edit, withdrawal and return.

A line is a JSON object: ``cursor``; ``at``, when the archive learnt it; ``id`` of the article, its
``edition`` and ``version``; ``event``, a cause of a version, ``gone`` or ``returned``; ``classes``
of the edits; and ``edits``, each with ``field`` (its class), ``before`` and ``after``.

A reader that goes on after the last cursor that it has read gets every event exactly once.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from archive.catalog import Cause, check_cursor, edits_from
from archive.edits import Edit
from archive.export.output import json_line
from archive.storage import named_rows, reading_catalog

_EVENTS = """
    SELECT cursor, at, info_code AS id, edition, version, event FROM events
    WHERE cursor > ? ORDER BY cursor
"""
_EDITS = "SELECT edits FROM versions WHERE info_code = ? AND edition = ? AND version = ?"


@dataclass(frozen=True, slots=True)
class ExportedChanges:
    """What an export wrote.

    :param last: cursor of the last event; the given one where there is none.
    """

    count: int
    last: int


def export_changes(folder: Path, out: IO[bytes], after: int = 0) -> ExportedChanges:
    """Write the events after a cursor as JSON Lines, in UTF-8.

    :param after: cursor of the last event that was read before; 0 for all events.
    :raises NotArchived: when the archive has never had such a cursor.
    :raises ArchiveError: when the archive cannot be read.
    :raises OSError: when `out` cannot be written.
    """
    exported = ExportedChanges(0, after)
    with reading_catalog(folder) as connection:
        check_cursor(connection, after)
        for event in _events(connection, after):
            out.write(json_line(event))
            exported = ExportedChanges(exported.count + 1, event["cursor"])
    return exported


def _events(connection: sqlite3.Connection, after: int) -> Iterator[dict[str, Any]]:
    for row in named_rows(connection, _EVENTS, after):
        edits: tuple[Edit, ...] = ()
        if Cause(row["event"]).is_publishers:
            found = connection.execute(_EDITS, [row["id"], row["edition"], row["version"]])
            edits = edits_from((found.fetchone() or ["[]"])[0])
        yield dict(row) | {
            "classes": list(dict.fromkeys(each.edit_class for each in edits)),
            "edits": [
                {"field": each.edit_class, "before": each.before, "after": each.after}
                for each in edits
            ],
        }
