"""What is asked of the catalog."""

import json
import shlex
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from archive import pictures
from archive.article import BodySource, InfoCode
from archive.capture import Capture
from archive.categories import Category
from archive.databases import connect_read_only
from archive.entries import Look, PostRow
from archive.errors import ArchiveError
from archive.evidence import damage_of
from archive.search import Results, search
from archive.versions import is_place_of_version

_LOOKS = """
    SELECT info_code, title, digest, body_source, published,
        coalesce(revised, first_seen) AS stored, checked
    FROM posts
"""
_AS_IT_IS = partial(str, encoding="utf-8", errors="surrogateescape")


class Questions:
    """The half of the catalog that reads.

    :raises ArchiveError: from every method, when the file cannot be read.
    """

    _path: Path
    _reader: sqlite3.Connection

    def _failed(self, verb: str, error: sqlite3.Error) -> ArchiveError:
        told = f"Could not {verb} the catalog {self._path}: {error}"
        if isinstance(error, sqlite3.OperationalError):
            return ArchiveError(f"{told}.")
        folder = shlex.quote(str(self._path.parent))
        return ArchiveError(f"{told}; `finews rebuild {folder}` makes it again from the files.")

    def get(self, info_code: InfoCode) -> PostRow | None:
        """The row of a post; None when there is none."""
        row = self._one("SELECT * FROM posts WHERE info_code = ?", info_code)
        return _post_of(row) if row else None

    def posts(self) -> Iterator[PostRow]:
        """All posts, in the order in which they came."""
        try:
            found = self._reader.cursor()
            found.row_factory = sqlite3.Row
            for row in found.execute("SELECT * FROM posts ORDER BY id"):
                yield _post_of(row)
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    def has(self, info_code: InfoCode) -> bool:
        """Whether the post is there."""
        return self._one("SELECT 1 FROM posts WHERE info_code = ?", info_code) is not None

    def due(
        self,
        now: str,
        since: str,
        share: float,
        limit: int,
        hosts: Collection[str] | None = None,
    ) -> list[PostRow]:
        """Posts that the source should be looked at for again, the longest overdue first.

        Those that were looked at later than now, by a clock that was wrong, are due. A post that is
        dated ahead is as old as it is known.

        :param now: ISO 8601.
        :param since: posts published before this are left, but for those with a stand-in.
        :param share: of the post's age, which has to go by between two looks.
        :param hosts: only posts whose first address is at one of them.
        """
        sql = """
            SELECT *, julianday(?1) - julianday(checked) AS waited FROM (
                SELECT *,
                    julianday(?1) - min(julianday(published), julianday(first_seen)) AS age
                FROM posts WHERE published >= ?2 AND NOT body_provisional AND (
                    julianday(published) <= julianday(?1)
                    OR julianday(first_seen) >= julianday(?2)
                )
                UNION ALL
                SELECT *, julianday(?1) - julianday(min(first_seen, checked)) AS age
                FROM posts WHERE body_provisional
            )
            WHERE (age >= 0 AND waited >= age * ?3 OR checked > ?1) AND (?5 IS NULL OR EXISTS (
                SELECT 1 FROM json_each(?5)
                WHERE addresses ->> '$[0]' GLOB 'http*://' || value || '/*'
            )) ORDER BY waited / age DESC, id LIMIT ?4
        """
        of_hosts = None if hosts is None else json.dumps(list(hosts))
        try:
            found = self._reader.cursor()
            found.row_factory = sqlite3.Row
            wanted = (now, since, share, limit, of_hosts)
            return [_post_of(row) for row in found.execute(sql, wanted)]
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    def securities_of(self, info_code: str) -> list[str]:
        """The codes of the securities that a post names."""
        sql = "SELECT security FROM mentions WHERE info_code = ?"
        try:
            return [row[0] for row in self._reader.execute(sql, [info_code])]
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    def slug_of(self, info_code: InfoCode) -> str | None:
        """The category that a post is in; None when there is no such post."""
        row = self._one("SELECT category FROM posts WHERE info_code = ?", info_code)
        return row["category"] if row else None

    def look_at(self, info_code: InfoCode) -> Look | None:
        """Where a post's body came from and when that was looked for; None without the post."""
        row = self._one(_LOOKS + "WHERE info_code = ?", info_code)
        return _look_of(row)[1] if row else None

    def stand_ins(self, since: str) -> list[tuple[str, Look]]:
        """What is known of the posts with a stand-in for a body that came since a time.

        :param since: ISO 8601, UTC.
        """
        sql = _LOOKS + "WHERE first_seen >= ? AND body_source <> ?"
        try:
            found = self._reader.cursor()
            found.row_factory = sqlite3.Row
            rows = found.execute(sql, (since, BodySource.SHARE_API)).fetchall()
        except sqlite3.Error as error:
            raise self._failed("read", error) from error
        return [_look_of(row) for row in rows]

    def category_of(self, media: str) -> Category | None:
        """The category that a media was first seen with."""
        row = self._one("SELECT slug, tag FROM categories WHERE media = ?", media)
        return Category(slug=row["slug"], tag=row["tag"]) if row else None

    def categories(self) -> list[tuple[str, str, str]]:
        """Media, slug and tag of every category."""
        try:
            return self._reader.execute("SELECT media, slug, tag FROM categories").fetchall()
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    def seen_after(
        self, first_seen: str, info_code: str, limit: int
    ) -> list[tuple[str, str, str | None]]:
        """First time, code and category of posts, in the order of the first two."""
        sql = """
            SELECT first_seen, info_code, category FROM posts
            WHERE (first_seen, info_code) > (?, ?) ORDER BY first_seen, info_code LIMIT ?
        """
        try:
            return self._reader.execute(sql, (first_seen, info_code, limit)).fetchall()
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    def first_capture(self, digest: str) -> Capture | None:
        """The first capture of a payload, by its digest."""
        sql = "SELECT url, file, offset, fetched FROM payloads WHERE digest = ?"
        row = self._one(sql, digest)
        return Capture(**dict(row)) if row else None

    def search(self, query: str, **narrowed: Any) -> Results:
        """Full-text search; see `archive.search.search`."""
        try:
            return search(self._reader, query, **narrowed)
        except sqlite3.Error as error:
            raise self._failed("search", error) from error

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[sqlite3.Row]:
        """What is in a table, whatever it is; bytes that are no text come as surrogates."""
        sql = f"SELECT {', '.join(columns)} FROM {table}"  # noqa: S608 (our own names)
        try:
            with closing(connect_read_only(self._path)) as connection:
                connection.text_factory = _AS_IT_IS
                connection.row_factory = sqlite3.Row
                yield from connection.execute(sql)
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    def hashes(self, info_codes: Iterable[str]) -> dict[str, set[str]]:
        """The SHA-256 of every version of some posts, superseded ones too, by info code."""
        wanted = "info_code IN (SELECT value FROM json_each(:codes))"
        sql = f"""
            SELECT info_code, sha256 FROM posts WHERE {wanted}
            UNION ALL SELECT info_code, sha256 FROM revisions WHERE {wanted}
        """  # noqa: S608
        found: dict[str, set[str]] = {}
        try:
            for info_code, digest in self._reader.execute(
                sql, {"codes": json.dumps(list(info_codes))}
            ):
                found.setdefault(info_code, set()).add(digest)
        except sqlite3.Error as error:
            raise self._failed("read", error) from error
        return found

    def superseded(self, info_code: InfoCode) -> list[tuple[str, str]]:
        """Path and SHA-256 of the versions of a post that others have superseded."""
        sql = "SELECT path, sha256 FROM revisions WHERE info_code = ?"
        try:
            return self._reader.execute(sql, [info_code]).fetchall()
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    def damage(self) -> list[str]:
        """What SQLite itself finds wrong with the file; empty when all is well."""
        return damage_of(self._path)

    def first_seen_between(self, since: str, until: str) -> int:
        """How many posts were first seen in a time, ISO 8601, UTC."""
        sql = "SELECT count(*) AS posts FROM posts WHERE first_seen >= ? AND first_seen < ?"
        row = self._one(sql, since, until)
        return int(row["posts"]) if row else 0

    def crawled_between(self, since: str, until: str) -> bool:
        """Whether a crawl ended well in a time, ISO 8601, UTC."""
        sql = "SELECT 1 FROM crawls WHERE ended >= ? AND ended < ? AND status = 0 LIMIT 1"
        return self._one(sql, since, until) is not None

    def completed(self, spider: str, arguments: str, now: str) -> str | None:
        """When the last complete crawl of a spider with the same arguments ended.

        One that ended later than now, by a clock that was wrong, says nothing.
        """
        sql = """
            SELECT ended FROM crawls WHERE spider = ? AND arguments = ? AND complete AND ended <= ?
            ORDER BY id DESC LIMIT 1
        """
        row = self._one(sql, spider, arguments, now)
        return row["ended"] if row else None

    def first_seen(self, info_code: InfoCode) -> str | None:
        """When a post was first seen, ISO 8601, UTC; None when there is no such post."""
        row = self._one("SELECT first_seen FROM posts WHERE info_code = ?", info_code)
        return row["first_seen"] if row else None

    def usual_failures(self, crawls: int) -> float:
        """The share of articles that failed, of those that the last crawls asked for."""
        sql = """
            SELECT sum(failed) * 1.0 / nullif(sum(asked), 0) AS share FROM (
                SELECT * FROM crawls WHERE ended IS NOT NULL ORDER BY id DESC LIMIT ?
            )
        """
        row = self._one(sql, str(crawls))
        return float(row["share"] or 0) if row else 0.0

    def count(self) -> int:
        """How many posts there are."""
        row = self._one("SELECT count(*) AS posts FROM posts")
        return int(row["posts"]) if row else 0

    def _one(self, sql: str, *parameters: str) -> sqlite3.Row | None:
        try:
            found = self._reader.cursor()
            found.row_factory = sqlite3.Row
            row: sqlite3.Row | None = found.execute(sql, parameters).fetchone()
        except sqlite3.Error as error:
            raise self._failed("read", error) from error
        return row

    def missing_pictures(self, hosts: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Info code and address of the pictures at some hosts that are not kept, newest first."""
        try:
            yield from pictures.missing(self._reader, hosts)
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    def next_crawl(self) -> int:
        """The number of a new row of ``crawls``."""
        row = self._one("SELECT coalesce(max(id), 0) + 1 AS next FROM crawls")
        return int(row["next"]) if row else 1


def _look_of(row: sqlite3.Row) -> tuple[str, Look]:
    look = dict(row)
    return look.pop("info_code"), Look(**look)


def _post_of(row: sqlite3.Row) -> PostRow:
    if not is_place_of_version(row["path"]):
        raise ArchiveError(
            f"The catalog has {row['info_code']} where no post can be; "
            "`finews verify --repair` makes the row again from the files."
        )
    return PostRow(**{name: row[name] for name in _POST_COLUMNS})


_POST_COLUMNS = tuple(field.name for field in fields(PostRow))
