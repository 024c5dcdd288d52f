"""Write starred articles as a folder of Markdown files, or as an EPUB book."""

import re
import sqlite3
from collections.abc import Sequence
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from archive.browse.readers import ReaderMark
from archive.content import quoted
from archive.export.epub import Chapter, entry

#: The newest stars that are written.
MAX_ARTICLES = 500

_TEXT = "SELECT info_code, title, published, media, link, text FROM posts WHERE info_code = ?"
_UNSAFE = re.compile(r'[\x00-\x1f\\/:*?"<>|#^\[\]]+')


def read_starred(connection: sqlite3.Connection, marks: Sequence[ReaderMark]) -> list[Chapter]:
    """Return the starred articles that are still in the archive, in the order of the marks."""
    found = []
    for mark in marks[:MAX_ARTICLES]:
        row = connection.execute(_TEXT, [mark.info_code]).fetchone()
        if row is not None:
            found.append(Chapter.of_row(row, mark.note, mark.tags))
    return found


def as_markdown(chapters: Sequence[Chapter]) -> bytes:
    """Return a ZIP file with a Markdown file for each article, as Obsidian reads them."""
    data = BytesIO()
    with ZipFile(data, "w", ZIP_DEFLATED) as file:
        for chapter in chapters:
            title = _UNSAFE.sub(" ", chapter.title).strip(" .")[:60]
            facts = {
                name: value
                for name in ("title", "published", "media", "link")
                if (value := getattr(chapter, name))
            }
            tags = "".join(f"\n  - {quoted(tag)}" for tag in chapter.tags)
            head = "".join(f"{key}: {quoted(value)}\n" for key, value in facts.items())
            note = "".join(f"> {line}\n" for line in chapter.note.splitlines())
            text = "\n\n".join(map(_as_plain, chapter.paragraphs))
            post = f"---\n{head}{f'tags:{tags}{chr(10)}' if tags else ''}---\n\n{note}\n{text}\n"
            file.writestr(entry(f"{chapter.published[:10]} {title} {chapter.name}.md"), post)
    return data.getvalue()


def _as_plain(line: str) -> str:
    """Escape what Markdown would read as markup."""
    return re.sub(r"([\\`*_\[\]<>]|^[#>+-]|^\d+(?=[.)]))", r"\\\1", line)
