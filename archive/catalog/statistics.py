"""The main figures of an archive, for a terminal."""

import sqlite3
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import click

from archive.catalog.crawl_status import is_running
from archive.catalog.future_dates import horizon
from archive.crawl_state import GIVEN_UP, CrawlState
from archive.errors import ArchiveError
from archive.storage import Holder, holder_of, is_writable, open_catalog

_CRAWLS = 5
_COUNT_COLUMNS = ("found", "added", "revised", "unchanged", "gone", "failed")
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
    with closing(open_catalog(folder)) as connection:
        connection.row_factory = sqlite3.Row
        yield from _aligned(_figures(connection, folder, now), width)
        crawls = connection.execute(_LATEST, [_CRAWLS]).fetchall()
        if crawls:
            yield ""
            yield from _aligned([_crawl(row, holder_of(folder)) for row in crawls], width)
    if state := _crawl_state_if_readable(folder / "crawl-state.db", now):
        yield ""
        yield from _aligned(state, width)


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
    figures: list[tuple[str, ...]] = [("archive", str(folder)), ("posts", f"{counts['posts']:,}")]
    if newest:
        figures += [
            ("published", f"{counts['first'][:10]} to {newest['published'][:10]}"),
            ("newest", f"{newest['published'][:16].replace('T', ' ')} {newest['title']}"),
        ]
    if future:
        figures.append(("future dates", f"{future:,}"))
    return [
        *figures,
        ("media", f"{counts['media']:,}"),
        ("securities", f"{counts['securities']:,}"),
        ("revisions", f"{counts['revisions']:,}"),
        ("edited", f"{counts['edited']:,}"),
        ("gone", f"{counts['gone']:,}"),
        ("pictures", f"{counts['pictures']:,}, {counts['stored']:,} stored"),
        ("text", f"{counts['characters'] or 0:,} characters"),
        ("post files", _size(counts["bytes"] or 0)),
        ("catalog", _size(catalog)),
    ]


def _crawl(row: sqlite3.Row, holder: Holder | None) -> tuple[str, ...]:
    names: tuple[str, ...] = _COUNT_COLUMNS
    if row["ended"] is None:
        ended = "running" if is_running(row, holder) else "interrupted"
        names = ("added",)
    else:
        ended = f"status {row['status']}"
    counts = (f"{name} {row[name] or 0:,}" for name in names)
    return (f"crawl {row['id']}", row["started"], ended, ", ".join(counts), row["verdict"] or "")


def _crawl_state_if_readable(path: Path, now: datetime) -> list[tuple[str, ...]]:
    """Return the rows of the crawl state, or one row with the reason why it cannot be read.

    :raises ArchiveError: when the file is damaged, and this user may write it.
    """
    try:
        return list(_crawl_state(path, now))
    except ArchiveError as error:
        if is_writable(path):
            raise
        return [("crawl state", str(error))]


def _crawl_state(path: Path, now: datetime) -> Iterator[tuple[str, ...]]:
    """Yield a row for each blocked host, and for each article that could not be archived."""
    if not path.exists():
        return
    with closing(CrawlState(path, read_only=True)) as state:
        for block in state.blocks(now):
            kind = "banned" if block.refused else "silent"
            yield kind, block.host, f"until {block.until:%Y-%m-%d %H:%M} UTC", block.reason
        for failed in state.failures():
            times = "given up" if failed.times >= GIVEN_UP else f"in {failed.times} crawls"
            yield "failed", failed.info_code, times, failed.reason


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.1f} kB"


def _aligned(rows: Sequence[tuple[str, ...]], width: int | None) -> Iterator[str]:
    """Yield rows as lines with aligned columns; labels are dim on a terminal."""
    widths = [max(map(_columns, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padding = [room - _columns(cell) for cell, room in zip(row, widths, strict=True)]
        cells = [cell + " " * missing for cell, missing in zip(row, padding, strict=True)]
        line = "  ".join(cells).rstrip()
        if width is None:
            yield line
        else:
            line = _cut(line, width)
            label = line[: len(cells[0])]
            yield click.style(label, dim=True) + line[len(label) :]


def _columns(text: str) -> int:
    """Return the columns that a text takes on a terminal: two for a Chinese character."""
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Cf", "Mn"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _cut(text: str, width: int) -> str:
    if _columns(text) <= width:
        return text
    taken = 0
    for number, character in enumerate(text):
        taken += _columns_of(character)
        if taken > width - 1:
            return text[:number] + "…"
    return text
