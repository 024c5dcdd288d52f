"""Take the past states of articles from the versions and absences that older releases stored."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from archive.catalog.editions import EditionRow, article_row, merged_securities, read_editions
from archive.catalog.history import PostState, forget_history, record_state
from archive.catalog.rows import POST_COLUMNS, PostRow
from archive.storage import named_rows

_LATEST = "~"  # after every time
_WITH_PAST = """
    SELECT info_code FROM posts WHERE info_code IN (
        SELECT info_code FROM revisions UNION SELECT info_code FROM absences
        UNION SELECT info_code FROM editions
    ) ORDER BY id
"""
_SAME = (
    *("title", "digest", "media", "category", "published", "precision", "text", "length", "cause"),
    *("body_source", "extractor", "edits", "captures", "sha256", "bytes", "version"),
)


def record_past_states(connection: sqlite3.Connection) -> None:
    """Record the states that the catalog shows of articles with versions, absences or two posts.

    What a superseded version does not state is empty in its states, not what is known now.
    """
    for (info_code,) in connection.execute(_WITH_PAST).fetchall():
        forget_history(connection, info_code)
        states = list(_states(connection, info_code))
        before = None
        for learnt, state in states:
            record_state(connection, before, state, learnt)
            before = state


@dataclass(frozen=True, slots=True)
class _Period:
    """A time in which an edition of an article was the same."""

    begin: str
    end: str
    edition: EditionRow

    def covers(self, time: str) -> bool:
        return self.begin <= time < self.end


def _states(connection: sqlite3.Connection, info_code: str) -> Iterator[tuple[str, PostState]]:
    """Yield what was known of an article, the earliest first, each with its beginning."""
    editions = [list(_periods(connection, edition)) for edition in _editions(connection, info_code)]
    times = sorted({period.begin for period in chain.from_iterable(editions)})
    for time in times:
        known = [each.edition for periods in editions for each in periods if each.covers(time)]
        if known:
            row = article_row([edition.post for edition in known])
            named = merged_securities([edition.securities for edition in known])
            yield time, PostState(row, named, known if len(known) > 1 else ())


def _editions(connection: sqlite3.Connection, info_code: str) -> Sequence[EditionRow]:
    if editions := read_editions(connection, info_code):
        return editions
    (post,) = named_rows(connection, "SELECT * FROM posts WHERE info_code = ?", info_code)
    sql = "SELECT security, found FROM mentions WHERE info_code = ? ORDER BY security"
    row = PostRow(**{name: post[name] for name in POST_COLUMNS})
    return [EditionRow(row, dict(connection.execute(sql, [info_code]).fetchall()))]


def _periods(connection: sqlite3.Connection, edition: EditionRow) -> Iterator[_Period]:
    """Yield the versions of an edition, cut where the source withdrew or returned it."""
    key = (edition.post.info_code, edition.post.edition)
    of_post = "WHERE info_code = ? AND edition = ?"
    past = named_rows(connection, f"SELECT * FROM revisions {of_post} ORDER BY version", *key)  # noqa: S608
    absences = connection.execute(
        f"SELECT gone_from, gone_until FROM absences {of_post}",  # noqa: S608
        key,
    ).fetchall()
    versions = [
        *(_Period(each["seen_from"], each["superseded"], _past(edition, each)) for each in past),
        _Period(edition.post.seen_from, _LATEST, edition),
    ]
    for version in versions:
        cuts = {time for absence in absences for time in absence if time and version.covers(time)}
        for begin, end in pairwise(sorted({version.begin, *cuts, version.end})):
            gone = next(
                (start for start, until in absences if start <= begin < (until or _LATEST)), None
            )
            gone = edition.post.gone if end == _LATEST else gone
            post = replace(version.edition.post, gone=gone)
            yield _Period(begin, end, replace(version.edition, post=post))


def _past(edition: EditionRow, revision: sqlite3.Row) -> EditionRow:
    """Return an edition as it was in a superseded version."""
    present = edition.post
    known = {name: revision[name] for name in _SAME} | {"text": revision["text"] or ""}
    row = replace(
        present,
        **known,
        tag=present.tag if revision["category"] == present.category else None,
        pictures="[]",
        body_provisional=False,
        addresses="[]",
        revised=revision["seen_from"] if revision["version"] > 1 else None,
        stock_list="[]",
        author=None,
        mentioned="[]",
        flags="[]",
        keywords="[]",
        modified=None,
    )
    return EditionRow(row, dict.fromkeys(json.loads(revision["securities"])))
