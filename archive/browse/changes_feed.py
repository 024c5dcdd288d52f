"""Generate an Atom feed of what an archive learnt: arrivals, edits, withdrawals and returns."""

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Self
from urllib.parse import quote, urlencode

from archive.article import Edition
from archive.browse.metadata import TITLE
from archive.browse.shown_edits import shown_edits
from archive.browse.template_filters import words
from archive.catalog import Cause, Presence
from archive.content import AtomEntry, AtomFeed
from archive.content.atom import atom
from archive.edits import Edit, EditClass
from archive.errors import InvalidQuery
from archive.translation import N_, gettext
from archive.words import word

#: Number of changes in a document.
_MAX_ENTRIES = 100

_ARRIVALS = (Cause.FIRST_SEEN, Cause.IMPORTED)
_SHOWN = (*_ARRIVALS, *(cause for cause in Cause if cause.is_publishers), *Presence)
_CLASSES = (*(each.value for each in EditClass if each.is_publishers), *Presence)
_LONGEST = 200
_CURSOR = re.compile(r"[0-9]{1,18}", re.ASCII)

_CONDITIONS = {
    "media": """EXISTS (
        SELECT 1 FROM posts WHERE posts.info_code = events.info_code AND media = :media
    )""",
    # An edit may have removed the security.
    "security": """(EXISTS (
        SELECT 1 FROM mentions WHERE mentions.info_code = events.info_code AND security = :security
    ) OR EXISTS (
        SELECT 1 FROM revisions, json_each(securities)
        WHERE revisions.info_code = events.info_code AND value = :security
    ))""",
    "class": """(event = :class OR EXISTS (
        SELECT 1 FROM versions, json_each(classes)
        WHERE versions.info_code = events.info_code AND versions.edition = events.edition
        AND versions.version = events.version AND value = :class
        AND event IN ('edited', 'corrected_in_list')
    ))""",
    "before": "cursor < CAST(:before AS INTEGER)",
}
_EVENTS = """
    SELECT cursor, at, info_code, edition, version, event FROM events
    WHERE event IN ({shown}) AND {conditions} ORDER BY cursor DESC LIMIT {limit}
"""
_VERSION = """
    SELECT title, media, digest, edits FROM versions
    WHERE info_code = ? AND edition = ? AND version = ?
"""
_EXIST = {
    "media": (
        "SELECT 1 FROM posts WHERE media = ?",
        N_("The archive has no news of the media %(value)s."),
    ),
    "security": (
        "SELECT 1 FROM securities WHERE code = ?",
        N_("No post names the security %(value)s."),
    ),
}


@dataclass(frozen=True, slots=True)
class ChangesQuery:
    """A selection of changes.

    :param values: by parameter of ``/changes.atom``, those that are not empty: ``media``, a name;
        ``security``, a code; ``class``, one of edits that readers see, ``gone`` or ``returned``;
        ``before``, the cursor of the oldest change of the document before.
    """

    values: Mapping[str, str]

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, str]) -> Self:
        """Read the parameters of a URL.

        :raises InvalidQuery: for a parameter or a value that means nothing; a sentence for readers.
        """
        given = {name: parameters[name].strip()[:_LONGEST] for name in parameters}
        given = {name: value for name, value in given.items() if value}
        for name, value in given.items():
            if name not in _CONDITIONS:
                raise InvalidQuery(
                    gettext(
                        "There is no parameter %(name)s; the parameters are %(known)s.",
                        name=name[:_LONGEST],
                        known=", ".join(_CONDITIONS),
                    )
                )
            if name == "class" and value not in _CLASSES:
                raise InvalidQuery(
                    gettext(
                        "There is no class of changes %(value)s; the classes are %(known)s.",
                        value=value,
                        known=", ".join(_CLASSES),
                    )
                )
            if name == "before" and not _CURSOR.fullmatch(value):
                raise InvalidQuery(
                    gettext("The parameter before is a number, and not %(value)s.", value=value)
                )
        return cls(given)

    def query_string(self, **more: str) -> str:
        """Return a URL's query string with its question mark; empty without parameters.

        :param more: further parameters.
        """
        values = {**self.values, **more}
        return f"?{urlencode(values)}" if values else ""

    @property
    def chosen(self) -> str:
        """The values for readers, as a part of a title."""
        return " · ".join(word(value) for name, value in self.values.items() if name != "before")


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A change in the feed, with what readers need of its version."""

    cursor: int
    at: str
    info_code: str
    edition: str
    version: int
    event: str
    title: str
    media: str | None
    digest: str | None
    edits: Sequence[Edit]

    @property
    def heading(self) -> str:
        """What happened, and to which article."""
        event = word(self.event)
        if self.edits:
            classes = dict.fromkeys(word(each.edit_class) for each in self.edits)
            named = gettext(", ").join(classes)
            event = gettext("%(event)s (%(classes)s)", event=event, classes=named)
        return f"{event}{gettext(': ')}{self.title}"


def read_changes(connection: sqlite3.Connection, query: ChangesQuery) -> list[ShownChange]:
    """Return the last changes of a query, in the reverse order of how the archive learnt of them.

    :raises InvalidQuery: when the archive has nothing of the media or the security.
    """
    values = query.values
    for name, (sql, sentence) in _EXIST.items():
        if name in values and not connection.execute(f"{sql} LIMIT 1", [values[name]]).fetchone():
            raise InvalidQuery(gettext(sentence, value=values[name]))
    conditions = [_CONDITIONS[name] for name in values]
    sql = _EVENTS.format(
        shown=", ".join(f"'{each}'" for each in _SHOWN),
        conditions=" AND ".join(conditions) or "true",
        limit=_MAX_ENTRIES,
    )
    return [_change(connection, dict(row)) for row in connection.execute(sql, values).fetchall()]


def _change(connection: sqlite3.Connection, event: Mapping[str, Any]) -> ShownChange:
    post = [event["info_code"], event["edition"], event["version"]]
    found = connection.execute(_VERSION, post).fetchone()
    title, media, digest, edits = found or (event["info_code"], None, None, "[]")
    if event["event"] in (*_ARRIVALS, *Presence):
        edits = "[]"
    shown = shown_edits(connection, edits)
    return ShownChange(**event, title=title, media=media, digest=digest, edits=shown)


def generate_changes_feed(
    changes: Sequence[ShownChange],
    query: ChangesQuery,
    absolute: Callable[[str], str],
) -> bytes:
    """Return the Atom feed of changes.

    :param absolute: returns the absolute address of a path of the site.
    """
    links = []
    if len(changes) == _MAX_ENTRIES:
        older = query.query_string(before=str(changes[-1].cursor))
        links = [("next", absolute(f"/changes.atom{older}"))]
    feed = AtomFeed(
        name=f"changes {sorted(query.values.items())}",
        title=" · ".join(filter(None, (gettext("Changes"), query.chosen, gettext(TITLE)))),
        address=absolute(f"/changes.atom{query.query_string()}"),
        page=absolute("/news"),
        links=links,
    )
    return atom(feed, (_entry(change, absolute) for change in changes))


def _entry(change: ShownChange, absolute: Callable[[str], str]) -> AtomEntry:
    page = f"/catalog/posts/{quote(change.info_code)}"
    if change.edits:
        edition = "&edition=rolling" if change.edition == Edition.ROLLING else ""
        page = f"{page}/changes?old={change.version - 1}&new={change.version}{edition}"
    post = f"{change.info_code} {change.edition} {change.version}"
    classes = dict.fromkeys((change.event, *(each.edit_class for each in change.edits)))
    words_of_edits = "".join(map(_words_of, change.edits))
    return AtomEntry(
        name=f"change {post} {change.event} {change.at}",
        title=change.heading,
        published=change.at,
        updated=change.at,
        page=absolute(page),
        author=change.media,
        categories=[(name, word(name)) for name in classes],
        html=words_of_edits or f"<p>{escape(change.digest or change.title)}</p>",
    )


def _words_of(edit: Edit) -> str:
    before, after = (escape(words(text, edit.edit_class)) for text in (edit.before, edit.after))
    removed = f"<del>{before}</del>" if before else ""
    added = f"<ins>{after}</ins>" if after else ""
    return (
        f"<p>{word(edit.edit_class)}{gettext(': ')}{' → '.join(filter(None, (removed, added)))}</p>"
    )
