"""Compose the articles of a day as a book, a page or a mail."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from archive.export.epub import Chapter, epub, in_xhtml
from archive.search import Query, count, find
from archive.storage import named_rows
from archive.translation import Language, current_language, ngettext
from archive.translation import gettext as _

#: The newest articles of a day that are written.
MAX_ARTICLES = 500

_STYLE = Path(__file__).with_name("site") / "theme" / "assets" / "style.css"
_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body class="post">
<div class="wrapper">
<header><h1 class="name">{title}</h1><span>{articles}</span></header>
<main>
<section>
<ul class="posts">
{contents}</ul>
</section>
{chapters}</main>
</div>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Digest:
    """The articles of a day.

    :param about: what the articles have in common besides the day; may be empty.
    :param total: number of all articles; the newest of them are chapters.
    """

    day: str
    about: str
    chapters: Sequence[Chapter]
    total: int

    @property
    def title(self) -> str:
        """The title in the current language."""
        if self.about:
            return _("%(about)s: news of %(day)s", about=self.about, day=self.day)
        return _("News of %(day)s", day=self.day)

    def epub(self, modified: str) -> bytes:
        """Return an EPUB book.

        :param modified: time of the book, ISO 8601, UTC, in seconds.
        """
        return epub(self.chapters, self.title, modified)

    def html(self) -> str:
        """Return a page that needs no other file."""
        contents = "".join(
            f"<li><time>{chapter.published[11:16]}</time>"
            f'<a href="#{in_xhtml(chapter.name)}">{in_xhtml(chapter.title)}</a></li>\n'
            for chapter in self.chapters
        )
        chapters = "".join(
            f'<section id="{in_xhtml(chapter.name)}">\n{chapter.body}</section>\n'
            for chapter in self.chapters
        )
        return _PAGE.format(
            language="zh-CN" if current_language() is Language.CHINESE else "en",
            title=in_xhtml(self.title),
            style=_STYLE.read_text(encoding="utf-8"),
            articles=ngettext("%(num)s article", "%(num)s articles", self.total),
            contents=contents,
            chapters=chapters,
        )

    def mail(self) -> bytes:
        """Return a mail without sender and recipients, as text and as HTML."""
        message = EmailMessage(policy=SMTP)
        message["Subject"] = " ".join(self.title.split())
        lines = (
            "  ".join(filter(None, (chapter.title, chapter.source, chapter.link)))
            for chapter in self.chapters
        )
        message.set_content("\n".join(lines))
        message.add_alternative(self.html(), subtype="html")
        return bytes(message)


def read_digest(
    connection: sqlite3.Connection, query: Query, until: str, about: str = ""
) -> Digest | None:
    """Return the articles of a query on its day, the newest first; None when there are none.

    :param query: without a day, the last day on which an article was published.
    :param until: latest publication time; see `archive.catalog.future_dates`.
    """
    if not query.day:
        newest = find(connection, query.changed(until=until), limit=1)
        if not newest:
            return None
        query = query.changed(day=newest[0].published[:10])
    hits = find(connection, query, limit=MAX_ARTICLES)
    found = named_rows(
        connection,
        f"""
        SELECT id, info_code, title, published, media, link, text FROM {query.tables.rows}
        WHERE id IN (SELECT value FROM json_each(?))
        """,  # noqa: S608 (our own words)
        json.dumps([hit.id for hit in hits]),
    )
    rows = {row["id"]: Chapter.of_row(row) for row in found}
    chapters = [rows[hit.id] for hit in hits]
    return Digest(query.day, about, chapters, count(connection, query)) if chapters else None
