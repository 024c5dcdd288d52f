"""The main figures of an archive, for a terminal."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import click

from archive.catalog.crawl_status import is_running
from archive.catalog.future_dates import horizon
from archive.crawl_state import GIVEN_UP, CrawlState
from archive.errors import ArchiveError
from archive.sentences import translated
from archive.storage import Holder, holder_of, is_writable, reading_catalog
from archive.terminal import aligned, cut
from archive.translation import N_
from archive.translation import gettext as _

_CRAWLS = 5
_COUNTED = {
    "found": N_("found %(number)s"),
    "added": N_("added %(number)s"),
    "revised": N_("revised %(number)s"),
    "unchanged": N_("unchanged %(number)s"),
    "gone": N_("gone %(number)s"),
    "failed": N_("failed %(number)s"),
}
_COUNTS = """
    SELECT count(*) AS posts, min(published) AS first,
        count(DISTINCT media) AS media, sum(length) AS characters, sum(bytes) AS bytes,
        count(gone) AS gone,
        (SELECT count(*) FROM securities) AS securities,
        (SELECT count(*) FROM revisions) AS revisions,
        (
            SELECT count(DISTINCT info_code) FROM versions
            WHERE edits <> '[]' AND cause IN ('edited', 'corrected_in_list')
        ) AS edited,
        (SELECT count(DISTINCT address) FROM illustrations) AS pictures,
        (SELECT count(*) FROM pictures) AS stored
    FROM posts
"""

# A crawl without an end has no counts; the number of added posts is counted in ``posts``.
_LATEST = """
    SELECT id, started, ended, status, verdict, found, revised, unchanged, gone, failed,
        CASE WHEN ended IS NULL THEN (
            SELECT count(*) FROM posts WHERE first_seen >= started AND first_seen < coalesce(
                (SELECT min(started) FROM crawls AS later WHERE later.id > crawls.id), '~'
            )
        ) ELSE added END AS added
    FROM crawls ORDER BY id DESC LIMIT ?
"""


def describe(folder: Path, width: int | None, now: datetime) -> Iterator[str]:
    """Yield lines of text that describe an archive.

    :param width: of the terminal, in columns; None for a file or a program, which gets complete
        lines without styles.
    :param now: aware; decides which host blocks are in force.
    :raises ArchiveError: when the folder has no catalog.
    """
    with reading_catalog(folder) as connection:
        connection.row_factory = sqlite3.Row
        yield from _lines(_figures(connection, folder, now), width)
        crawls = connection.execute(_LATEST, [_CRAWLS]).fetchall()
        if crawls:
            yield ""
            yield from _lines([_crawl(row, holder_of(folder)) for row in crawls], width)
    if state := _crawl_state_if_readable(folder / "crawl-state.db", now):
        yield ""
        yield from _lines(state, width)


def _figures(connection: sqlite3.Connection, folder: Path, now: datetime) -> list[tuple[str, ...]]:
    counts = connection.execute(_COUNTS).fetchone()
    newest = connection.execute(
        "SELECT title, published FROM posts WHERE published <= ? ORDER BY published DESC LIMIT 1",
        [horizon(now)],
    ).fetchone()
    (future,) = connection.execute(
        "SELECT count(*) FROM posts WHERE published > ?", [horizon(now)]
    ).fetchone()
    catalog = (folder / "catalog.db").stat().st_size
    figures = [(_("archive"), str(folder)), (_("posts"), f"{counts['posts']:,}")]
    if newest:
        first, last = counts["first"][:10], newest["published"][:10]
        figures += [
            (_("published"), _("%(first)s to %(last)s", first=first, last=last)),
            (_("newest"), f"{newest['published'][:16].replace('T', ' ')} {newest['title']}"),
        ]
    if future:
        figures.append((_("future dates"), f"{future:,}"))
    return [
        *figures,
        (_("media"), f"{counts['media']:,}"),
        (_("securities"), f"{counts['securities']:,}"),
        (_("revisions"), f"{counts['revisions']:,}"),
        (_("edited"), f"{counts['edited']:,}"),
        (_("gone"), f"{counts['gone']:,}"),
        (
            _("pictures"),
            _(
                "%(named)s, %(stored)s stored",
                named=format(counts["pictures"], ","),
                stored=format(counts["stored"], ","),
            ),
        ),
        (_("text"), _("%(number)s characters", number=format(counts["characters"] or 0, ","))),
        (_("post files"), _size(counts["bytes"] or 0)),
        (_("catalog"), _size(catalog)),
    ]


def _crawl(row: sqlite3.Row, holder: Holder | None) -> tuple[str, ...]:
    counted = _COUNTED
    if row["ended"] is None:
        ended = _("running") if is_running(row, holder) else _("interrupted")
        counted = {"added": _COUNTED["added"]}
    else:
        ended = _("status %(status)s", status=row["status"])
    counts = _(", ").join(
        _(text, number=format(row[name] or 0, ",")) for name, text in counted.items()
    )
    crawl = _("crawl %(number)s", number=row["id"])
    return (crawl, row["started"], ended, counts, translated(row["verdict"] or ""))


def _crawl_state_if_readable(path: Path, now: datetime) -> list[tuple[str, ...]]:
    """Return the rows of the crawl state, or one row with the reason why it cannot be read.

    :raises ArchiveError: when the file is damaged, and this user may write it.
    """
    try:
        return list(_crawl_state(path, now))
    except ArchiveError as error:
        if is_writable(path):
            raise
        return [(_("crawl state"), translated(str(error)))]


def _crawl_state(path: Path, now: datetime) -> Iterator[tuple[str, ...]]:
    """Yield a row for each blocked host, and for each article that could not be archived."""
    with closing(CrawlState(path, read_only=True)) as state:
        for block in state.blocks(now):
            kind = _("banned") if block.refused else _("silent")
            until = _("until %(time)s UTC", time=format(block.until, "%Y-%m-%d %H:%M"))
            yield kind, block.host, until, translated(block.reason)
        for failed in state.failures():
            times = _("in %(times)s crawls", times=failed.times)
            if failed.times >= GIVEN_UP:
                times = _("given up")
            yield _("failed"), failed.info_code, times, translated(failed.reason)


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.1f} kB"


def _lines(rows: Sequence[tuple[str, ...]], width: int | None) -> Iterator[str]:
    """Yield rows as lines with aligned columns; labels are dim on a terminal."""
    for cells in aligned(rows):
        line = "  ".join(cells).rstrip()
        if width is None:
            yield line
        else:
            line = cut(line, width)
            label = line[: len(cells[0])]
            yield click.style(label, dim=True) + line[len(label) :]
