"""Write starred articles as a folder of Markdown files, or as an EPUB book."""

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from uuid import NAMESPACE_URL, uuid5
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from archive.browse.readers import ReaderMark
from archive.content import quoted

#: The newest stars that are written.
MAX_ARTICLES = 500

_TEXT = "SELECT info_code, title, published, media, link, text FROM posts WHERE info_code = ?"
_UNSAFE = re.compile(r'[\x00-\x1f\\/:*?"<>|#^\[\]]+')
_CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>
"""
_PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><head>
<title>{title}</title></head><body>{body}</body></html>
"""
_PACKAGE = """<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">urn:uuid:{id}</dc:identifier>
<dc:title>{title}</dc:title><dc:language>zh-CN</dc:language>
<meta property="dcterms:modified">{modified}</meta></metadata>
<manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
{items}</manifest><spine>{spine}</spine></package>
"""


@dataclass(frozen=True, slots=True)
class Starred:
    """A starred article: its row, and what the reader has noted."""

    row: sqlite3.Row
    mark: ReaderMark

    @property
    def paragraphs(self) -> list[str]:
        """The lines of the text that are not empty."""
        return [line.strip() for line in self.row["text"].splitlines() if line.strip()]


def read_starred(connection: sqlite3.Connection, marks: Sequence[ReaderMark]) -> list[Starred]:
    """Return the starred articles that are still in the archive, in the order of the marks."""
    found = []
    for mark in marks[:MAX_ARTICLES]:
        row = connection.execute(_TEXT, [mark.info_code]).fetchone()
        if row is not None:
            found.append(Starred(row, mark))
    return found


def as_markdown(articles: Sequence[Starred]) -> bytes:
    """Return a ZIP file with a Markdown file for each article, as Obsidian reads them."""
    data = BytesIO()
    with ZipFile(data, "w", ZIP_DEFLATED) as file:
        for article in articles:
            row = article.row
            title = _UNSAFE.sub(" ", row["title"]).strip(" .")[:60]
            facts = {key: row[key] for key in ("title", "published", "media", "link") if row[key]}
            tags = "".join(f"\n  - {quoted(tag)}" for tag in article.mark.tags)
            head = "".join(f"{key}: {quoted(value)}\n" for key, value in facts.items())
            note = "".join(f"> {line}\n" for line in article.mark.note.splitlines())
            text = "\n\n".join(map(_as_plain, article.paragraphs))
            post = f"---\n{head}{f'tags:{tags}{chr(10)}' if tags else ''}---\n\n{note}\n{text}\n"
            name = f"{row['published'][:10]} {title} {row['info_code']}.md"
            file.writestr(_entry(name), post)
    return data.getvalue()


def as_epub(articles: Sequence[Starred], title: str, modified: str) -> bytes:
    """Return an EPUB 3 book with a chapter for each article.

    :param modified: time of the book, ISO 8601, UTC, in seconds.
    """
    data = BytesIO()
    identifier = uuid5(NAMESPACE_URL, " ".join(article.mark.info_code for article in articles))
    names = [f"chapter{number}" for number in range(1, len(articles) + 1)]
    with ZipFile(data, "w", ZIP_DEFLATED) as file:
        file.writestr(_entry("mimetype"), "application/epub+zip", ZIP_STORED)
        file.writestr(_entry("META-INF/container.xml"), _CONTAINER)
        for name, article in zip(names, articles, strict=True):
            file.writestr(_entry(f"{name}.xhtml"), _chapter(article))
        links = "".join(
            f'<li><a href="{name}.xhtml">{_xml(article.row["title"]) or name}</a></li>'
            for name, article in zip(names, articles, strict=True)
        )
        links = links or "<li><span/></li>"
        contents = f'<nav epub:type="toc"><h1>{_xml(title)}</h1><ol>{links}</ol></nav>'
        file.writestr(_entry("nav.xhtml"), _PAGE.format(title=_xml(title), body=contents))
        items = "".join(
            f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>\n'
            for name in names
        )
        spine = "".join(f'<itemref idref="{name}"/>' for name in names) or '<itemref idref="nav"/>'
        package = _PACKAGE.format(
            id=identifier, title=_xml(title), modified=modified, items=items, spine=spine
        )
        file.writestr(_entry("book.opf"), package)
    return data.getvalue()


def _chapter(article: Starred) -> str:
    row, mark = article.row, article.mark
    note = f"<blockquote><p>{_xml(mark.note)}</p></blockquote>" if mark.note else ""
    about = " · ".join(filter(None, (row["media"], row["published"][:16].replace("T", " "))))
    text = "".join(f"<p>{_xml(line)}</p>\n" for line in article.paragraphs)
    title = _xml(row["title"])
    return _PAGE.format(title=title, body=f"<h1>{title}</h1><p>{_xml(about)}</p>{note}\n{text}")


def _xml(text: str) -> str:
    """Escape a text, without the characters that XML cannot have."""
    return escape("".join(each for each in text if each >= " " and each not in "\ufffe\uffff"))


def _as_plain(line: str) -> str:
    """Escape what Markdown would read as markup."""
    return re.sub(r"([\\`*_\[\]<>]|^[#>+-]|^\d+(?=[.)]))", r"\\\1", line)


def _entry(name: str) -> ZipInfo:
    """Return the entry of a file, with a constant time: equal contents are equal files."""
    entry = ZipInfo(name)
    entry.compress_type = ZIP_DEFLATED
    return entry
