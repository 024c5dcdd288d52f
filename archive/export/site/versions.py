"""Generate the pages of a published site about the versions of its articles."""

import sqlite3
from collections.abc import Iterator
from functools import partial
from html import escape
from itertools import groupby
from pathlib import PurePosixPath

from archive.article import Edition
from archive.catalog import Cause, edits_from
from archive.content import quoted
from archive.export.incremental_folder import Planned, planned
from archive.export.site.feeds import Published
from archive.export.site.posts import PublishedPost
from archive.export.site.securities import page, post_rows
from archive.export.site.urls import versions_page
from archive.storage import reading_catalog
from archive.translation import Language, language
from archive.words import word

_VERSIONS = """
    SELECT version, title, seen_from, cause, edits FROM versions
    WHERE info_code = ? AND edition = ? AND seen_from <= ? ORDER BY version DESC
"""


def version_files(published: Published) -> Iterator[tuple[PurePosixPath, Planned]]:
    """Generate a page for each article with several versions, and their numbers for the layout."""
    revised = [post for post in published.posts if post.version > 1]
    for post in revised:
        facts = published.inputs_digest("versions", post.facts)
        generate = partial(_versions_page, published, post)
        yield PurePosixPath(versions_page(post.name)), Planned(facts, generate)
    for month, its_posts in groupby(revised, lambda post: post.published[:7]):
        data = "".join(f"{quoted(post.name)}: {post.version}\n" for post in its_posts)
        yield PurePosixPath("_data", "versions", f"{month}.yml"), planned(data.encode())


def _versions_page(published: Published, post: PublishedPost) -> bytes:
    by = published.then.values.get("as_of", "~")
    key = [post.info_code, Edition.of_name(post.path), by]
    with reading_catalog(published.folder) as connection:
        rows = connection.execute(_VERSIONS, key).fetchall()
    with language(Language.CHINESE):
        versions = "".join(map(_version, rows))
    html = f'<ul class="posts">\n{post_rows(published, [post])}</ul>\n{versions}'
    return page(f"版本：{post.title}", html)


def _version(row: sqlite3.Row) -> str:
    number, title, seen_from, cause, edits = row
    changes = "".join(
        f"<li>{word(edit.edit_class)}：<del>{escape(edit.before)}</del>"
        f" <ins>{escape(edit.after)}</ins></li>\n"
        for edit in (edits_from(edits) if Cause(cause).is_publishers else ())
    )
    seen = escape(seen_from)
    return (
        f"<h2>第 {number} 版</h2>\n<p>{escape(title)}</p>\n"
        f'<p class="edition">{word(cause)}，存档于 <time datetime="{seen}">{seen}</time></p>\n'
        + (f'<ul class="edits">\n{changes}</ul>\n' if changes else "")
    )
