"""Write a WACZ of an archive: captures, a page for every post, and pictures."""

import sqlite3
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO

from archive.capture import Capture
from archive.export.output import json_line
from archive.export.wacz.copying import Copies, ReplayKey
from archive.export.wacz.index import Index, timestamp_of
from archive.export.wacz.package import Package
from archive.export.wacz.posts import WaczPost, captures_of, pictures_of, posts_of
from archive.progress import Progress, silent
from archive.search import EVERYTHING, Query, count
from archive.storage import bytes_if_there, disk_errors, named_rows, reading_catalog, sha256
from archive.warc import Damaged, warc_files

_HTML = "text/html; charset=utf-8"
_PAGES = {"format": "json-pages-1.0", "id": "pages", "title": "Pages", "hasText": True}


def export_wacz(
    folder: Path,
    out: IO[bytes],
    query: Query = EVERYTHING,
    progress: Progress = silent,
    *,
    title: str,
    now: datetime,
    damaged: Damaged,
) -> int:
    """Write captures and posts as a WACZ file.

    A post whose body was fetched as an HTML page is shown by that capture. Any other post is shown
    by a page that is rendered here, under the address ``urn:finews:nw…``. Without a query the file
    has all captures, those of lists too; with a query, the captures that its posts were read from.

    :param title: title of the collection.
    :param now: the time of writing, aware.
    :param damaged: receives the error of each capture that cannot be read and is left out.
    :returns: the number of posts.
    :raises ArchiveError: when the archive cannot be read.
    :raises OSError: when `out` cannot be written.
    """
    with (
        reading_catalog(folder) as catalog,
        Index() as index,
        Package(out, title=title, created=now) as package,
        Copies(package, index, partial(_first_capture, catalog), damaged) as copies,
    ):
        posts = count(catalog, query)
        if query == EVERYTHING:
            with disk_errors(folder):
                captures = warc_files(folder / "warc")
            for path in progress("captures", captures):
                copies.copy_file(path)
        else:
            for capture in captures_of(catalog, query):
                copies.copy(folder / "warc", capture)
        for picture in pictures_of(catalog, query):
            with disk_errors(folder):
                data = bytes_if_there(folder / picture.path)
            if data is not None and sha256(data) == picture.sha256:
                copies.add(picture.address, picture.type, data, picture.fetched)
        steps = progress("pages", range(posts))
        for _, post in zip(steps, posts_of(catalog, query), strict=False):
            if _capture_of(post, copies) is None:
                copies.add(post.address, _HTML, post.page(folder), post.seen_from)
        copies.end()
        with package.add("pages/pages.jsonl", compressed=True) as pages:
            pages.write(json_line(_PAGES))
            for post in posts_of(catalog, query):
                pages.write(json_line(_page(post, copies)))
        index.write(package)
    return posts


def _first_capture(catalog: sqlite3.Connection, digest: str) -> Capture | None:
    sql = "SELECT url, file, offset, fetched FROM payloads WHERE digest = ?"
    return next((Capture(**row) for row in named_rows(catalog, sql, digest)), None)


def _capture_of(post: WaczPost, copies: Copies) -> ReplayKey | None:
    """Return the replay key of the capture with a post's body, when that is an HTML page."""
    return None if post.is_of_a_list else next(map(copies.page_at, post.responses[:1]), None)


def _page(post: WaczPost, copies: Copies) -> dict[str, str]:
    shown = _capture_of(post, copies) or ReplayKey(post.address, timestamp_of(post.seen_from))
    return {
        "id": post.info_code,
        "url": shown.url,
        "ts": shown.date,
        "title": post.title,
        "text": post.text,
    }
