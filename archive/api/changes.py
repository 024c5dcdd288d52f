"""Answer with what the archive learnt, in that order."""

import json
from collections.abc import Iterator
from itertools import islice

from archive.api.articles import words_changed
from archive.api.models import ChangeEvent, ChangesPage, ChangesParameters
from archive.api.opened import OpenedArchive, until, validated
from archive.catalog import Cause, check_cursor
from archive.catalog.known_versions import OF_ARTICLE
from archive.storage import named_rows

_EVENTS = """
    SELECT cursor, at, info_code AS id, edition, version, event FROM events
    WHERE cursor > :after AND at <= :at
    AND (:events = '[]' OR event IN (SELECT value FROM json_each(:events)))
    AND (:security = '' OR info_code IN (
        SELECT info_code FROM mentions WHERE security = :security
        UNION SELECT info_code FROM revisions WHERE instr(securities, :security)
        UNION SELECT info_code FROM post_history WHERE id IN (
            SELECT state FROM mention_history WHERE security = :security
        )
    ))
    ORDER BY cursor
"""
_VERSION = f"""
    SELECT title, media, edits, securities FROM ({OF_ARTICLE})
    WHERE edition = :edition AND version = :version
"""  # noqa: S608 (our own columns)


def changes(opened: OpenedArchive, parameters: ChangesParameters) -> ChangesPage:
    """Return arrivals, edits, withdrawals and returns after a cursor.

    A reader that goes on after the last `next` gets each change exactly once.

    :raises NotArchived: when the archive has never had such a cursor.
    """
    check_cursor(opened.connection, parameters.after)
    found = list(islice(_events(opened, parameters), parameters.limit + 1))
    page = found[: parameters.limit]
    return ChangesPage(
        as_of=parameters.as_of,
        items=page,
        next=page[-1].cursor if page else parameters.after,
        more=len(found) > len(page),
    )


def _events(opened: OpenedArchive, parameters: ChangesParameters) -> Iterator[ChangeEvent]:
    chosen = {
        "after": parameters.after,
        "at": until(parameters.as_of),
        "security": parameters.security,
        "events": json.dumps([event for event in parameters.events.split(",") if event]),
    }
    for event in named_rows(opened.connection, _EVENTS, **chosen):
        key = {name: event[name] for name in ("id", "edition", "version")}
        for version in opened.rows(_VERSION, at=chosen["at"], **key):
            # A later version may name the security, too: the version of the event decides.
            if parameters.security and parameters.security not in json.loads(version["securities"]):
                continue
            is_edit = Cause(event["event"]).is_publishers
            yield validated(
                ChangeEvent,
                dict(event) | dict(version),
                edits=words_changed(version["edits"]) if is_edit else [],
            )
