"""Read the posts of a WACZ from the catalog, and render their pages."""

import json
import sqlite3
from collections.abc import Iterator
from html import escape
from pathlib import Path

from archive.article import BodySource
from archive.capture import Capture
from archive.catalog import PostRow, read_post
from archive.catalog.rows import POST_COLUMNS
from archive.content import render_body
from archive.search import Query
from archive.storage import Picture, named_rows
from archive.writing import target_of


class WaczPost(PostRow):
    """A row of ``posts``, and how a WACZ shows it."""

    __slots__ = ()

    @property
    def responses(self) -> list[Capture]:
        """The captures that the post was read from; that of the body first."""
        return [Capture(**capture) for capture in json.loads(self.captures)]

    @property
    def is_of_a_list(self) -> bool:
        """Whether the body is from a list, whose capture shows other articles, too."""
        source = BodySource(self.body_source) if self.body_source else None
        return source is not None and (source.stands_in or source is BodySource.LIST)

    @property
    def address(self) -> str:
        """The address of the page that `page` renders, in lower case, as pywb requires."""
        return target_of(self.info_code).lower()

    def page(self, folder: Path) -> bytes:
        """Render an HTML page with title, time, media, body and link of the post.

        :param folder: the folder of the archive; when the post's file is lost, the page has the
            text from the catalog.
        :raises ArchiveError: when the file cannot be read.
        """
        post = read_post(folder, self.path, self.version, self.sha256)
        if post is None:
            body = "".join(f"<p>{escape(line)}</p>" for line in self.text.splitlines())
        else:
            body = render_body(post.body, lambda _: "")
        facts = [self.published[:16].replace("T", " "), self.media or ""]
        on_the_web = self.link is not None and self.link.startswith(("http://", "https://"))
        source = f'<p><a href="{escape(self.link or "")}">原文</a></p>' if on_the_web else ""
        return f"""\
<!DOCTYPE html>
<html lang="zh">
<head><meta charset="utf-8"><title>{escape(self.title)}</title></head>
<body style="max-width: 40em; margin: auto; padding: 1em; line-height: 1.7">
<h1>{escape(self.title)}</h1>
<p>{escape(" ".join(filter(None, facts)))}</p>
<article>
{body}
</article>
{source}
</body>
</html>
""".encode()


def posts_of(catalog: sqlite3.Connection, query: Query) -> Iterator[WaczPost]:
    """Read the posts of a query, by publication time."""
    columns = ", ".join(POST_COLUMNS)
    sql = f"SELECT {columns} FROM posts WHERE {query.condition} ORDER BY published, info_code"  # noqa: S608
    return (WaczPost(**row) for row in named_rows(catalog, sql, **query.values))


def captures_of(catalog: sqlite3.Connection, query: Query) -> Iterator[Capture]:
    """Read the captures that the posts of a query were read from, by file and offset."""
    sql = f"""
        SELECT DISTINCT capture.value ->> 'url' AS url, capture.value ->> 'file' AS file,
            capture.value ->> 'offset' AS offset, capture.value ->> 'fetched' AS fetched
        FROM posts, json_each(posts.captures) AS capture WHERE {query.condition} ORDER BY 2, 3
    """  # noqa: S608
    return (Capture(**row) for row in named_rows(catalog, sql, **query.values))


def pictures_of(catalog: sqlite3.Connection, query: Query) -> Iterator[Picture]:
    """Read the stored pictures of the posts of a query."""
    sql = f"""
        SELECT address, sha256, type, bytes, fetched FROM pictures WHERE address IN (
            SELECT address FROM illustrations
            WHERE info_code IN (SELECT info_code FROM posts WHERE {query.condition})
        )
    """  # noqa: S608
    return (Picture(**row) for row in named_rows(catalog, sql, **query.values))
