"""Store what readers mark: stars, read articles, notes and tags.

``reader.db`` in the archive's folder has them, and nothing of it is in the catalog. A signed cookie
identifies a reader, or the proxy before the site does, in a header.
"""

import hmac
import re
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from archive.clock import utc_iso, utc_now
from archive.storage import READER, connect, sqlite_errors

COOKIE = "reader"

#: Characters of a note, tags of an article, characters of a tag.
_MAX_NOTE, _MAX_TAGS, _MAX_TAG = 10_000, 10, 40

_TABLES = (
    "CREATE TABLE IF NOT EXISTS readers (secret TEXT NOT NULL)",
    """
    CREATE TABLE IF NOT EXISTS marks (
        reader TEXT NOT NULL, info_code TEXT NOT NULL, starred TEXT, read TEXT,
        note TEXT NOT NULL DEFAULT '', tags TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (reader, info_code)
    ) WITHOUT ROWID
    """,
)


@dataclass(frozen=True, slots=True)
class ReaderMark:
    """What a reader has marked of an article.

    :param starred: when the reader starred it, ISO 8601; None without a star.
    :param read: when the reader read it last; None when never.
    """

    info_code: str
    starred: str | None = None
    read: str | None = None
    note: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader with all marks, by article.

    :param name: identifies the reader in ``reader.db``.
    :param is_new: whether the browser has to be given the cookie.
    """

    name: str
    marks: Mapping[str, ReaderMark]
    is_new: bool = False

    def mark(self, info_code: str) -> ReaderMark:
        """Return the mark of an article."""
        return self.marks.get(info_code, ReaderMark(info_code))

    @property
    def starred(self) -> list[ReaderMark]:
        """The marks with a star, the last one first."""
        found = [mark for mark in self.marks.values() if mark.starred]
        return sorted(found, key=lambda mark: mark.starred or "", reverse=True)


class TooManyMarks(ValueError):
    """A reader, or all of them, have marked as much as the site stores."""


class Readers:
    """The readers of an archive.

    :param folder: the folder of the archive.
    :param login: name of the header in which the proxy names the reader; None for a cookie.
    :param max_readers: readers who may mark articles.
    :param max_marks: articles that a reader may mark.
    :raises ArchiveError: when ``reader.db`` cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        login: str | None = None,
        *,
        max_readers: int = 1_000,
        max_marks: int = 20_000,
    ) -> None:
        self._path = folder / READER
        self._max_readers, self._max_marks = max_readers, max_marks
        self._login = login.lower() if login else None
        with self._database() as database:
            for statement in _TABLES:
                database.execute(statement)
            row = database.execute("SELECT secret FROM readers").fetchone()
            self._secret = row[0] if row else secrets.token_hex(32)
            if not row:
                database.execute("INSERT INTO readers VALUES (?)", [self._secret])

    def cookie(self, name: str) -> str:
        """Return the value of the cookie that identifies a reader."""
        return f"{name}.{hmac.new(self._secret.encode(), name.encode(), sha256).hexdigest()}"

    def identify(self, headers: Mapping[str, str], cookies: Mapping[str, str]) -> Reader:
        """Return the reader who sends a request; a new one when it names none."""
        if self._login is not None:
            name = headers.get(self._login, "")
            return self._reader(f"login {name}") if name else Reader("", {})
        name = cookies.get(COOKIE, "").partition(".")[0]
        if name and hmac.compare_digest(self.cookie(name), cookies[COOKIE]):
            return self._reader(name)
        return Reader(secrets.token_urlsafe(12), {}, is_new=True)

    def star(self, reader: Reader, info_code: str, *, starred: bool) -> None:
        """Star an article, or take the star back."""
        self._set(
            reader, info_code, "starred", utc_iso(utc_now(), "milliseconds") if starred else None
        )

    def annotate(self, reader: Reader, info_code: str, note: str, tags: str) -> None:
        """Set the note and the tags of an article.

        :param tags: separated by white space or commas.
        """
        named = dict.fromkeys(tag[:_MAX_TAG] for tag in re.split(r"[\s,，]+", tags) if tag)
        self._set(reader, info_code, "note", note.strip()[:_MAX_NOTE])
        self._set(reader, info_code, "tags", " ".join(list(named)[:_MAX_TAGS]))

    def has_read(self, reader: Reader, info_code: str) -> None:
        """Record that a reader has opened an article."""
        self._set(reader, info_code, "read", utc_iso(utc_now(), "milliseconds"))

    def _set(self, reader: Reader, info_code: str, column: str, value: str | None) -> None:
        with self._database() as database:
            known = database.execute(
                "SELECT 1 FROM marks WHERE reader = ? AND info_code = ?", [reader.name, info_code]
            ).fetchone()
            if not known:
                self._require_room(database, reader.name)
            database.execute(
                f"INSERT INTO marks (reader, info_code, {column}) VALUES (?, ?, ?)"  # noqa: S608
                f" ON CONFLICT DO UPDATE SET {column} = excluded.{column}",
                [reader.name, info_code, value],
            )

    def _require_room(self, database: sqlite3.Connection, name: str) -> None:
        (marks,) = database.execute(
            "SELECT count(*) FROM marks WHERE reader = ?", [name]
        ).fetchone()
        (readers,) = database.execute("SELECT count(DISTINCT reader) FROM marks").fetchone()
        if marks >= self._max_marks or (not marks and readers >= self._max_readers):
            raise TooManyMarks

    def _reader(self, name: str) -> Reader:
        with self._database() as database:
            rows = database.execute(
                "SELECT info_code, starred, read, note, tags FROM marks WHERE reader = ?", [name]
            ).fetchall()
        marks = [
            ReaderMark(code, starred, read, note, tuple(tags.split()))
            for code, starred, read, note, tags in rows
        ]
        return Reader(name, {mark.info_code: mark for mark in marks})

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        with (
            sqlite_errors(f"Could not use {self._path}"),
            closing(connect(self._path)) as database,
            database,
        ):
            yield database
