"""Which articles are archived, on the worker's own disk: no link costs a round trip.

A crawl that begins asks the writer for what has come since the last one on this machine, and then
looks codes up here. Exact, unlike a Bloom filter: an article that is taken for known by mistake
would never be fetched.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from archive.article import Edition, InfoCode
from archive.errors import ArchiveError
from archive.storage import Closing, plain, sqlite_errors

#: First time, code, path and category of a post.
Seen = tuple[str, str, str, str | None]

_USUAL_DIGITS = 18

#: Version of the tables; a file with another version is filled again.
_VERSION = 2

_SCHEMA = f"""
    DROP TABLE IF EXISTS slugs; DROP TABLE IF EXISTS known; DROP TABLE IF EXISTS state;
    CREATE TABLE slugs (id INTEGER PRIMARY KEY, slug TEXT UNIQUE);
    CREATE TABLE known (
        code INTEGER, edition TEXT, slug INTEGER, seen INTEGER, PRIMARY KEY (code, edition)
    ) WITHOUT ROWID;
    CREATE TABLE state (archive TEXT, first_seen TEXT);
    PRAGMA user_version = {_VERSION};
"""


class KnownArticles(Closing):
    """The codes of an archive, up to when it was last asked.

    Several crawls of one machine may have it open.

    :param path: of an SQLite file, which may be deleted; it then fills anew.
    :raises ArchiveError: here and from every method, when it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArchiveError(f"Could not use {path}: {error}.") from error
        with self._access(), ExitStack() as failing:
            self._db = sqlite3.connect(plain(path), timeout=60, check_same_thread=False)
            failing.callback(self._db.close)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version != _VERSION:
                self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT")
            failing.pop_all()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def up_to(self, archive: str) -> str:
        """When the newest article that is known here was first seen; empty when none is.

        :param archive: the archive's identity. What is known of another one is forgotten.
        """
        with self._access(), self._db:
            row = self._db.execute("SELECT archive, first_seen FROM state").fetchone()
            if row and row[0] == archive:
                return str(row[1])
            self._db.executescript("DELETE FROM known; DELETE FROM slugs; DELETE FROM state;")
            self._db.execute("INSERT INTO state VALUES (?, '')", [archive])
        return ""

    def learn(self, seen: Sequence[Seen]) -> None:
        """Take in what the archive has, in the order of its coming."""
        if not seen:
            return
        slugs = {slug for *_, slug in seen if slug is not None}
        with self._access(), self._db:
            self._db.executemany(
                "INSERT OR IGNORE INTO slugs (slug) VALUES (?)", ((slug,) for slug in slugs)
            )
            ids = dict(self._db.execute("SELECT slug, id FROM slugs"))
            self._db.executemany(
                "INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?)", _rows(seen, ids)
            )
            newest = seen[-1][0]
            self._db.execute("UPDATE state SET first_seen = max(first_seen, ?)", [newest])

    def has(self, info_code: InfoCode, edition: Edition | None = None) -> bool:
        """Return whether the archive has the article.

        :param edition: as this post; as any where it is None.
        """
        return self._one("SELECT 1 FROM known WHERE code = ?", info_code, edition) is not None

    def was_known(self, info_code: InfoCode, at: datetime) -> bool:
        """Whether the archive had the article by then."""
        row = self._one("SELECT min(seen) FROM known WHERE code = ? GROUP BY code", info_code)
        return row is not None and int(row[0]) <= _seconds(at)

    def slug_of(self, info_code: InfoCode, edition: Edition | None = None) -> str | None:
        """Return the category that the article is archived in.

        :param edition: as this post; the media's first where it is None.
        """
        sql = "SELECT slugs.slug FROM known JOIN slugs ON id = known.slug WHERE code = ?"
        row = self._one(sql, info_code, edition)
        return str(row[0]) if row else None

    def _one(
        self, sql: str, info_code: InfoCode, edition: Edition | None = None
    ) -> tuple[Any, ...] | None:
        wanted: list[object] = [_key(info_code.digits)]
        if edition is not None:
            sql, wanted = f"{sql} AND edition = ?", [*wanted, edition]
        with self._access(), closing(self._db.execute(sql, wanted)) as found:
            row: tuple[Any, ...] | None = found.fetchone()
        return row

    def _access(self) -> AbstractContextManager[None]:
        return sqlite_errors(
            f"Could not use {self._path}", "it may be deleted, and then fills anew"
        )


def _rows(seen: Iterable[Seen], ids: dict[str, int]) -> list[tuple[int, Edition, int, int]]:
    """In the order of the tree, whose pages are then filled to the brim; 0 is no category."""
    return sorted(
        (
            _key(code[2:]),
            Edition.of_name(path),
            0 if slug is None else ids[slug],
            _seconds(datetime.fromisoformat(time)),
        )
        for time, code, path, slug in seen
    )


def _seconds(time: datetime) -> int:
    return int(time.timestamp())


def _key(digits: str) -> int:
    """18 digits are a number, which begins with the day: what comes together lies together.

    Of other codes, which are rare, a hash of 63 bits: among 10⁸ codes one is taken for another
    with a probability of 10⁻¹¹.
    """
    if len(digits) == _USUAL_DIGITS:
        return int(digits)
    return -1 - (int.from_bytes(blake2b(digits.encode(), digest_size=8).digest()) >> 1)
