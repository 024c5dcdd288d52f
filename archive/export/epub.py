"""Write articles as an EPUB book, a chapter for each."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from typing import Self
from uuid import NAMESPACE_URL, uuid5
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from archive.html_limits import NOT_IN_XML
from archive.translation import gettext as _

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """An article as a chapter of a book.

    :param name: id of the article.
    :param published: ISO 8601, in Shanghai.
    :param link: address of the article at its publisher.
    :param note: what a reader has noted.
    :param tags: that a reader has given it.
    """

    name: str
    title: str
    published: str
    media: str | None
    link: str | None
    text: str
    note: str = ""
    tags: Sequence[str] = ()

    @classmethod
    def of_row(cls, row: sqlite3.Row, note: str = "", tags: Sequence[str] = ()) -> Self:
        """Return the chapter of a row of ``posts``."""
        facts = {name: row[name] for name in ("title", "published", "media", "link")}
        return cls(name=row["info_code"], text=row["text"] or "", note=note, tags=tags, **facts)

    @property
    def paragraphs(self) -> list[str]:
        """The lines of the text that are not empty."""
        return [line.strip() for line in self.text.splitlines() if line.strip()]

    @property
    def source(self) -> str:
        """Media and time, for readers."""
        published = self.published[:16].replace("T", " ")
        return " · ".join(filter(None, (self.media, published)))

    @property
    def body(self) -> str:
        """The chapter as elements of XHTML, which HTML allows, too."""
        note = f"<blockquote><p>{in_xhtml(self.note)}</p></blockquote>\n" if self.note else ""
        text = "".join(f"<p>{in_xhtml(line)}</p>\n" for line in self.paragraphs)
        link, original = self.link or "", _("Original")
        if link.startswith(("https://", "http://")):
            link = f'<p><a href="{in_xhtml(link)}">{original}</a></p>\n'
        else:
            link = ""
        about = f"<small>{in_xhtml(self.source)}</small>\n<h1>{in_xhtml(self.title)}</h1>\n"
        return f"{about}{note}{text}{link}"


def epub(chapters: Sequence[Chapter], title: str, modified: str) -> bytes:
    """Return an EPUB 3 book.

    :param modified: time of the book, ISO 8601, UTC, in seconds.
    """
    data = BytesIO()
    identifier = uuid5(NAMESPACE_URL, " ".join(chapter.name for chapter in chapters))
    names = [f"chapter{number}" for number in range(1, len(chapters) + 1)]
    shown = in_xhtml(title)
    with ZipFile(data, "w", ZIP_DEFLATED) as file:
        file.writestr(entry("mimetype"), "application/epub+zip", ZIP_STORED)
        file.writestr(entry("META-INF/container.xml"), _CONTAINER)
        for name, chapter in zip(names, chapters, strict=True):
            page = _PAGE.format(title=in_xhtml(chapter.title), body=chapter.body)
            file.writestr(entry(f"{name}.xhtml"), page)
        links = "".join(
            f'<li><a href="{name}.xhtml">{in_xhtml(chapter.title) or name}</a></li>'
            for name, chapter in zip(names, chapters, strict=True)
        )
        links = links or "<li><span/></li>"
        contents = f'<nav epub:type="toc"><h1>{shown}</h1><ol>{links}</ol></nav>'
        file.writestr(entry("nav.xhtml"), _PAGE.format(title=shown, body=contents))
        items = "".join(
            f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>\n'
            for name in names
        )
        spine = "".join(f'<itemref idref="{name}"/>' for name in names) or '<itemref idref="nav"/>'
        package = _PACKAGE.format(
            id=identifier, title=shown, modified=modified, items=items, spine=spine
        )
        file.writestr(entry("book.opf"), package)
    return data.getvalue()


def in_xhtml(text: str) -> str:
    """Escape a text, without the characters that XML does not allow."""
    return escape(NOT_IN_XML.sub("", text))


def entry(name: str) -> ZipInfo:
    """Return the entry of a file, with a constant time: equal contents are equal files."""
    info = ZipInfo(name)
    info.compress_type = ZIP_DEFLATED
    return info
